import { accessOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import type { KymaPorts } from './kyma.ts';

/** The cluster that the environment names; undefined where it names none. */
export const kymaOfEnvironment = (): KymaPorts | undefined => {
  const settings = kymaSettings();
  if (!settings.hasCluster) return undefined;
  return {
    access: () => accessOfSecret(settings),
    open: async (access) => {
      // Loaded when there is a cluster: it takes longer to load than all else of the doctor.
      const { clusterRights, kubernetesCluster } = await import('#shared/kyma/kubernetes.ts');
      return {
        cluster: kubernetesCluster(access, settings.guard),
        isAllowed: clusterRights(access, settings.guard),
      };
    },
    now: () => new Date(),
    stage: process.env.FEDML_STAGE,
  };
};
