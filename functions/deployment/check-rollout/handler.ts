import { clusterOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { checkRollout } from './check-rollout.ts';
import { CheckRolloutInput, CheckRolloutOutput } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), openCluster: clusterOfSecret(kymaSettings) };

export const handler = step({ input: CheckRolloutInput, output: CheckRolloutOutput }, (input) =>
  checkRollout(input, ports),
);
