import { readFile } from 'node:fs/promises';
import { describe, it } from 'vitest';
import { readKubeconfig } from '#shared/kyma/kubeconfig.ts';
import { kubernetesCluster } from '#shared/kyma/kubernetes.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { loopback, openKubernetes } from '#test/local/kubernetes/open-kubernetes.ts';
import { clusterContract } from './cluster-contract.ts';

clusterContract("the laptop's cluster", async () => {
  const { kubernetes, cluster, close } = await openKubernetes();
  return { cluster, access: readKubeconfig(kubernetes.kubeconfig, loopback), close };
});

/** The path of a kubeconfig as docs/kyma.md describes it, whose user may make namespaces. */
const kubeconfigFile = process.env.FEDML_TEST_KUBECONFIG;

if (kubeconfigFile) {
  clusterContract(`the cluster of ${kubeconfigFile}`, async () => {
    const { guard } = kymaSettings();
    const access = readKubeconfig(await readFile(kubeconfigFile, 'utf8'), guard);
    return { cluster: kubernetesCluster(access, guard), access, close: async () => {} };
  });
} else {
  describe('a real cluster', () => {
    it.skip('is not tried: name a kubeconfig in FEDML_TEST_KUBECONFIG (CONTRIBUTING.md)', () => {});
  });
}
