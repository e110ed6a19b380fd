import { type SettlePorts, settle } from '#shared/tasks/settle.ts';
import { waitingTasks } from '#shared/tasks/task-store.ts';
import type { SweepTasksOutput } from './schema.ts';

/**
 * Looks at every waiting task: answers those whose event was lost, tells the others that their jobs are still going, and
 * drops those that nobody waits for any more. One that can't be settled doesn't keep it from the rest.
 *
 * @throws AggregateError after the last task, when some couldn't be settled.
 */
export const sweepTasks = async (
  ports: SettlePorts,
  { storeUri }: { readonly storeUri: string },
): Promise<SweepTasksOutput> => {
  const counts = { answered: 0, dropped: 0, waiting: 0 };
  const errors: unknown[] = [];
  for await (const kept of waitingTasks(ports.objectStore, storeUri)) {
    try {
      counts[await settle(kept, ports)] += 1;
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) {
    const messages = errors.map((error) => (error as Error).message).join('; ');
    throw new AggregateError(errors, `${errors.length} tasks couldn't be settled: ${messages}`);
  }
  return counts;
};
