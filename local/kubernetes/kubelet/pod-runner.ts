import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ModelServer } from '#local/sagemaker/serving/model-server.ts';
import { type ObjectStore, timestamp } from '../api/object-store.ts';
import type { StoredObject } from '../api/stored-object.ts';
import type { EventRecorder } from '../controllers/events.ts';
import { SIDECAR } from '../controllers/sidecar.ts';
import { type ContainerLog, containerLog } from './container-log.ts';
import { pullCredentials } from './credentials.ts';
import type { ImagePuller, PulledImage } from './image-puller.ts';
import { runInitContainer } from './init-container.ts';
import { startModelProcess, WORKER_FAILED_TO_BOOT } from './model-process.ts';
import { makePodFolder, type PodFolder } from './pod-folder.ts';
import type { ContainerSpec, PodSpec } from './pod-spec.ts';
import { type PodStatus, podStatus } from './pod-status.ts';
import { probe } from './probes.ts';

export interface PodContext {
  readonly store: ObjectStore;
  readonly events: EventRecorder;
  readonly puller: ImagePuller;
  readonly python: string;
  readonly podsDir: string;
  readonly secondMs: number;
  readonly now: () => Date;
}

export interface RunningPod {
  readonly log: (container: string) => ContainerLog | undefined;
  /** The process that answers requests, while there is one. */
  readonly server: () => ModelServer | undefined;
  /** Kills the pod's process, waits for its end and removes its files. */
  stop(): Promise<void>;
}

/** The kubelet's own, for pulls and restarts alike. */
const FIRST_BACK_OFF_SECONDS = 10;
const MAX_BACK_OFF_SECONDS = 300;

