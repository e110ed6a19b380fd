import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

export const TransformDatasetInput = z.strictObject({
  runUri: RunUri,
  modelRecordUri: uriIn('models'),
  taskToken: z.string().min(1),
  /** The execution and its redrive. */
  attemptId: z.string().min(1),
});
export type TransformDatasetInput = z.infer<typeof TransformDatasetInput>;

/** The state is answered by its task token, with TransformJobResult. */
export const TransformDatasetOutput = z.undefined();
