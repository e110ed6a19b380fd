import { config, pipelineStateMachineArn } from '#shared/config.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { StartQueuedRunsInput, StartQueuedRunsOutput } from './schema.ts';
import { startQueuedRuns } from './start-queued-runs.ts';

const ports = { objectStore: s3ObjectStore(), executions: stepFunctionsExecutions() };

export const handler = step({ input: StartQueuedRunsInput, output: StartQueuedRunsOutput }, (input) =>
  startQueuedRuns(input, ports, { storeUri: config().storeUri, stateMachineArn: pipelineStateMachineArn() }),
);
