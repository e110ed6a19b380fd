import { config } from '#shared/config.ts';
import { eventBridgeBus } from '#shared/event-bus/eventbridge.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { recordEnding } from './record-ending.ts';
import { RecordEndingInput, RecordEndingOutput } from './schema.ts';

const ports = {
  objectStore: s3ObjectStore(),
  eventBus: eventBridgeBus(() => config().eventBusName),
  executions: stepFunctionsExecutions(),
};

export const handler = step({ input: RecordEndingInput, output: RecordEndingOutput }, (event) =>
  recordEnding(event, ports, config()),
);
