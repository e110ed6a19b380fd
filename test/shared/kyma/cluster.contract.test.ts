import { readFile } from 'node:fs/promises';
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

const hint = kubeconfigFile ? '' : ' (skipped: FEDML_TEST_KUBECONFIG names no kubeconfig, see CONTRIBUTING.md)';

clusterContract(
  `the cluster of a kubeconfig${hint}`,
  async () => {
    const { guard } = kymaSettings();
    const access = readKubeconfig(await readFile(kubeconfigFile!, 'utf8'), guard);
    return { cluster: kubernetesCluster(access, guard), access, close: async () => {} };
  },
  { isSkipped: !kubeconfigFile },
);
