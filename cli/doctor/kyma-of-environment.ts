import { clusterRights, kubernetesCluster } from '#shared/kyma/kubernetes.ts';
import { accessOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import type { KymaPorts } from './kyma.ts';

/** The cluster that the environment names; undefined where it names none. */
export const kymaOfEnvironment = (): KymaPorts | undefined => {
  const settings = kymaSettings();
  if (!settings.hasCluster) return undefined;
  return {
    access: () => accessOfSecret(settings),
    open: (access) => ({
      cluster: kubernetesCluster(access, settings.guard),
      isAllowed: clusterRights(access, settings.guard),
    }),
    now: () => new Date(),
  };
};
