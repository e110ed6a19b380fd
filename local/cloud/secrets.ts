import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ensureSecret } from '#local/deployment/secret.ts';

/** The ARNs of the project's secrets, which its roles name; each stays the same from start to start. */
export interface SecretArns {
  readonly warehouse: string;
  readonly kyma?: { readonly kubeconfigArn: string; readonly clientArn: string };
}

export const ensureSecrets = async (
  secrets: SecretsManagerClient,
  { withKyma }: { readonly withKyma: boolean },
): Promise<SecretArns> => {
  const warehouse = await ensureSecret(secrets, 'fedml/warehouse');
  if (!withKyma) return { warehouse };
  const kubeconfigArn = await ensureSecret(secrets, 'fedml/kyma-kubeconfig');
  const clientArn = await ensureSecret(secrets, 'fedml/kyma-client');
  return { warehouse, kyma: { kubeconfigArn, clientArn } };
};
