import { z } from 'zod';
import { AwsError } from '#local/http/aws-json.ts';
import type { EventContent } from './event.ts';
import { isRecord, type JsonRecord } from './json.ts';

export const PutEventsInput = z.strictObject({
  Entries: z
    .array(
      z.strictObject({
        /** Epoch seconds. */
        Time: z.number().optional(),
        Source: z.string().optional(),
        Resources: z.array(z.string()).optional(),
        DetailType: z.string().optional(),
        Detail: z.string().optional(),
        EventBusName: z.string().optional(),
        TraceHeader: z.string().optional(),
      }),
    )
    .min(1)
    .max(10),
});
type Entry = z.output<typeof PutEventsInput>['Entries'][number];

/** An entry that the bus takes, or the reason why it doesn't, in the words of PutEvents' answer. */
export type CheckedEntry =
  | { readonly content: EventContent; readonly time: Date | undefined; readonly busName: string | undefined }
  | { readonly ErrorCode: string; readonly ErrorMessage: string };

/** All entries of one request together, in bytes: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
const MAX_REQUEST_BYTES = 262_144;

/** @throws AwsError when the request as a whole is too large. */
export const checkEntries = (entries: readonly Entry[]): readonly CheckedEntry[] => {
  const byteCount = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (byteCount > MAX_REQUEST_BYTES) {
    throw new AwsError(
      'ValidationException',
      `Total size of the entries in the request is over the limit: ${byteCount} of ${MAX_REQUEST_BYTES} bytes.`,
    );
  }
  return entries.map(checkEntry);
};

/** EventBridge's own sum: 14 bytes for a time, and the UTF-8 length of the texts. */
const sizeOf = ({ Time, Source = '', DetailType = '', Detail = '', Resources = [] }: Entry): number =>
  (Time === undefined ? 0 : 14) +
  [Source, DetailType, Detail, ...Resources].reduce((sum, text) => sum + Buffer.byteLength(text), 0);

const checkEntry = ({ Source, DetailType, Detail, Resources, Time, EventBusName }: Entry): CheckedEntry => {
  if (!Source) return missing('Source');
  if (!DetailType) return missing('DetailType');
  if (!Detail) return missing('Detail');
  if (Source === 'aws' || Source.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  const detail = parseDetail(Detail);
  if (!detail) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  return {
    content: { source: Source, 'detail-type': DetailType, detail, ...(Resources && { resources: Resources }) },
    time: Time === undefined ? undefined : new Date(Time * 1000),
    busName: EventBusName,
  };
};

const missing = (parameter: string): CheckedEntry => ({
  ErrorCode: 'InvalidArgument',
  ErrorMessage: `Parameter ${parameter} is not valid. Reason: ${parameter} is a required argument.`,
});

const parseDetail = (text: string): JsonRecord | undefined => {
  try {
    const detail: unknown = JSON.parse(text);
    return isRecord(detail) ? detail : undefined;
  } catch {
    return undefined;
  }
};
