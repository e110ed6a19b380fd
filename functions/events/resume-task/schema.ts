import { z } from 'zod';

/**
 * A state change of SageMaker, as EventBridge delivers it (more fields come with it and say nothing that is relied on):
 *
 *     { "source": "aws.sagemaker", "detail-type": "SageMaker Training Job State Change",
 *       "resources": ["arn:aws:sagemaker:eu-central-1:123456789012:training-job/flights-0123456789ab"],
 *       "detail": { "TrainingJobName": "flights-0123456789ab", "TrainingJobStatus": "Completed", … } }
 *
 * https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
 */
export const ResumeTaskInput = z.discriminatedUnion('detail-type', [
  stateChange('SageMaker Training Job State Change', 'TrainingJobName'),
  stateChange('SageMaker Transform Job State Change', 'TransformJobName'),
  stateChange('SageMaker Endpoint State Change', 'EndpointName'),
  stateChange('SageMaker Model Package State Change', 'ModelPackageArn'),
]);
export type ResumeTaskInput = z.infer<typeof ResumeTaskInput>;

export const ResumeTaskOutput = z.strictObject({
  answered: z.int().nonnegative(),
  dropped: z.int().nonnegative(),
  waiting: z.int().nonnegative(),
  orphaned: z.int().nonnegative(),
});
export type ResumeTaskOutput = z.infer<typeof ResumeTaskOutput>;

function stateChange<T extends string, N extends string>(detailType: T, nameField: N) {
  return z.looseObject({
    source: z.literal('aws.sagemaker'),
    'detail-type': z.literal(detailType),
    detail: z.looseObject({ [nameField]: z.string().min(1) } as Record<N, z.ZodString>),
  });
}
