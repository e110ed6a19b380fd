import type { EventBus } from '#shared/event-bus/event-bus.ts';
import type { MapRuns } from '#shared/executions/map-runs.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { PipelineName } from '#shared/pipeline/definition.ts';
import { loadRun, type Run, runRecordUri } from '#shared/pipeline/run.ts';
import type { Outcome } from '#shared/pipeline/run-record.ts';
import { runRecord } from './run-record.ts';
import type { AnnounceRunInput, AnnounceRunOutput, StateFailure } from './schema.ts';
import { type UnpackedFailure, unpackFailure } from './unpack-failure.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly eventBus: EventBus;
  readonly mapRuns: MapRuns;
}

/** The state machine's output and the event carry the cause too; run.json has all of it. */
const MAX_CAUSE_LENGTH = 8000;

/** Completes the run's record and tells the bus how the run ended. Run again, it writes and tells the same. */
export const announceRun = async (
  { runUri, executionArn, input, finishedAt, failure: packed }: AnnounceRunInput,
  { objectStore, eventBus, mapRuns }: Ports,
): Promise<AnnounceRunOutput> => {
  const failure = packed && (await findFailure(packed, mapRuns));
  const outcome = outcomeOf(failure);
  const run = runUri === null ? undefined : await loadRun(objectStore, runUri);
  if (run) {
    const record = await runRecord(objectStore, run, { outcome, finishedAt, failure });
    await objectStore.put(runRecordUri(run.runUri), `${JSON.stringify(record, null, 2)}\n`, {
      contentType: 'application/json',
    });
  }
  const told = failure && { error: failure.error, cause: shortened(failure.cause) };
  await tell(eventBus, { runUri, executionArn, ...about(run, input) }, outcome, told);
  return { outcome, runUri, failure: told };
};

/** A Map that failed says only that too many items did; what one of them failed with is to be asked for. */
const findFailure = async (packed: StateFailure, mapRuns: MapRuns): Promise<UnpackedFailure> => {
  const failure = unpackFailure(packed);
  if (failure.error !== 'States.ExceedToleratedFailureThreshold' || !failure.executionArn) return failure;
  const item = await mapRuns.failedItem(failure.executionArn);
  return item ? { ...unpackFailure(item), executionArn: failure.executionArn } : failure;
};

const outcomeOf = (failure: UnpackedFailure | null): Outcome => {
  if (!failure) return 'succeeded';
  return failure.error === 'GateNotPassedError' ? 'gateNotPassed' : 'failed';
};

/** Of a run that couldn't be resolved the input is all we know. */
const about = (run: Run | undefined, input: unknown) => ({
  pipeline: run?.pipeline ?? PipelineName.safeParse((input as { pipeline?: unknown } | null)?.pipeline).data ?? null,
  mode: run?.mode ?? null,
});

const tell = async (
  eventBus: EventBus,
  subject: {
    readonly runUri: string | null;
    readonly executionArn: string;
    readonly pipeline: string | null;
    readonly mode: Run['mode'] | null;
  },
  outcome: Outcome,
  failure: AnnounceRunOutput['failure'],
): Promise<void> => {
  if (!failure) return eventBus.put('Run Succeeded', subject);
  return eventBus.put(outcome === 'gateNotPassed' ? 'Run Gate Not Passed' : 'Run Failed', { ...subject, ...failure });
};

/** The end of a cause says most: a script's last words. */
const shortened = (cause: string): string =>
  cause.length <= MAX_CAUSE_LENGTH ? cause : `${cause.slice(0, 1000)}\n…\n${cause.slice(1000 - MAX_CAUSE_LENGTH)}`;
