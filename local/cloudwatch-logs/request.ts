import * as z from 'zod';
import { AwsError } from '#local/http/aws-json.ts';
import type { LogFiles } from './log-files.ts';

/** Checks a request; what it doesn't know is refused by name, all of it at once. */
export const parseRequest = <S extends z.ZodType>(schema: S, input: unknown): z.output<S> => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalidParameter(z.prettifyError(parsed.error));
};

export const invalidParameter = (message: string): AwsError => new AwsError('InvalidParameterException', message);

/** A group by its name or its ARN; the service takes either. */
export const GROUP_MEMBERS = {
  logGroupName: z.string().min(1).max(512).optional(),
  logGroupIdentifier: z.string().min(1).max(2048).optional(),
};

/** @throws ResourceNotFoundException when nothing was ever written to the group. */
export const existingGroup = (
  logs: LogFiles,
  {
    logGroupName,
    logGroupIdentifier,
  }: { readonly logGroupName?: string | undefined; readonly logGroupIdentifier?: string | undefined },
): string => {
  const group = logGroupName ?? logGroupIdentifier?.replace(/^arn:[^/]*:log-group:/, '').replace(/:\*$/, '');
  if (!group) throw invalidParameter('Either logGroupName or logGroupIdentifier is needed.');
  if (!logs.hasGroup(group)) throw notFound('group');
  return group;
};

/** @throws ResourceNotFoundException when nothing was ever written to the stream. */
export const existingStream = (logs: LogFiles, group: string, stream: string): string => {
  if (!logs.hasStream(group, stream)) throw notFound('stream');
  return stream;
};

const notFound = (kind: 'group' | 'stream'): AwsError =>
  new AwsError('ResourceNotFoundException', `The specified log ${kind} does not exist.`);

/** A time in epoch milliseconds. */
export const Timestamp = z.int().min(0);
