import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

export const RequestApprovalInput = z.strictObject({
  runUri: RunUri,
  modelRecordUri: uriIn('models'),
  taskToken: z.string().min(1),
});
export type RequestApprovalInput = z.infer<typeof RequestApprovalInput>;

/** The state is answered by its task token, with ApprovalResult. */
export const RequestApprovalOutput = z.undefined();
