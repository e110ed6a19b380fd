import type { EventBus } from '#shared/event-bus/event-bus.ts';
import { type Executions, executionArnOf, executionNameOf } from '#shared/executions/executions.ts';
import { logger } from '#shared/logger.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { enqueue, readTriggerRecord, type TriggerRecord, writeTriggerRecord } from '#shared/triggers/trigger-record.ts';
import { runsGoing, startTriggered, triggeredRunName } from '#shared/triggers/triggered-run.ts';
import type { StartTriggeredRunInput, StartTriggeredRunOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly executions: Pick<Executions, 'start' | 'running' | 'stop'>;
  readonly eventBus: EventBus;
}

interface Settings {
  readonly storeUri: string;
  readonly stateMachineArn: string;
}

/**
 * Starts the run that a schedule or an event asks for, or does what its overlap policy says while another run of the
 * pipeline is going. Asked twice for the same occurrence, it answers what was decided the first time.
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
  const { stateMachineArn, storeUri } = settings;
  const runId = triggeredRunName(run);
  const ours = executionArnOf(stateMachineArn, runId);
  const going = (await runsGoing(ports.executions, stateMachineArn, run.pipeline, ours)).map(
    ({ executionArn }) => executionArn,
  );
  const record = (decision: TriggerRecord['decision']): TriggerRecord => ({
    run,
    runId,
    decision,
    going: going.map(executionNameOf),
    decidedAt: new Date().toISOString(),
  });
  if (going.length > 0 && run.overlap === 'queue' && (await enqueue(ports.objectStore, storeUri, record('queued')))) {
    return record('queued');
  }
  if (going.length > 0 && run.overlap !== 'cancel') {
    await announceSkip(ports.eventBus, record('skipped'));
    return record('skipped');
  }
  for (const executionArn of going) await ports.executions.stop(executionArn, `Replaced by the run ${runId}.`);
  await startTriggered(ports.executions, stateMachineArn, run);
  return record('started');
};

const announceSkip = (eventBus: EventBus, { run, runId, going }: TriggerRecord): Promise<void> => {
  const { pipeline, mode, trigger, occurrence } = run;
  return eventBus.put('Run Skipped', { runId, pipeline, mode, trigger, occurrence, going });
};