/** Brings a pod up, and keeps it up until it is stopped. */
export const runPod = (context: PodContext, pod: StoredObject): RunningPod => {
  const { store, events, podsDir, secondMs, now } = context;
  const spec = pod.spec as PodSpec;
  const [container] = spec.containers as [ContainerSpec];
  const status = podStatus(store, pod, now);
  const stopping = new AbortController();
  const logs = new Map<string, ContainerLog>([[container.name, containerLog()]]);
  const dir = join(podsDir, pod.metadata.uid);
  let server: ModelServer | undefined;

  const isStopped = (): boolean => stopping.signal.aborted;
  const sleep = async (seconds: number): Promise<void> => {
    await delay(seconds * secondMs, undefined, { signal: stopping.signal }).catch(() => {});
  };

  const run = async (): Promise<void> => {
    events(
      pod,
      'Normal',
      'Scheduled',
      `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to laptop`,
    );
    const unsupported = unsupportedIn(spec);
    if (unsupported) return fail('CreateContainerError', unsupported);
    const image = await pullUntilThere(context, pod, container, status, { isStopped, sleep });
    if (!image) return;
    const rootRefusal = rootRefusalOf(spec, image);
    if (rootRefusal) return fail('CreateContainerConfigError', rootRefusal);
    const folder = await makePodFolder(dir, image, spec);
    if (await initialize(folder)) await keepRunning(image, folder);
  };

  const fail = (reason: string, message: string): void => {
    status.setState(container, { waiting: { reason, message } });
    events(pod, 'Warning', 'Failed', `Error: ${message}`);
  };

  const initialize = async (folder: PodFolder): Promise<boolean> => {
    for (const each of (spec.initContainers ?? []).filter(({ name }) => name !== SIDECAR)) {
      try {
        await runInitContainer(each, folder);
        status.setState(each, { terminated: { exitCode: 0, reason: 'Completed', finishedAt: timestamp(now()) } });
      } catch (error) {
        const { message } = error as Error;
        status.setState(each, { waiting: { reason: 'RunContainerError', message } });
        events(pod, 'Warning', 'Failed', `Error: ${message}`);
        return false;
      }
    }
    return true;
  };

  const keepRunning = async (image: PulledImage, folder: PodFolder): Promise<void> => {
    for (let crashes = 0; !isStopped(); crashes += 1) {
      const exitCode = await runOnce(image, folder);
      if (isStopped()) return;
      status.setState(container, { terminated: { exitCode, reason: 'Error', finishedAt: timestamp(now()) } });
      const seconds = backOffSeconds(crashes);
      const message = `back-off ${seconds}s restarting failed container=${container.name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
      logs.get(container.name)!.restart();
      status.countRestart(container);
      status.setState(container, { waiting: { reason: 'CrashLoopBackOff', message } });
      events(
        pod,
        'Warning',
        'BackOff',
        `Back-off restarting failed container ${container.name} in pod ${pod.metadata.name}`,
      );
      await sleep(seconds);
    }
  };

  /** One life of the process; resolves with its exit status. */
  const runOnce = async (image: PulledImage, folder: PodFolder): Promise<number> => {
    const log = logs.get(container.name)!;
    const onLines = (lines: string[]): void => log.add(lines);
    const started = await startModelProcess({ python: context.python, container, image, folder, onLines }).catch(
      (error: Error) => {
        log.add([error.message]);
        return undefined;
      },
    );
    if (!started) return 127;
    if (isStopped()) {
      await started.stop();
      return 137;
    }
    server = started;
    let isOver = false;
    started.exited.then(() => {
      isOver = true;
      server = undefined;
    });
    events(pod, 'Normal', 'Started', `Started container ${container.name}`);
    status.setState(container, { running: { startedAt: timestamp(now()) } });
    if (!(await boots(started))) {
      await started.stop();
      return WORKER_FAILED_TO_BOOT;
    }
    const why = await probe({
      container,
      server: started,
      secondMs,
      sleep,
      isOver: () => isOver || isStopped(),
      onReady: (isReady) => status.setReady(container, isReady),
      onFailure: (_, message) => events(pod, 'Warning', 'Unhealthy', message),
    });
    if (why) events(pod, 'Normal', 'Killing', `Container ${container.name} ${why}, will be restarted`);
    await started.stop();
    return 137;
  };

  const running = run().catch((error: Error) => {
    if (!isStopped()) fail('CreateContainerError', error.message);
  });
  return {
    log: (name) => logs.get(name),
    server: () => server,
    async stop() {
      stopping.abort();
      await server?.stop();
      await running;
      await rm(dir, { recursive: true, force: true });
    },
  };
};

/** Longest time for a model to load. */
const BOOT_TIMEOUT_MS = 60_000;

/** SageMaker's servers load the model before they listen, and end when they can't. */
const boots = async (server: ModelServer): Promise<boolean> => {
  try {
    const answer = await server.send({ method: 'GET', path: '/ping', timeoutMs: BOOT_TIMEOUT_MS });
    answer.resume();
    return answer.statusCode === 200;
  } catch {
    return false;
  }
};

const backOffSeconds = (failures: number): number =>
  Math.min(MAX_BACK_OFF_SECONDS, FIRST_BACK_OFF_SECONDS * 2 ** failures);

interface Waiting {
  readonly isStopped: () => boolean;
  readonly sleep: (seconds: number) => Promise<void>;
}

const pullUntilThere = async (
  { store, events, puller }: PodContext,
  pod: StoredObject,
  container: ContainerSpec,
  status: PodStatus,
  { isStopped, sleep }: Waiting,
): Promise<PulledImage | undefined> => {
  const { image } = container;
  for (let failures = 0; !isStopped(); failures += 1) {
    if (!puller.has(image)) events(pod, 'Normal', 'Pulling', `Pulling image "${image}"`);
    try {
      const credentials = pullCredentials(store, pod.metadata.namespace!, pod.spec as PodSpec);
      const pulled = await puller.pull(image, credentials);
      events(pod, 'Normal', 'Pulled', `Successfully pulled image "${image}"`);
      return pulled;
    } catch (error) {
      const { message } = error as Error;
      status.setState(container, { waiting: { reason: 'ErrImagePull', message } });
      events(pod, 'Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
      await sleep(1);
      status.setState(container, {
        waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ErrImagePull: ${message}` },
      });
      events(pod, 'Normal', 'BackOff', `Back-off pulling image "${image}"`);
      await sleep(backOffSeconds(failures));
    }
  }
  return undefined;
};

const unsupportedIn = ({ containers, volumes = [] }: PodSpec): string | undefined => {
  if (containers.length !== 1) return "the laptop's nodes run pods of one container";
  const volume = volumes.find(({ emptyDir }) => !emptyDir);
  return volume ? `the laptop's nodes mount volumes of the kind emptyDir only; "${volume.name}" is another` : undefined;
};

const rootRefusalOf = ({ securityContext = {} }: PodSpec, { config }: PulledImage): string | undefined => {
  const { runAsNonRoot, runAsUser } = securityContext;
  const user = runAsUser !== undefined ? String(runAsUser) : (config.User ?? '').split(':')[0]!;
  if (!runAsNonRoot || (/^\d+$/.test(user) && user !== '0')) return undefined;
  return /^(|0|root)$/.test(user)
    ? 'container has runAsNonRoot and image will run as root'
    : `container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root`;
};
