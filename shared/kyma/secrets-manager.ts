import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { InvalidInputError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { type ClusterAccess, readKubeconfig } from '#shared/kyma/kubeconfig.ts';
import { type ModelClient, parseModelClient } from '#shared/kyma/model-client.ts';
import type { KymaSettings } from '#shared/kyma/settings.ts';

/**
 * Opens the cluster of the kubeconfig that is stored now: read anew for each step, so that a new token is in force at once.
 *
 * @throws InvalidKubeconfigError, InvalidInputError when no cluster is configured.
 */
export const clusterOfSecret =
  (settings: () => KymaSettings, client = new SecretsManagerClient({})) =>
  async (): Promise<Cluster> => {
    const access = await accessOfSecret(settings(), client);
    // Loaded when a cluster is asked for: it takes longer to load than all else of a function that mostly needs none.
    const { kubernetesCluster } = await import('#shared/kyma/kubernetes.ts');
    return kubernetesCluster(access, settings().guard);
  };

/** The kubeconfig that is stored now. Throws as `clusterOfSecret` does. */
export const accessOfSecret = async (
  { kubeconfigSecretArn, guard }: KymaSettings,
  client = new SecretsManagerClient({}),
): Promise<ClusterAccess> => readKubeconfig(await readSecret(client, kubeconfigSecretArn()), guard);

/** What a caller of models needs, as it is stored now; nothing where nothing is stored. */
export const modelClientOfSecret =
  (settings: () => KymaSettings, client = new SecretsManagerClient({})) =>
  async (): Promise<ModelClient> => {
    const { clientSecretArn } = settings();
    return clientSecretArn ? parseModelClient(await readSecret(client, clientSecretArn)) : {};
  };

const readSecret = async (client: SecretsManagerClient, secretArn: string): Promise<string> => {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
  if (SecretString === undefined) throw new InvalidInputError(`The secret ${secretArn} holds no text.`);
  return SecretString;
};
