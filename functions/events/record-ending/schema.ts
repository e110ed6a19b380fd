import { z } from 'zod';
import { RunUri } from '#shared/pipeline/run.ts';
import { Outcome } from '#shared/pipeline/run-record.ts';

/**
 * The end of an execution, as EventBridge delivers it (more fields come with it; Step Functions is asked for what counts):
 *
 *     { "source": "aws.states", "detail-type": "Step Functions Execution Status Change",
 *       "resources": ["arn:aws:states:eu-central-1:123456789012:execution:pipeline:flights-20261124-041500-3f9a"],
 *       "detail": { "executionArn": "arn:…", "stateMachineArn": "arn:…", "name": "…", "status": "ABORTED",
 *                   "startDate": 1795579200000, "stopDate": 1795579260000, "input": "{}", "redriveCount": 0, … } }
 *
 * https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
 */
export const RecordEndingInput = z.looseObject({
  source: z.literal('aws.states'),
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.looseObject({ executionArn: z.string().min(1) }),
});
export type RecordEndingInput = z.infer<typeof RecordEndingInput>;

export const RecordEndingOutput = z.strictObject({
  runUri: RunUri.nullable(),
  /** What was recorded and told by this call; null when that is done, or not for this execution to do. */
  outcome: Outcome.nullable(),
});
export type RecordEndingOutput = z.infer<typeof RecordEndingOutput>;
