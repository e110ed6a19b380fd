import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Right } from '#local/kubernetes/api/users.ts';
import type { KubernetesStandIn } from '#local/kubernetes/start-kubernetes.ts';
import { CLUSTER_RIGHTS, NAMESPACE_MAKER_RIGHTS, NAMESPACE_RIGHTS } from '#shared/kyma/rights.ts';
import { putSecret } from './secret.ts';

/** Tells the functions of the local cluster as they are told of a real one: by two secrets. */
export const deployKymaSecrets = async (
  secrets: SecretsManagerClient,
  { kubeconfigArn, clientArn }: { readonly kubeconfigArn: string; readonly clientArn: string },
  { addUser, certificateAuthority, issuer }: KubernetesStandIn,
): Promise<void> => {
  const { tokenUrl, clientId, clientSecret } = issuer;
  const client = { oauth: { tokenUrl, clientId, clientSecret }, certificateAuthority };
  await putSecret(secrets, kubeconfigArn, addUser('fedml-deployer', mayDeploy));
  await putSecret(secrets, clientArn, JSON.stringify(client));
};

/** The roles of docs/kyma.md as they are bound where namespaces are made: in whichever one a pipeline names. */
const mayDeploy = ({ verb, group, resource, namespace }: Right): boolean =>
  [...CLUSTER_RIGHTS, ...NAMESPACE_MAKER_RIGHTS, ...(namespace ? NAMESPACE_RIGHTS : [])].some(
    (rights) => rights.group === group && rights.resource === resource && rights.verbs.includes(verb),
  );
