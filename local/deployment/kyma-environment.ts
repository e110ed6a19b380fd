import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Right } from '#local/kubernetes/api/users.ts';
import type { KubernetesStandIn } from '#local/kubernetes/start-kubernetes.ts';
import { CLUSTER_RIGHTS, NAMESPACE_RIGHTS } from '#shared/kyma/rights.ts';
import { deploySecret } from './secret.ts';

/** Tells the functions of the laptop's cluster as they are told of a real one: two secrets, and the network that it lies in. */
export const deployKymaEnvironment = async (
  secrets: SecretsManagerClient,
  { addUser, certificateAuthority, issuer }: KubernetesStandIn,
): Promise<Record<string, string>> => {
  const { tokenUrl, clientId, clientSecret } = issuer;
  const kubeconfig = addUser('fedml-deployer', mayDeploy);
  const client = { oauth: { tokenUrl, clientId, clientSecret }, certificateAuthority };
  return {
    FEDML_KYMA_KUBECONFIG_SECRET_ARN: await deploySecret(secrets, 'fedml/kyma-kubeconfig', kubeconfig),
    FEDML_KYMA_CLIENT_SECRET_ARN: await deploySecret(secrets, 'fedml/kyma-client', JSON.stringify(client)),
    FEDML_ALLOWED_PRIVATE_NETWORKS: '127.0.0.0/8',
  };
};

/** The roles of docs/kyma.md, in whichever namespace a pipeline names. */
const mayDeploy = ({ verb, group, resource, namespace }: Right): boolean =>
  [...CLUSTER_RIGHTS, ...(namespace ? NAMESPACE_RIGHTS : [])].some(
    (rights) => rights.group === group && rights.resource === resource && rights.verbs.includes(verb),
  );
