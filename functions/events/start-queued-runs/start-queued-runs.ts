import { type ExecutionDescription, type Executions, executionArnOf } from '#shared/executions/executions.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { takeSlot } from '#shared/triggers/slot.ts';
import { type QueuedRun, queuedRuns, writeTriggerRecord } from '#shared/triggers/trigger-record.ts';
import { runsOf, startTriggered } from '#shared/triggers/triggered-run.ts';
import type { StartQueuedRunsInput, StartQueuedRunsOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly executions: Pick<Executions, 'start' | 'describe' | 'running'>;
}

interface Settings {
  readonly storeUri: string;
  readonly stateMachineArn: string;
}

/**
 * Starts the queued runs whose pipelines have nothing else going, one of each. The run that has just told its end is over,
 * also while its execution is leaving its last states. One that can't be started doesn't keep it from the rest.
 *
 * @throws AggregateError after the last queued run, when some couldn't be started.
 */
export const startQueuedRuns = async (
  { detail }: StartQueuedRunsInput,
  ports: Ports,
  settings: Settings,
): Promise<StartQueuedRunsOutput> => {
  const queued = await queuedRuns(ports.objectStore, settings.storeUri);
  if (queued.length === 0) return { started: [], waiting: [] };
  const running = await ports.executions.running(settings.stateMachineArn);
  const started: string[] = [];
  const waiting: string[] = [];
  const failed: { readonly runId: string; readonly error: Error }[] = [];
  for (const each of queued) {
    const { runId } = each.record;
    try {
      (await start(each, running, detail.executionArn, { ports, settings }))
        ? started.push(runId)
        : waiting.push(runId);
    } catch (error) {
      failed.push({ runId, error: error as Error });
    }
  }
  if (failed.length === 0) return { started, waiting };
  throw new AggregateError(
    failed.map(({ error }) => error),
    `${failed.length} of ${queued.length} queued runs couldn't be started: ${failed.map(({ runId, error }) => `${runId}: ${error.message}`).join('; ')}`,
  );
};

/** The slot keeps the second of two queued runs of a pipeline waiting, and what a schedule starts at this moment apart. */
const start = async (
  { uri, record }: QueuedRun,
  running: readonly ExecutionDescription[],
  endedArn: string | undefined,
  { ports, settings }: { readonly ports: Ports; readonly settings: Settings },
): Promise<boolean> => {
  const { objectStore, executions } = ports;
  const { storeUri, stateMachineArn } = settings;
  const { run, runId } = record;
  // An earlier try may have started this very run.
  const ours = executionArnOf(stateMachineArn, runId);
  if (runsOf(running, run.pipeline, [endedArn, ours]).length > 0) return false;
  if (await takeSlot({ ...ports, ...settings, endedArn }, run.pipeline, runId)) return false;
  await startTriggered(executions, stateMachineArn, run);
  const decidedAt = new Date().toISOString();
  await writeTriggerRecord(objectStore, storeUri, { ...record, decision: 'started', decidedAt });
  await objectStore.delete(uri);
  return true;
};
