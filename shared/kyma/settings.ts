import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import { type AddressGuard, addressGuard } from '#shared/kyma/addresses.ts';

const Environment = z.object({
  /** Secrets Manager secret with the kubeconfig of the cluster, as text. */
  FEDML_KYMA_KUBECONFIG_SECRET_ARN: z.string().min(1).optional(),
  /** Secrets Manager secret with what callers of models need; see ModelClient. */
  FEDML_KYMA_CLIENT_SECRET_ARN: z.string().min(1).optional(),
  /** Networks, in CIDR notation, that are not public and that the cluster's API, its gateway or its issuer may lie in all the same. */
  FEDML_ALLOWED_PRIVATE_NETWORKS: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter(Boolean)),
});

export interface KymaSettings {
  readonly hasCluster: boolean;
  /** Throws InvalidInputError where no cluster is configured. */
  readonly kubeconfigSecretArn: () => string;
  /** Undefined where models are called without a token, or not at all. */
  readonly clientSecretArn: string | undefined;
  readonly guard: AddressGuard;
}

/** The settings of functions that deal with a cluster, from their environment. */
export const kymaSettings = (environment: NodeJS.ProcessEnv = process.env): KymaSettings => {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    throw new InvalidInputError(`The function's environment is incomplete.\n${z.prettifyError(parsed.error)}`);
  }
  const { data } = parsed;
  return {
    hasCluster: data.FEDML_KYMA_KUBECONFIG_SECRET_ARN !== undefined,
    kubeconfigSecretArn() {
      if (data.FEDML_KYMA_KUBECONFIG_SECRET_ARN) return data.FEDML_KYMA_KUBECONFIG_SECRET_ARN;
      throw new InvalidInputError(
        'deployment.target is kyma, and this installation knows no cluster: store a kubeconfig in Secrets Manager and name ' +
          'it in FEDML_KYMA_KUBECONFIG_SECRET_ARN (docs/kyma.md).',
      );
    },
    clientSecretArn: data.FEDML_KYMA_CLIENT_SECRET_ARN,
    guard: addressGuard(data.FEDML_ALLOWED_PRIVATE_NETWORKS.map((network) => network.trim())),
  };
};
