import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const DeployEndpointInput = z.strictObject({
  runUri: RunUri,
  modelRecordUri: z.string().startsWith('s3://'),
  taskToken: z.string().min(1),
});
export type DeployEndpointInput = z.infer<typeof DeployEndpointInput>;

/** The state is answered by its task token, with EndpointResult. */
export const DeployEndpointOutput = z.undefined();
