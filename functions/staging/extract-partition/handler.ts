import { config } from '#shared/config.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { extractPartition } from './extract-partition.ts';
import { ExtractPartitionInput, ExtractPartitionOutput } from './schema.ts';

const ports = {
  warehouse: hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn)),
  objectStore: s3ObjectStore(),
};

const counts = ({ rowCount }: ExtractPartitionOutput) => ({ RowsRead: rowCount });

export const handler = step({ input: ExtractPartitionInput, output: ExtractPartitionOutput, counts }, (input) =>
  extractPartition(input, ports),
);
