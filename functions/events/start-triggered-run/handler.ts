import { config, pipelineStateMachineArn } from '#shared/config.ts';
import { eventBridgeBus } from '#shared/event-bus/eventbridge.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { StartTriggeredRunInput, StartTriggeredRunOutput } from './schema.ts';
import { startTriggeredRun } from './start-triggered-run.ts';

const ports = {
  objectStore: s3ObjectStore(),
  executions: stepFunctionsExecutions(),
  eventBus: eventBridgeBus(() => config().eventBusName),
};

export const handler = step({ input: StartTriggeredRunInput, output: StartTriggeredRunOutput }, (input) =>
  startTriggeredRun(input, ports, { storeUri: config().storeUri, stateMachineArn: pipelineStateMachineArn() }),
);
