import { type ObjectStore, timestamp } from '../api/object-store.ts';
import type { Condition, StoredObject } from '../api/stored-object.ts';
import { withTimes } from '../controllers/deployments.ts';
import { SIDECAR } from '../controllers/sidecar.ts';
import type { ContainerSpec, PodSpec } from './pod-spec.ts';

export interface ContainerState {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAt: string };
  readonly terminated?: { readonly exitCode: number; readonly reason: string; readonly finishedAt: string };
}

export interface PodStatus {
  /** Notes what a container is doing now. What ends stays known as its last state. */
  setState(container: ContainerSpec, state: ContainerState): void;
  countRestart(container: ContainerSpec): number;
  setReady(container: ContainerSpec, isReady: boolean): void;
  readonly restartCount: (container: ContainerSpec) => number;
}

interface ContainerStatus {
  state: ContainerState;
  lastState: ContainerState;
  restartCount: number;
  ready: boolean;
}

/** Keeps the status of a pod, as the kubelet writes it. */
export const podStatus = (store: ObjectStore, pod: StoredObject, now: () => Date): PodStatus => {
  const { namespace, name, uid } = pod.metadata;
  const spec = pod.spec as PodSpec;
  const initContainers = spec.initContainers ?? [];
  const statuses = new Map<string, ContainerStatus>(
    [...initContainers, ...spec.containers].map((container) => [
      container.name,
      {
        state:
          container.name === SIDECAR
            ? { running: { startedAt: timestamp(now()) } }
            : { waiting: { reason: 'PodInitializing' } },
        lastState: {},
        restartCount: 0,
        ready: container.name === SIDECAR,
      },
    ]),
  );
  const of = ({ name: container }: ContainerSpec): ContainerStatus => statuses.get(container)!;
  const entry = (container: ContainerSpec) => ({ name: container.name, image: container.image, ...of(container) });

  const write = (): void => {
    const current = store.get('Pod', namespace, name);
    if (current?.metadata.uid !== uid) return;
    const isReady = spec.containers.every((container) => of(container).ready);
    const isRunning = spec.containers.every(
      (container) => of(container).state.running || of(container).restartCount > 0,
    );
    const before = ((current.status as { conditions?: Condition[] } | undefined)?.conditions ?? []) as Condition[];
    const condition = (type: string, value: boolean): Condition =>
      withTimes(
        {
          type,
          status: value ? 'True' : 'False',
          ...(!value && { reason: 'ContainersNotReady', message: 'containers with unready status: [model]' }),
        },
        before,
        timestamp(now()),
      );
    store.put({
      ...current,
      status: {
        phase: isRunning ? 'Running' : 'Pending',
        hostIP: '127.0.0.1',
        podIP: '127.0.0.1',
        conditions: [
          condition('PodScheduled', true),
          condition('Ready', isReady),
          condition('ContainersReady', isReady),
        ],
        ...(initContainers.length > 0 && { initContainerStatuses: initContainers.map(entry) }),
        containerStatuses: spec.containers.map(entry),
      },
    });
  };
  write();
  return {
    setState(container, state) {
      const status = of(container);
      if (status.state.terminated && !state.terminated) status.lastState = status.state;
      status.state = state;
      if (!state.running) status.ready = state.terminated?.exitCode === 0;
      write();
    },
    countRestart(container) {
      of(container).restartCount += 1;
      return of(container).restartCount;
    },
    setReady(container, isReady) {
      of(container).ready = isReady;
      write();
    },
    restartCount: (container) => of(container).restartCount,
  };
};
