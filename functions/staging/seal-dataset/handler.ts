import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { step } from '#shared/step.ts';
import { SealDatasetInput, SealDatasetOutput } from './schema.ts';
import { sealDataset } from './seal-dataset.ts';

const ports = { objectStore: s3ObjectStore() };

export const handler = step({ input: SealDatasetInput, output: SealDatasetOutput }, (input) =>
  sealDataset(input, ports),
);
