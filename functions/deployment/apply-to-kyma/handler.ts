import { ecrRegistries } from '#shared/images/ecr.ts';
import { clusterOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { applyToKyma } from './apply-to-kyma.ts';
import { ApplyToKymaInput, ApplyToKymaOutput } from './schema.ts';

const ports = {
  objectStore: s3ObjectStore(),
  registries: ecrRegistries(),
  openCluster: clusterOfSecret(kymaSettings),
};

export const handler = step({ input: ApplyToKymaInput, output: ApplyToKymaOutput }, (input) =>
  applyToKyma(input, ports),
);
