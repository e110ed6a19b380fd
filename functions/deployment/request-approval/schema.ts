import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';

export const RequestApprovalInput = z.strictObject({
  runUri: RunUri,
  modelRecordUri: z.string().startsWith('s3://'),
  taskToken: z.string().min(1),
});
export type RequestApprovalInput = z.infer<typeof RequestApprovalInput>;

/** The state is answered by its task token, with ApprovalResult. */
export const RequestApprovalOutput = z.undefined();
