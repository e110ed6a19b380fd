import { z } from 'zod';
import { SageMakerRefusedError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { type Fact, readFact, writeFact } from '#shared/pipeline/facts.ts';
import { storeUriOf } from '#shared/pipeline/run.ts';
import type { UriIn } from '#shared/store/layout.ts';
import { type SettlePorts, settle } from '#shared/tasks/settle.ts';
import { dropTask, keepTask, type TaskKind } from '#shared/tasks/task-store.ts';
import { isPassingFailure } from '#shared/tasks/training-job-verdict.ts';

/** Names of jobs are taken for ever, so another attempt needs another name. Nobody has needed so many. */
const MAX_ATTEMPTS = 20;

export interface JobKind<Request, Description> {
  readonly kind: Extract<TaskKind, 'training' | 'transform'>;
  /** Where the run remembers which attempt started which job. */
  readonly fact: Fact;
  request(name: string): Request;
  create(request: Request): Promise<'created' | 'exists'>;
  describe(name: string): Promise<Description | undefined>;
  statusOf(description: Description): {
    readonly status: string | undefined;
    readonly failureReason: string | undefined;
  };
  isSame(request: Request, existing: Description): boolean;
}

export interface JobStart {
  /** The first attempt's name; later ones get a number behind it. */
  readonly baseName: string;
  readonly runUri: UriIn<'runs'>;
  /** The execution and its redrive: what fails within one is answered as failed, another one tries anew. */
  readonly attemptId: string;
  readonly taskToken: string;
}

/**
 * Starts a job that a state waits for, and answers the state at once if the job has ended already.
 *
 * Running the step again makes one job: a job of an earlier try that runs or is completed is adopted. A failed one is
 * followed by another only where the failure may pass, or when the execution was redriven.
 */
export const startJob = async <Request, Description>(
  start: JobStart,
  job: JobKind<Request, Description>,
  ports: SettlePorts,
): Promise<void> => {
  const name = await attemptName(start, job, ports.objectStore);
  await writeFact(ports.objectStore, start.runUri, job.fact, {
    name,
    attemptId: start.attemptId,
  } satisfies LastAttempt);
  const { runUri, taskToken: token } = start;
  const task = { kind: job.kind, name, runUri, token, createdAt: new Date().toISOString() };
  const kept = await keepTask(ports.objectStore, storeUriOf(runUri), task);
  try {
    await job.create(job.request(name));
  } catch (error) {
    // The state is told by the function's own failure; nothing is left for its token to wait for.
    await dropTask(ports.objectStore, kept);
    throw error;
  }
  await settle(kept, ports);
};

/** `Stopping` too: what is being stopped can't be waited for with success. */
const ENDED_BADLY: ReadonlySet<string> = new Set(['Failed', 'Stopping', 'Stopped']);

const LastAttempt = z.object({ name: z.string(), attemptId: z.string() });
type LastAttempt = z.infer<typeof LastAttempt>;

/** The first name that is free, or that an earlier try of the same work has. */
const attemptName = async <Request, Description>(
  { baseName, runUri, attemptId }: JobStart,
  job: JobKind<Request, Description>,
  objectStore: ObjectStore,
): Promise<string> => {
  const last = LastAttempt.safeParse(await readFact(objectStore, runUri, job.fact)).data;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const name = attempt === 1 ? baseName : `${baseName}-${attempt}`;
    const existing = await job.describe(name);
    if (!existing) return name;
    if (!job.isSame(job.request(name), existing)) continue;
    const { status, failureReason } = job.statusOf(existing);
    if (!ENDED_BADLY.has(status ?? '')) return name;
    const isOurs = last?.name === name && last.attemptId === attemptId;
    if (isOurs && !isPassingFailure(failureReason)) return name;
  }
  throw new SageMakerRefusedError(`${MAX_ATTEMPTS} ${job.kind} jobs ${baseName}… exist already. Start a new run.`);
};
