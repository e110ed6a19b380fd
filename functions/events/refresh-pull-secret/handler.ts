import { config } from '#shared/config.ts';
import { ecrRegistries } from '#shared/images/ecr.ts';
import { clusterOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { step } from '#shared/step.ts';
import { refreshPullSecret } from './refresh-pull-secret.ts';
import { RefreshPullSecretInput, RefreshPullSecretOutput } from './schema.ts';

const ports = { registries: ecrRegistries() };

export const handler = step({ input: RefreshPullSecretInput, output: RefreshPullSecretOutput }, (input) =>
  refreshPullSecret(input, {
    ...ports,
    stage: config().stage,
    openCluster: kymaSettings().hasCluster ? clusterOfSecret(kymaSettings) : undefined,
  }),
);
