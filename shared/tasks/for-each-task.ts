import type { KeptTask } from '#shared/tasks/task-store.ts';

/**
 * Does something for every task; one that fails doesn't keep it from the rest.
 *
 * @throws AggregateError after the last task, when some have failed.
 */
export const forEachTask = async (
  tasks: AsyncIterable<KeptTask>,
  work: (kept: KeptTask) => Promise<void>,
): Promise<void> => {
  const errors: Error[] = [];
  for await (const kept of tasks) {
    try {
      await work(kept);
    } catch (error) {
      errors.push(error as Error);
    }
  }
  if (errors.length === 0) return;
  const messages = errors.map(({ message }) => message).join('; ');
  throw new AggregateError(errors, `${errors.length} tasks couldn't be settled: ${messages}`);
};
