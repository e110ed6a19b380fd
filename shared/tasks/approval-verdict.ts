import { z } from 'zod';
import { ModelRejectedError } from '#shared/errors.ts';
import type { ModelPackageDescription } from '#shared/sagemaker/model-package.ts';
import type { Verdict } from '#shared/tasks/verdict.ts';

/** What the state RequestApproval answers with. */
export const ApprovalResult = z.strictObject({ modelPackageArn: z.string().min(1) });
export type ApprovalResult = z.infer<typeof ApprovalResult>;

/** A version that nobody has decided about is waited for. */
export const approvalVerdict = (
  modelPackageArn: string,
  { ModelApprovalStatus, ApprovalDescription }: ModelPackageDescription,
): Verdict<ApprovalResult> => {
  if (ModelApprovalStatus === 'Approved') return { state: 'succeeded', result: { modelPackageArn } };
  if (ModelApprovalStatus !== 'Rejected') return { state: 'running' };
  const reason = ApprovalDescription || 'No reason was given.';
  return {
    state: 'failed',
    error: new ModelRejectedError(`The model package ${modelPackageArn} was rejected: ${reason}`),
  };
};
