import { aboutRun, shortened } from '#shared/endings/about-run.ts';
import { noteTold, readStanding, recordEnding as record, type StandingRecord } from '#shared/endings/record-ending.ts';
import { type UnpackedFailure, unpackFailure } from '#shared/endings/unpack-failure.ts';
import { UnknownRunError } from '#shared/errors.ts';
import type { EventBus } from '#shared/event-bus/event-bus.ts';
import type { ExecutionDescription, ExecutionStatus, Executions } from '#shared/executions/executions.ts';
import { runIdOfExecution } from '#shared/executions/resumptions.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { findRunUri } from '#shared/pipeline/run-index.ts';
import type { RecordEndingInput, RecordEndingOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly eventBus: EventBus;
  readonly executions: Pick<Executions, 'describe'>;
}

/** Ends that AnnounceRun may not have lived to tell. */
type EndedOutside = 'stopped' | 'timedOut' | 'failed';

const OUTCOMES: Partial<Record<ExecutionStatus, EndedOutside>> = {
  ABORTED: 'stopped',
  TIMED_OUT: 'timedOut',
  FAILED: 'failed',
};

/**
 * Records and tells the end of a run whose execution was ended from outside: stopped, timed out, or failed without reaching
 * its last state. The event may come twice, late, and after the run was resumed: what Step Functions and the run's record
 * say now is what counts.
 *
 * @throws ObjectChangedError when somebody else ends the run at this moment; a retry then sees what came of it.
 */
export const recordEnding = async (
  { detail: { executionArn } }: RecordEndingInput,
  { objectStore, eventBus, executions }: Ports,
  { storeUri }: { readonly storeUri: string },
): Promise<RecordEndingOutput> => {
  const execution = await executions.describe(executionArn);
  const outcome = OUTCOMES[execution.status];
  const standing = await standingOf(objectStore, storeUri, execution);
  const runUri = standing?.run.runUri ?? null;
  if (!outcome || !isToBeTold(standing, execution, outcome)) return { runUri, outcome: null };

  const failure = failureOf(execution, outcome);
  if (standing && !standing.outcome) {
    const finishedAt = (execution.stoppedAt ?? new Date()).toISOString();
    await record(objectStore, standing, { outcome, finishedAt, failure, toldAt: null });
  }
  await tell(eventBus, { runUri, executionArn, ...aboutRun(standing?.run, execution.input) }, outcome, failure);
  if (standing) await noteTold(objectStore, standing.run.runUri);
  return { runUri, outcome };
};

/** Undefined for a run that ended before it had a folder. */
const standingOf = async (
  objectStore: ObjectStore,
  storeUri: string,
  execution: ExecutionDescription,
): Promise<StandingRecord | undefined> => {
  try {
    return await readStanding(objectStore, await findRunUri(objectStore, storeUri, runIdOfExecution(execution)));
  } catch (error) {
    if (error instanceof UnknownRunError) return undefined;
    throw error;
  }
};

/**
 * False for what AnnounceRun has told, for a second delivery, and for an execution that another one has resumed or that was
 * to resume a run and never got so far. A run without a folder that failed has told so itself.
 */
const isToBeTold = (
  standing: StandingRecord | undefined,
  { executionArn }: ExecutionDescription,
  outcome: EndedOutside,
): boolean => {
  if (!standing) return outcome !== 'failed';
  if (standing.run.executionArn !== executionArn) return false;
  return standing.outcome === undefined || standing.toldAt === null;
};

const failureOf = ({ error, cause }: ExecutionDescription, outcome: EndedOutside): UnpackedFailure => {
  const unpacked = unpackFailure({ Error: error ?? ERRORS[outcome], Cause: cause ?? null });
  return { ...unpacked, cause: unpacked.cause || 'Nobody said why.' };
};

const ERRORS: Readonly<Record<EndedOutside, string>> = {
  stopped: 'RunStopped',
  timedOut: 'States.Timeout',
  failed: 'States.Runtime',
};

const tell = (
  eventBus: EventBus,
  subject: { readonly runUri: string | null; readonly executionArn: string } & ReturnType<typeof aboutRun>,
  outcome: EndedOutside,
  failure: UnpackedFailure,
): Promise<void> => {
  const told = { ...subject, error: failure.error, cause: shortened(failure.cause) };
  return outcome === 'failed' ? eventBus.put('Run Failed', told) : eventBus.put('Run Stopped', { ...told, outcome });
};
