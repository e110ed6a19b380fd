import { aboutRun, shortened } from '#shared/endings/about-run.ts';
import { readStanding, recordEnding } from '#shared/endings/record-ending.ts';
import { type StateFailure, type UnpackedFailure, unpackFailure } from '#shared/endings/unpack-failure.ts';
import type { EventBus } from '#shared/event-bus/event-bus.ts';
import type { MapRuns } from '#shared/executions/map-runs.ts';
import { logger } from '#shared/logger.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { Run } from '#shared/pipeline/run.ts';
import type { Outcome } from '#shared/pipeline/run-record.ts';
import type { AnnounceRunInput, AnnounceRunOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly eventBus: EventBus;
  readonly mapRuns: MapRuns;
}

/**
 * Completes the run's record and tells the bus how the run ended. Run again, it writes and tells the same. A run that another
 * execution has resumed meanwhile is that one's to end.
 *
 * @throws ObjectChangedError when the record was written in between; a retry then decides again.
 */
export const announceRun = async (
  { runUri, executionArn, input, finishedAt, failure: packed }: AnnounceRunInput,
  { objectStore, eventBus, mapRuns }: Ports,
): Promise<AnnounceRunOutput> => {
  const failure = packed && (await findFailure(packed, mapRuns));
  const outcome = outcomeOf(failure);
  const told = failure && { error: failure.error, cause: shortened(failure.cause) };
  const standing = runUri === null ? undefined : await readStanding(objectStore, runUri);
  if (standing && standing.run.executionArn !== executionArn) {
    logger.warn('Another execution has resumed the run', { executionArn: standing.run.executionArn });
    return { outcome, runUri, failure: told };
  }
  if (standing) await recordEnding(objectStore, standing, { outcome, finishedAt, failure });
  await tell(eventBus, { runUri, executionArn, ...aboutRun(standing?.run, input) }, outcome, told);
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
