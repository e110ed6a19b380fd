import type { z } from 'zod';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { type Run, runRecordUri } from '#shared/pipeline/run.ts';

export const RUN_URI = 's3://store/runs/orders/run-1/';

/** Puts the record of a run into the store, as ResolveRun would, and answers the run's URI. */
export const givenRun = async (
  objectStore: ObjectStore,
  definition: Partial<z.input<typeof PipelineDefinition>> = {},
): Promise<string> => {
  const run: Run = {
    runId: 'run-1',
    pipeline: 'orders',
    mode: 'full',
    runUri: RUN_URI,
    executionArn: 'arn:aws:states:eu-central-1:123456789012:execution:pipeline:run-1',
    startedAt: '2026-01-02T03:04:05.000Z',
    input: {},
    definition: PipelineDefinition.parse({
      name: 'orders',
      source: { view: 'ORDERS', key: ['ID'], target: 'LATE' },
      ...definition,
    }),
    codeSha256: 'a'.repeat(64),
  };
  await objectStore.put(runRecordUri(RUN_URI), JSON.stringify(run));
  return RUN_URI;
};
