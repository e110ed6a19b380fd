import * as z from 'zod';
import {
  ContainerEnvironment,
  echoed,
  InstanceType,
  JobName,
  listing,
  ModelName,
  oneOf,
  S3ObjectUri,
  Tags,
  text,
} from '../validation/members.ts';
import { isCsv } from './data-processing.ts';
import { isPositional, parseJsonPath } from './json-path.ts';

const SPLITS_REFUSED = "The laptop's SageMaker splits by Line or not at all";

/** The service model's limit of a filter. */
const Filter = text(63).superRefine((path, context) => {
  try {
    parseJsonPath(path);
  } catch (error) {
    context.addIssue({ code: 'custom', input: path, message: (error as Error).message });
  }
});

/** MaxConcurrentTransforms × MaxPayloadInMB may not be more. */
const MAX_PAYLOADS_IN_MB = 100;

export const CreateTransformJobInput = z
  .strictObject({
    TransformJobName: JobName,
    ModelName,
    MaxConcurrentTransforms: z.int().min(0).optional(),
    MaxPayloadInMB: z.int().min(0).max(MAX_PAYLOADS_IN_MB).optional(),
    BatchStrategy: z.enum(['MultiRecord', 'SingleRecord']).optional(),
    Environment: ContainerEnvironment.refine((map) => Object.keys(map).length <= 16, {
      error: 'Member must have length less than or equal to 16',
    }).optional(),
    ModelClientConfig: z
      .strictObject({
        InvocationsTimeoutInSeconds: z.int().min(1).max(3600).optional(),
        InvocationsMaxRetries: z.int().min(0).max(3).optional(),
      })
      .optional(),
    TransformInput: z.strictObject({
      DataSource: z.strictObject({
        S3DataSource: z.strictObject({
          S3DataType: oneOf(['S3Prefix'], {
            ManifestFile: "The laptop's SageMaker reads S3Prefix inputs; ManifestFile is not supported",
          }),
          S3Uri: S3ObjectUri,
        }),
      }),
      ContentType: text(256).optional(),
      CompressionType: z.enum(['None', 'Gzip']).optional(),
      SplitType: oneOf(['None', 'Line'], { RecordIO: SPLITS_REFUSED, TFRecord: SPLITS_REFUSED }).optional(),
    }),
    TransformOutput: z.strictObject({
      S3OutputPath: S3ObjectUri,
      Accept: text(256).optional(),
      AssembleWith: z.enum(['None', 'Line']).optional(),
      KmsKeyId: text(2048).optional(),
    }),
    /** The outputs do not depend on the number of instances, so any is taken. */
    TransformResources: z.strictObject({
      InstanceType,
      InstanceCount: z.int().min(1),
      VolumeKmsKeyId: text(2048).optional(),
    }),
    DataProcessing: z
      .strictObject({
        InputFilter: Filter.optional(),
        OutputFilter: Filter.optional(),
        JoinSource: z.enum(['None', 'Input']).optional(),
      })
      .optional(),
    DataCaptureConfig: echoed.optional(),
    ExperimentConfig: echoed.optional(),
    Tags: Tags.optional(),
  })
  .superRefine((request, context) => {
    for (const { path, input, message } of contradictions(request)) {
      context.addIssue({ code: 'custom', path: path.split('.'), input, message });
    }
  });
export type CreateTransformJobInput = z.infer<typeof CreateTransformJobInput>;

export const TransformJobNameInput = z.strictObject({ TransformJobName: JobName });

export const ListTransformJobsInput = z.strictObject({
  ...listing(['Name', 'CreationTime', 'Status']),
  StatusEquals: z.enum(['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped']).optional(),
});

interface Contradiction {
  readonly path: string;
  readonly input: unknown;
  readonly message: string;
}

/** What the members forbid each other. */
const contradictions = (request: {
  MaxConcurrentTransforms?: number | undefined;
  MaxPayloadInMB?: number | undefined;
  TransformInput: { ContentType?: string | undefined; SplitType?: string | undefined };
  TransformOutput: { Accept?: string | undefined; AssembleWith?: string | undefined };
  DataProcessing?:
    | { InputFilter?: string | undefined; OutputFilter?: string | undefined; JoinSource?: string | undefined }
    | undefined;
}): Contradiction[] => {
  const { MaxConcurrentTransforms = 1, MaxPayloadInMB = 6, TransformInput, TransformOutput } = request;
  const { ContentType, SplitType = 'None' } = TransformInput;
  const { Accept, AssembleWith = 'None' } = TransformOutput;
  const { InputFilter = '$', OutputFilter = '$', JoinSource = 'None' } = request.DataProcessing ?? {};
  const processes = InputFilter !== '$' || OutputFilter !== '$' || JoinSource === 'Input';
  const found: (Contradiction | false)[] = [
    MaxConcurrentTransforms * MaxPayloadInMB > MAX_PAYLOADS_IN_MB && {
      path: 'MaxPayloadInMB',
      input: MaxPayloadInMB,
      message: `MaxConcurrentTransforms times MaxPayloadInMB must not exceed ${MAX_PAYLOADS_IN_MB}`,
    },
    MaxPayloadInMB === 0 &&
      (processes || SplitType !== 'None') && {
        path: 'MaxPayloadInMB',
        input: 0,
        message: 'Member must be greater than 0 with SplitType Line or DataProcessing',
      },
    JoinSource === 'Input' &&
      ContentType !== Accept && {
        path: 'TransformOutput.Accept',
        input: Accept,
        message: 'Member must equal ContentType when JoinSource is Input',
      },
    JoinSource === 'Input' &&
      SplitType !== AssembleWith && {
        path: 'TransformOutput.AssembleWith',
        input: AssembleWith,
        message: 'Member must equal SplitType when JoinSource is Input',
      },
    processes &&
      isCsv(ContentType) &&
      SplitType !== 'Line' && {
        path: 'TransformInput.SplitType',
        input: SplitType,
        message: 'Member must be Line to process text/csv',
      },
    ...Object.entries({ InputFilter, OutputFilter }).map(
      ([name, filter]) =>
        isCsv(ContentType) &&
        !isPositional(pathOrRoot(filter)) && {
          path: `DataProcessing.${name}`,
          input: filter,
          message: 'Member must use positions, such as $[1:], with text/csv',
        },
    ),
  ];
  return found.filter((contradiction) => contradiction !== false);
};

/** A path that is no path is reported by its own check. */
const pathOrRoot = (source: string) => {
  try {
    return parseJsonPath(source);
  } catch {
    return [];
  }
};
