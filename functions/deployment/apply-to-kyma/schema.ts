import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

export const ApplyToKymaInput = z.strictObject({
  runUri: RunUri,
  modelRecordUri: uriIn('models'),
  /** By digest, so that what was tested is what runs. */
  imageUri: z.string().regex(/^[^@]+@sha256:[0-9a-f]{64}$/, 'must be <registry>/<repository>@sha256:<digest>'),
});
export type ApplyToKymaInput = z.infer<typeof ApplyToKymaInput>;

export const ApplyToKymaOutput = z.strictObject({
  url: z.url(),
  namespace: z.string().min(1),
  name: z.string().min(1),
});
export type ApplyToKymaOutput = z.infer<typeof ApplyToKymaOutput>;
