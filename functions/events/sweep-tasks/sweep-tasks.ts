import { forEachTask } from '#shared/tasks/for-each-task.ts';
import { settle } from '#shared/tasks/settle.ts';
import { type KeptTask, waitingTasks } from '#shared/tasks/task-store.ts';
import { type EndOrphanPorts, endOrphan } from './end-orphan.ts';
import type { SweepTasksOutput } from './schema.ts';

/**
 * Looks at every waiting task: answers those whose event was lost, tells the others that their jobs are still going, drops
 * those that nobody waits for any more, and stops jobs whose runs have ended without them. One that can't be settled
 * doesn't keep it from the rest.
 *
 * @throws AggregateError after the last task, when some couldn't be settled.
 */
export const sweepTasks = async (
  ports: EndOrphanPorts,
  { storeUri }: { readonly storeUri: string },
): Promise<SweepTasksOutput> => {
  const counts = { answered: 0, dropped: 0, waiting: 0, stopped: 0 };
  await forEachTask(waitingTasks(ports.objectStore, storeUri), async (kept) => {
    counts[await sweep(kept, ports)] += 1;
  });
  return counts;
};

const sweep = async (kept: KeptTask, ports: EndOrphanPorts): Promise<keyof SweepTasksOutput> => {
  const settlement = await settle(kept, ports);
  return settlement === 'orphaned' ? endOrphan(kept, ports) : settlement;
};
