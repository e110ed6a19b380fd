import { z } from 'zod';
import { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import { RunUri } from '#shared/pipeline/run.ts';

export const SealDatasetInput = z.strictObject({ runUri: RunUri, purpose: StagingPurpose });
export type SealDatasetInput = z.infer<typeof SealDatasetInput>;

const SealedDataset = z.strictObject({
  manifestUri: z.string().startsWith('s3://'),
  partsUri: z.string().startsWith('s3://'),
  rowCount: z.int().positive(),
  sizeBytes: z.int().positive(),
});
export type SealedDataset = z.infer<typeof SealedDataset>;

export const SealDatasetOutput = z.union([
  z.strictObject({ train: SealedDataset, test: SealedDataset }),
  z.strictObject({ score: SealedDataset }),
]);
export type SealDatasetOutput = z.infer<typeof SealDatasetOutput>;
