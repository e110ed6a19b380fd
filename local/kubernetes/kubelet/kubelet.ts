import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { removeFolder } from '#local/sagemaker/remove-folder.ts';
import { StatusError } from '../api/status-error.ts';
import type { StoredObject } from '../api/stored-object.ts';
import { isEnding } from '../controllers/context.ts';
import { openImagePuller } from './image-puller.ts';
import { type PodContext, type RunningPod, runPod } from './pod-runner.ts';

export interface Kubelet {
  /** Starts pods that don't run, ends those that are deleted. */
  readonly controller: () => void;
  readonly podOf: (uid: string) => RunningPod | undefined;
  readonly logOf: (pod: StoredObject, container: string | undefined, previous: boolean, since?: Date) => string[];
  /** Loses all pods and images, as when the cluster replaces the node. */
  replaceNode(): Promise<void>;
  close(): Promise<void>;
}

/** The only node of the laptop's cluster. */
export const startKubelet = async (
  options: Omit<PodContext, 'puller' | 'podsDir'> & { readonly dataDir: string },
): Promise<Kubelet> => {
  const { store, dataDir } = options;
  // A process pulls images anew; what a killed one was unpacking, nobody would ever ask for.
  await removeFolder(dataDir);
  const podsDir = join(dataDir, 'pods');
  const puller = openImagePuller(join(dataDir, 'images'));
  const context: PodContext = { ...options, puller, podsDir };
  const running = new Map<string, RunningPod>();
  const ending = new Map<string, Promise<void>>();

  // Pods of an earlier process are gone with it; their ReplicaSets make new ones.
  for (const pod of store.list('Pod')) store.delete(pod);

  const end = (pod: StoredObject): void => {
    const { uid } = pod.metadata;
    if (ending.has(uid)) return;
    const stopped = (running.get(uid)?.stop() ?? Promise.resolve()).then(() => {
      running.delete(uid);
      ending.delete(uid);
      const current = store.get('Pod', pod.metadata.namespace, pod.metadata.name);
      if (current?.metadata.uid === uid) store.delete(current);
    });
    ending.set(uid, stopped);
  };

  return {
    controller() {
      for (const pod of store.list('Pod')) {
        if (isEnding(pod)) end(pod);
        else if (!running.has(pod.metadata.uid)) running.set(pod.metadata.uid, runPod(context, pod));
      }
    },
    podOf: (uid) => (ending.has(uid) ? undefined : running.get(uid)),
    logOf(pod, container, previous, since) {
      const [{ name }] = (pod.spec as { containers: [{ name: string }] }).containers;
      const log = running.get(pod.metadata.uid)?.log(container ?? name);
      const at = `container "${container ?? name}" in pod "${pod.metadata.name}"`;
      if (!log) throw new StatusError(400, 'BadRequest', `${at} is not valid for pod ${pod.metadata.name}`);
      if (!previous) return log.current(since);
      if (!log.previous) throw new StatusError(400, 'BadRequest', `previous terminated ${at} not found`);
      return [...log.previous];
    },
    async replaceNode() {
      await puller.clear();
      for (const pod of store.list('Pod')) end(pod);
      await Promise.all(ending.values());
    },
    async close() {
      await Promise.all([...running.values()].map((pod) => pod.stop()));
      await Promise.all(ending.values());
      await rm(podsDir, { recursive: true, force: true });
    },
  };
};
