import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from '#local/journal.ts';
import type { Account } from '#local/stand-in.ts';
import type { Invocation, InvocationResult } from './environment.ts';
import { functionArn, type LambdaFunctions } from './functions.ts';

/** Events accepted with 202: each is tried up to three times, and again after a restart if it was not done. */
export interface AsynchronousInvocations {
  /** Resolves when the event is safe on disk. */
  accept(event: AsynchronousEvent): Promise<void>;
  /** Tries no further; what isn't done stays in the journal. */
  close(): Promise<void>;
}

export interface AsynchronousEvent extends Invocation {
  readonly functionName: string;
}

/** The record that Lambda sends to an on-failure destination. */
export interface FailedInvocation {
  readonly version: '1.0';
  readonly timestamp: string;
  readonly requestContext: {
    readonly requestId: string;
    readonly functionArn: string;
    readonly condition: 'RetriesExhausted';
    readonly approximateInvokeCount: number;
  };
  readonly requestPayload: unknown;
  readonly responseContext: {
    readonly statusCode: 200;
    readonly executedVersion: '$LATEST';
    readonly functionError: 'Unhandled';
  };
  readonly responsePayload: unknown;
}

export interface AsynchronousOptions {
  readonly account: Account;
  readonly functions: LambdaFunctions;
  readonly journal: Journal<AsynchronousEvent>;
  readonly run: (functionName: string, invocation: Invocation) => Promise<InvocationResult>;
  /** The pauses before the second and the third attempt; Lambda's are 60 and 120 s. */
  readonly retryDelaysSeconds: readonly number[];
  readonly onFailure: (functionName: string, record: FailedInvocation) => void;
}

export const asynchronousInvocations = async (options: AsynchronousOptions): Promise<AsynchronousInvocations> => {
  const { journal, retryDelaysSeconds } = options;
  const closing = new AbortController();
  const active = new Set<Promise<void>>();

  const attempt = async (event: AsynchronousEvent): Promise<void> => {
    for (let attempts = 1; ; attempts++) {
      const result = await options.run(event.functionName, event);
      closing.signal.throwIfAborted();
      if (!result.failed) break;
      const delaySeconds = retryDelaysSeconds[attempts - 1];
      if (delaySeconds === undefined) {
        options.onFailure(event.functionName, failureRecord(event, result, attempts, options.account));
        break;
      }
      await sleep(delaySeconds * 1000, undefined, { signal: closing.signal });
    }
    await journal.remove(event.requestId);
  };

  const begin = (event: AsynchronousEvent): void => {
    const work = attempt(event)
      .catch((error: unknown) => {
        if (!closing.signal.aborted) throw error;
      })
      .finally(() => active.delete(work));
    active.add(work);
  };

  // The event of a function that is no longer here waits in the journal until the function is back.
  const pending = (await journal.pending()).map(({ entry }) => entry);
  for (const event of pending.filter(({ functionName }) => Object.hasOwn(options.functions, functionName)))
    begin(event);
  return {
    async accept(event) {
      await journal.put(event.requestId, event);
      begin(event);
    },
    async close() {
      closing.abort();
      await Promise.all(active);
    },
  };
};

const failureRecord = (
  event: AsynchronousEvent,
  result: InvocationResult,
  attempts: number,
  account: Account,
): FailedInvocation => ({
  version: '1.0',
  timestamp: new Date().toISOString(),
  requestContext: {
    requestId: event.requestId,
    functionArn: `${functionArn(account, event.functionName)}:$LATEST`,
    condition: 'RetriesExhausted',
    approximateInvokeCount: attempts,
  },
  requestPayload: JSON.parse(event.payload),
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  responsePayload: JSON.parse(result.payload),
});
