import { z } from 'zod';
import { StagingPurpose } from '#shared/dataset/staging-plan.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { uriIn } from '#shared/store/uri.ts';

/** The round that has ended, as the plan or an earlier answer described it. */
export const SealDatasetInput = z.strictObject({
  runUri: RunUri,
  purpose: StagingPurpose,
  round: z.int().nonnegative(),
  rereads: z.int().nonnegative(),
  maxConcurrency: z.int().positive(),
});
export type SealDatasetInput = z.infer<typeof SealDatasetInput>;

const SealedDataset = z.strictObject({
  manifestUri: uriIn('runs'),
  partsUri: uriIn('staged'),
  rowCount: z.int().nonnegative(),
  sizeBytes: z.int().nonnegative(),
});
export type SealedDataset = z.infer<typeof SealedDataset>;

/** Partitions to read before there is a dataset, with what the state machine needs to map over them. */
const NextRound = z.strictObject({
  bucket: z.string(),
  partitionsKey: z.string(),
  partitionCount: z.int().positive(),
  maxConcurrency: z.int().positive(),
  round: z.int().positive(),
  rereads: z.int().nonnegative(),
  waitSeconds: z.int().nonnegative(),
});
export type NextRound = z.infer<typeof NextRound>;

/** What the child answers with. */
export const Seal = z.union([
  z.strictObject({ sealed: z.strictObject({ train: SealedDataset, test: SealedDataset }) }),
  z.strictObject({ sealed: z.strictObject({ score: SealedDataset }) }),
]);
export type Seal = z.infer<typeof Seal>;

export const SealDatasetOutput = z.union([...Seal.options, z.strictObject({ next: NextRound })]);
export type SealDatasetOutput = z.infer<typeof SealDatasetOutput>;
