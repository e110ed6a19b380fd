import type { TaskFailure, TaskTokens } from '#shared/tasks/task-tokens.ts';

export interface InMemoryTaskTokens extends TaskTokens {
  /** Tokens that a state waits for; any other is gone. */
  readonly waiting: Set<string>;
  readonly successes: Map<string, unknown>;
  readonly failures: Map<string, TaskFailure>;
  readonly heartbeats: string[];
}

/** Step Functions' side of waiting states; each token takes one answer. */
export const inMemoryTaskTokens = (...tokens: string[]): InMemoryTaskTokens => {
  const waiting = new Set(tokens);
  const successes = new Map<string, unknown>();
  const failures = new Map<string, TaskFailure>();
  const heartbeats: string[] = [];
  return {
    waiting,
    successes,
    failures,
    heartbeats,
    async succeed(token, output) {
      if (!waiting.delete(token)) return 'gone';
      successes.set(token, output);
      return 'accepted';
    },
    async fail(token, failure) {
      if (!waiting.delete(token)) return 'gone';
      failures.set(token, failure);
      return 'accepted';
    },
    async heartbeat(token) {
      if (!waiting.has(token)) return 'gone';
      heartbeats.push(token);
      return 'accepted';
    },
  };
};
