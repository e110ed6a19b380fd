import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

export const DeployEndpointInput = z.strictObject({
  runUri: RunUri,
  modelRecordUri: uriIn('models'),
  taskToken: z.string().min(1),
});
export type DeployEndpointInput = z.infer<typeof DeployEndpointInput>;

/** The state is answered by its task token, with EndpointResult. */
export const DeployEndpointOutput = z.undefined();
