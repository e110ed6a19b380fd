import type { LinkedAbort } from './abort.ts';
import { Interruption } from './failure.ts';

/**
 * Runs `work` over items, so many at a time, and gives the results in the items' order. The first failure aborts what
 * is running and starts nothing more; it is thrown when everything has come to rest.
 */
export const runTogether = async <T, R>(
  items: Iterable<T>,
  { concurrency, abort }: { concurrency: number; abort: LinkedAbort },
  work: (item: T) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = [];
  let firstFailure: { readonly error: unknown } | undefined;
  const iterator = items[Symbol.iterator]();
  let started = 0;
  const worker = async (): Promise<void> => {
    while (!firstFailure) {
      const next = iterator.next();
      if (next.done) return;
      const index = started++;
      try {
        results[index] = await work(next.value);
      } catch (error) {
        if (firstFailure) return;
        firstFailure = { error };
        abort.abort(new Interruption('sibling'));
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (firstFailure) throw firstFailure.error;
  return results;
};
