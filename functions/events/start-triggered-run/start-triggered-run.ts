import { ObjectChangedError } from '#shared/errors.ts';
import type { EventBus } from '#shared/event-bus/event-bus.ts';
import { type Executions, executionArnOf } from '#shared/executions/executions.ts';
import { runIdOfExecution } from '#shared/executions/resumptions.ts';
import { logger } from '#shared/logger.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { takeSlot } from '#shared/triggers/slot.ts';
import { enqueue, readTriggerRecord, type TriggerRecord, writeTriggerRecord } from '#shared/triggers/trigger-record.ts';
import { runsGoing, startTriggered, triggeredRunName } from '#shared/triggers/triggered-run.ts';
import type { StartTriggeredRunInput, StartTriggeredRunOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly executions: Pick<Executions, 'start' | 'describe' | 'running' | 'stop'>;
  readonly eventBus: EventBus;
}

interface Settings {
  readonly storeUri: string;
  readonly stateMachineArn: string;
}

/**
 * Starts the run that a schedule or an event asks for, or does what its overlap policy says while another run of the
 * pipeline is going. Asked twice for the same occurrence, it answers what was decided the first time. Of many that ask for
 * runs of one pipeline at the same moment, one starts its run.
 */
export const startTriggeredRun = async (
  run: StartTriggeredRunInput,
  ports: Ports,
  settings: Settings,
): Promise<StartTriggeredRunOutput> => {
  const { objectStore } = ports;
  const runId = triggeredRunName(run);
  const earlier = await readTriggerRecord(objectStore, settings.storeUri, run);
  if (earlier) {
    logger.info('Asked for before', { runId, decision: earlier.decision });
    return earlier;
  }
  const record = await decide(run, ports, settings);
  await writeTriggerRecord(objectStore, settings.storeUri, record);
  logger.info('Decided', { runId, decision: record.decision, going: record.going });
  return record;
};

const decide = async (run: StartTriggeredRunInput, ports: Ports, settings: Settings): Promise<TriggerRecord> => {
  const { stateMachineArn } = settings;
  const runId = triggeredRunName(run);
  const ours = executionArnOf(stateMachineArn, runId);
  const going = await runsGoing(ports.executions, stateMachineArn, run.pipeline, ours);
  const goingIds = going.map(runIdOfExecution);
  if (run.overlap === 'cancel') {
    for (const { executionArn } of going) await stopFor(runId, executionArn, ports);
    const replaced = await seizeSlot(run, runId, ports, settings);
    await startTriggered(ports.executions, stateMachineArn, run);
    return recordOf(run, 'started', [...goingIds, ...replaced]);
  }
  // Runs that a person starts take no slot, so that they are looked for first.
  if (going.length > 0) return queueOrSkip(run, goingIds, ports, settings);
  const holder = await takeSlot({ ...ports, ...settings }, run.pipeline, runId);
  if (holder) return queueOrSkip(run, [holder.runId], ports, settings);
  await startTriggered(ports.executions, stateMachineArn, run);
  return recordOf(run, 'started', []);
};

const queueOrSkip = async (
  run: StartTriggeredRunInput,
  going: readonly string[],
  { objectStore, eventBus }: Ports,
  { storeUri }: Settings,
): Promise<TriggerRecord> => {
  const queued = recordOf(run, 'queued', going);
  if (run.overlap === 'queue' && (await enqueue(objectStore, storeUri, queued))) return queued;
  const skipped = recordOf(run, 'skipped', going);
  await announceSkip(eventBus, skipped);
  return skipped;
};

/** Of many runs that replace each other at the same moment, each finds another one to stop. */
const MAX_REPLACED = 20;

/**
 * Takes the slot whoever has it, after the holder's run was stopped. Answers the runs that were.
 *
 * @throws ObjectChangedError while the holder is about to start: there is nothing to stop yet. Lambda asks again in a minute.
 */
const seizeSlot = async (
  run: StartTriggeredRunInput,
  runId: string,
  ports: Ports,
  settings: Settings,
): Promise<string[]> => {
  const replaced: string[] = [];
  for (;;) {
    const holder = await takeSlot({ ...ports, ...settings }, run.pipeline, runId);
    if (!holder) return replaced;
    if (holder.executionArns.length === 0 || replaced.length === MAX_REPLACED) {
      throw new ObjectChangedError(`The run ${holder.runId} is about to start, and ${runId} can't replace it before.`);
    }
    for (const executionArn of holder.executionArns) await stopFor(runId, executionArn, ports);
    replaced.push(holder.runId);
  }
};

const stopFor = (runId: string, executionArn: string, { executions }: Ports): Promise<void> =>
  executions.stop(executionArn, `Replaced by the run ${runId}.`);

const recordOf = (
  run: StartTriggeredRunInput,
  decision: TriggerRecord['decision'],
  going: readonly string[],
): TriggerRecord => ({
  run,
  runId: triggeredRunName(run),
  decision,
  going: [...going],
  decidedAt: new Date().toISOString(),
});

const announceSkip = (eventBus: EventBus, { run, runId, going }: TriggerRecord): Promise<void> => {
  const { pipeline, mode, trigger, occurrence } = run;
  return eventBus.put('Run Skipped', { runId, pipeline, mode, trigger, occurrence, going });
};
