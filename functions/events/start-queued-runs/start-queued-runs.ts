import type { Executions } from '#shared/executions/executions.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { queuedRuns, writeTriggerRecord } from '#shared/triggers/trigger-record.ts';
import { runsGoing, startTriggered } from '#shared/triggers/triggered-run.ts';
import type { StartQueuedRunsInput, StartQueuedRunsOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly executions: Pick<Executions, 'start' | 'running'>;
}

interface Settings {
  readonly storeUri: string;
  readonly stateMachineArn: string;
}

/**
 * Starts the queued runs whose pipelines have come to rest, one of each. The run that has just told its end is over, also
 * while its execution is leaving its last states.
 */
export const startQueuedRuns = async (
  { detail }: StartQueuedRunsInput,
  { objectStore, executions }: Ports,
  { storeUri, stateMachineArn }: Settings,
): Promise<StartQueuedRunsOutput> => {
  const started: string[] = [];
  const waiting: string[] = [];
  const busy = new Set<string>();
  for (const { uri, record } of await queuedRuns(objectStore, storeUri)) {
    const { run, runId } = record;
    const going = await runsGoing(executions, stateMachineArn, run.pipeline, detail.executionArn ?? '');
    if (busy.has(run.pipeline) || going.length > 0) {
      waiting.push(runId);
      continue;
    }
    busy.add(run.pipeline);
    await startTriggered(executions, stateMachineArn, run);
    await writeTriggerRecord(objectStore, storeUri, {
      ...record,
      decision: 'started',
      decidedAt: new Date().toISOString(),
    });
    await objectStore.delete(uri);
    started.push(runId);
  }
  return { started, waiting };
};
