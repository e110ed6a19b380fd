import { randomUUID } from 'node:crypto';
import type { Journal } from '#local/journal.ts';
import type { Disturb } from './chaos.ts';
import type { Clock } from './clock.ts';
import { isRetryable, type TargetCaller } from './targets.ts';

/** One event on its way to one target. */
export interface Delivery {
  readonly eventId: string;
  readonly ruleArn: string;
  readonly targetArn: string;
  /** Of a target that is called as a role. */
  readonly roleArn?: string;
  /** The JSON text for the target. */
  readonly input: string;
  /** Epoch milliseconds. */
  readonly acceptedAt: number;
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeInSeconds: number;
  readonly deadLetterArn?: string;
}

/** A delivery that was given up, in the words of a dead-letter queue's message attributes. */
export interface DeadLetter {
  readonly RULE_ARN: string;
  readonly TARGET_ARN: string;
  readonly ERROR_CODE: string;
  readonly ERROR_MESSAGE: string;
  readonly RETRY_ATTEMPTS: number;
  /** Why there were no more attempts. */
  readonly EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds' | 'NotRetryable';
  /** The queue that the target names; only what its policy lets in gets there. */
  readonly deadLetterArn?: string;
  /** Why no queue has it. */
  readonly lostBecause?: string;
  readonly input: string;
}

/** Hands events to their targets, at least once each: what isn't done is tried again after a restart. */
export interface Deliveries {
  /** Resolves when the deliveries are safe on disk. */
  accept(deliveries: readonly Delivery[]): Promise<void>;
  /** Resolves when nothing is on its way any more. */
  idle(): Promise<void>;
  /** Stops; what isn't done stays in the journal. */
  close(): Promise<void>;
}

export interface DeliveriesOptions {
  readonly journal: Journal<Delivery>;
  readonly caller: TargetCaller;
  readonly clock: Clock;
  readonly disturb: Disturb;
  /** The pause before the first retry; each further one is twice as long, up to `longestRetrySeconds`. */
  readonly firstRetrySeconds: number;
  readonly longestRetrySeconds: number;
  readonly onDeadLetter: (letter: DeadLetter) => Promise<void>;
}

interface Attempt {
  readonly id: string;
  readonly delivery: Delivery;
  /** How many attempts have failed. */
  readonly failures: number;
}

/** Calls that may be under way at the same time. */
const MAX_CALLS = 16;

export const startDeliveries = async (options: DeliveriesOptions): Promise<Deliveries> => {
  const { journal, caller, clock } = options;
  const queue: Attempt[] = [];
  const timers = new Map<string, () => void>();
  const calls = new Set<Promise<void>>();
  let idleWaiters: (() => void)[] = [];
  let sequence = 0;
  let closed = false;

  const isIdle = (): boolean => queue.length + timers.size + calls.size === 0;

  const enqueue = (attempt: Attempt, delaySeconds: number): void => {
    if (closed) return;
    if (delaySeconds === 0) {
      queue.push(attempt);
      drain();
      return;
    }
    const due = new Date(clock.now().getTime() + delaySeconds * 1000);
    const callOff = clock.at(due, () => {
      timers.delete(attempt.id);
      enqueue(attempt, 0);
    });
    timers.set(attempt.id, callOff);
  };

  const drain = (): void => {
    while (calls.size < MAX_CALLS && queue.length > 0) {
      const call = deliver(queue.shift()!).finally(() => {
        calls.delete(call);
        drain();
        if (isIdle()) for (const resolve of idleWaiters.splice(0)) resolve();
      });
      calls.add(call);
    }
  };

  const deliver = async (attempt: Attempt): Promise<void> => {
    try {
      await caller.call(attempt.delivery);
    } catch (error) {
      // Closing cuts calls off; their deliveries are for the next start.
      if (!closed) await fail({ ...attempt, failures: attempt.failures + 1 }, error as Error);
      return;
    }
    await journal.remove(attempt.id);
  };

  const fail = async (attempt: Attempt, error: Error): Promise<void> => {
    const { delivery, failures, id } = attempt;
    const delaySeconds = Math.min(options.firstRetrySeconds * 2 ** (failures - 1), options.longestRetrySeconds);
    const ageSeconds = (clock.now().getTime() - delivery.acceptedAt) / 1000;
    const exhausted = exhaustedCondition(delivery, failures, ageSeconds + delaySeconds, error);
    if (!exhausted) return enqueue(attempt, delaySeconds);
    await options.onDeadLetter(deadLetter(attempt, exhausted, error));
    await journal.remove(id);
  };

  for (const { id, entry } of await journal.pending()) enqueue({ id, delivery: entry, failures: 0 }, 0);
  return {
    async accept(deliveries) {
      const copies = deliveries.flatMap((delivery) =>
        options.disturb().map((delaySeconds) => ({ id: nextId(clock, sequence++), delivery, delaySeconds })),
      );
      await Promise.all(copies.map(({ id, delivery }) => journal.put(id, delivery)));
      for (const { id, delivery, delaySeconds } of copies) enqueue({ id, delivery, failures: 0 }, delaySeconds);
    },
    idle: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => idleWaiters.push(resolve))),
    async close() {
      closed = true;
      for (const callOff of timers.values()) callOff();
      timers.clear();
      queue.length = 0;
      caller.close();
      await Promise.all(calls);
      for (const resolve of idleWaiters) resolve();
      idleWaiters = [];
    },
  };
};

/** Sorts by the order of acceptance, over restarts as well. */
const nextId = (clock: Clock, sequence: number): string =>
  `${clock.now().getTime()}-${String(sequence).padStart(8, '0')}-${randomUUID()}`;

const exhaustedCondition = (
  delivery: Delivery,
  failures: number,
  ageAtRetrySeconds: number,
  error: Error,
): DeadLetter['EXHAUSTED_RETRY_CONDITION'] | undefined => {
  if (!isRetryable(error)) return 'NotRetryable';
  if (failures > delivery.maximumRetryAttempts) return 'MaximumRetryAttempts';
  return ageAtRetrySeconds > delivery.maximumEventAgeInSeconds ? 'MaximumEventAgeInSeconds' : undefined;
};

const deadLetter = (
  { delivery, failures }: Attempt,
  exhausted: DeadLetter['EXHAUSTED_RETRY_CONDITION'],
  error: Error,
): DeadLetter => ({
  RULE_ARN: delivery.ruleArn,
  TARGET_ARN: delivery.targetArn,
  ERROR_CODE: error.name,
  ERROR_MESSAGE: error.message,
  RETRY_ATTEMPTS: failures - 1,
  EXHAUSTED_RETRY_CONDITION: exhausted,
  ...(delivery.deadLetterArn !== undefined && { deadLetterArn: delivery.deadLetterArn }),
  input: delivery.input,
});
