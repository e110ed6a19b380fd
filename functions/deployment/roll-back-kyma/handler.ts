import { clusterOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { rollBackKyma } from './roll-back-kyma.ts';
import { RollBackKymaInput, RollBackKymaOutput } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), openCluster: clusterOfSecret(kymaSettings) };

export const handler = step({ input: RollBackKymaInput, output: RollBackKymaOutput }, (input) =>
  rollBackKyma(input, ports),
);
