import { config } from '#shared/config.ts';
import { eventBridgeBus } from '#shared/event-bus/eventbridge.ts';
import { stepFunctionsMapRuns } from '#shared/executions/step-functions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { announceRun } from './announce-run.ts';
import { dimensions } from './dimensions.ts';
import { AnnounceRunInput, AnnounceRunOutput } from './schema.ts';

const ports = {
  objectStore: s3ObjectStore(),
  eventBus: eventBridgeBus(() => config().eventBusName),
  mapRuns: stepFunctionsMapRuns(),
};

const counts = ({ outcome }: AnnounceRunOutput) => ({ RunsSucceeded: outcome === 'succeeded' ? 1 : 0 });

export const handler = step({ input: AnnounceRunInput, output: AnnounceRunOutput, counts, dimensions }, (input) =>
  announceRun(input, ports),
);
