import { config } from '#shared/config.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { SealDatasetInput, SealDatasetOutput } from './schema.ts';
import { sealDataset } from './seal-dataset.ts';

const ports = {
  warehouse: hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn)),
  objectStore: s3ObjectStore(),
};

export const handler = step({ input: SealDatasetInput, output: SealDatasetOutput }, (input) =>
  sealDataset(input, ports),
);
