import { config } from '#shared/config.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { hanaWarehouse } from '#shared/warehouse/hana.ts';
import { secretsManagerCredentials } from '#shared/warehouse/secrets-manager.ts';
import { publishPredictions } from './publish-predictions.ts';
import { PublishPredictionsInput, PublishPredictionsOutput } from './schema.ts';

const ports = {
  warehouse: hanaWarehouse(secretsManagerCredentials(() => config().warehouseSecretArn)),
  objectStore: s3ObjectStore(),
};

const counts = ({ rowCount }: PublishPredictionsOutput) => ({ RowsPublished: rowCount });

export const handler = step({ input: PublishPredictionsInput, output: PublishPredictionsOutput, counts }, (input) =>
  publishPredictions(input, ports),
);
