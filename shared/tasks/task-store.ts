import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ObjectMissingError } from '#shared/errors.ts';
import { logger } from '#shared/logger.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { folderIn, type UriIn } from '#shared/store/layout.ts';

/** Of a model package: 63 characters of its group's name, a hyphen, and the digits of a 32-bit version. All others are shorter. */
const MAX_NAME_LENGTH = 63 + 1 + 10;

const waiting = {
  /** The job's or endpoint's name; a model package's group and number. */
  name: z.string().min(1).max(MAX_NAME_LENGTH),
  runUri: RunUri,
  token: z.string().min(1),
  createdAt: z.iso.datetime(),
};

/** A state that waits for a job, an endpoint or an approval, and how to answer it. */
export const Task = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('training'), ...waiting }),
  z.strictObject({ kind: z.literal('transform'), ...waiting }),
  z.strictObject({
    kind: z.literal('approval'),
    ...waiting,
    modelPackageArn: z.string().min(1),
  }),
  z.strictObject({
    kind: z.literal('endpoint'),
    ...waiting,
    /** The configuration that the endpoint is to serve. */
    endpointConfigName: z.string().min(1),
    /** SageMaker's time of the endpoint's last change before ours: until it moves, ours hasn't begun. */
    unchangedSince: z.iso.datetime().optional(),
  }),
]);
export type Task = z.infer<typeof Task>;
export type TaskKind = Task['kind'];

/** A kept task, and the object that holds it. */
export interface KeptTask {
  readonly task: Task;
  readonly uri: UriIn<'tasks'>;
}

/**
 * Keeps a waiting state's token, before the job it waits for exists: the job's event may overtake the call that starts it.
 * A repeated step keeps its new token beside the old one; each is an object of its own, so that dropping the old can't take
 * the new with it. The token never leaves this object but to answer.
 *
 * @throws ZodError for a task that could not be read again: nobody would answer it.
 */
export const keepTask = async (objectStore: ObjectStore, storeUri: string, task: Task): Promise<KeptTask> => {
  const id = createHash('sha256').update(task.token).digest('hex').slice(0, 16);
  const uri = `${tasksUri(storeUri, task.kind, task.name)}${id}.json`;
  await objectStore.put(uri, JSON.stringify(Task.parse(task)), { contentType: 'application/json' });
  return { task, uri };
};

export const dropTask = (objectStore: ObjectStore, { uri }: KeptTask): Promise<void> => objectStore.delete(uri);

/** The tasks that wait for one job or endpoint; of all jobs and endpoints when no name is given. */
export async function* waitingTasks(
  objectStore: ObjectStore,
  storeUri: string,
  job?: { readonly kind: TaskKind; readonly name: string },
): AsyncGenerator<KeptTask> {
  const prefix = job ? tasksUri(storeUri, job.kind, job.name) : folderIn(storeUri, 'tasks');
  for await (const { uri } of objectStore.list(prefix)) {
    const task = await readTask(objectStore, uri);
    if (task) yield { task, uri };
  }
}

const tasksUri = (storeUri: string, kind: TaskKind, name: string): string =>
  `${folderIn(storeUri, 'tasks')}${kind}/${name}/`;

/** A task may be answered and dropped between its listing and its reading. What is no task mustn't hide those behind it. */
const readTask = async (objectStore: ObjectStore, uri: string): Promise<Task | undefined> => {
  try {
    return Task.parse(JSON.parse((await objectStore.getText(uri)).text));
  } catch (error) {
    if (!(error instanceof ObjectMissingError)) logger.warn('Not a task token', { uri });
    return undefined;
  }
};
