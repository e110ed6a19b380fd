import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KubernetesStandIn, startKubernetes } from '#local/kubernetes/start-kubernetes.ts';
import { pythonInterpreter } from '#local/sagemaker/python-interpreter.ts';
import { addressGuard } from '#shared/kyma/addresses.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { readKubeconfig } from '#shared/kyma/kubeconfig.ts';
import { kubernetesCluster } from '#shared/kyma/kubernetes.ts';
import { type ImageRegistry, openImageRegistry } from './image-registry.ts';

export interface OpenKubernetes {
  readonly kubernetes: KubernetesStandIn;
  readonly registry: ImageRegistry;
  readonly cluster: Cluster;
  clusterOf(kubeconfig: string): Cluster;
  close(): Promise<void>;
}

export const loopback = addressGuard(['127.0.0.0/8']);

const SECOND_MS = 50;

/** Goes as fast as the cluster's seconds: what is to be a minute old is so after three seconds. */
const fastClock = (): (() => Date) => {
  const startedAt = Date.now();
  return () => new Date(startedAt + ((Date.now() - startedAt) * 1000) / SECOND_MS);
};

/** A cluster in a folder of its own, where a second takes 50 ms, and a registry. */
export const openKubernetes = async (): Promise<OpenKubernetes> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'kubernetes-'));
  const python = await pythonInterpreter(join(import.meta.dirname, '../../..'));
  const registry = await openImageRegistry();
  const kubernetes = await startKubernetes({ dataDir, python, secondMs: SECOND_MS, clock: fastClock() });
  const clusterOf = (kubeconfig: string): Cluster => kubernetesCluster(readKubeconfig(kubeconfig, loopback), loopback);
  return {
    kubernetes,
    registry,
    cluster: clusterOf(kubernetes.kubeconfig),
    clusterOf,
    async close() {
      await kubernetes.close();
      await registry.close();
      await rm(dataDir, { recursive: true });
    },
  };
};
