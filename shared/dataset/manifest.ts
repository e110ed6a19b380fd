import { z } from 'zod';
import { DatasetMismatchError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { runFolderIn } from '#shared/store/layout.ts';
import { uriIn } from '#shared/store/uri.ts';

export const Window = z.strictObject({ column: z.string(), after: z.string().optional(), upTo: z.string() });

/** Of rows in any order; see the warehouse's port. */
export const Fingerprint = z.strictObject({ rowCount: z.int().nonnegative(), checksum: z.string().regex(/^\d+$/) });
export type Fingerprint = z.infer<typeof Fingerprint>;

/** The datasets that a run stages: rows to train on, rows held out for testing, rows to score. */
export const DatasetName = z.enum(['train', 'test', 'score']);
export type DatasetName = z.infer<typeof DatasetName>;

/** A column of the view, with HANA's own type name, as SYS.VIEW_COLUMNS gives it. */
export const DatasetColumn = z.strictObject({
  name: z.string(),
  type: z.string(),
  length: z.int().nonnegative(),
  /** Null for a floating DECIMAL: one that was declared without precision and scale. */
  scale: z.int().nonnegative().nullable(),
  nullable: z.boolean(),
});
export type DatasetColumn = z.infer<typeof DatasetColumn>;

export const DatasetPart = z.strictObject({
  uri: uriIn('staged'),
  rowCount: z.int().nonnegative(),
  sizeBytes: z.int().nonnegative(),
  /** Of the object's bytes, hexadecimal. */
  sha256: z.string().length(64),
  /** The partition of the plan that the part was read by. */
  partition: z.int().nonnegative(),
});
export type DatasetPart = z.infer<typeof DatasetPart>;

/** How the rows stand in the parts. Scoring datasets are CSV without compression. */
export const DatasetFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('csv'), header: z.boolean(), compression: z.literal('gzip').optional() }),
  z.strictObject({ type: z.literal('parquet'), compression: z.enum(['zstd', 'snappy']).optional() }),
]);
export type DatasetFormat = z.infer<typeof DatasetFormat>;

/** What shows that the parts of a staging, all datasets together, are the view as it was at one moment. */
export const Completeness = z.strictObject({
  proof: z.enum(['checksum', 'count']),
  /** What was read, and what the view had when all of it was read. */
  read: Fingerprint,
  view: Fingerprint,
  /** How often partitions were read again because the view had changed. */
  rereads: z.int().nonnegative(),
});
export type Completeness = z.infer<typeof Completeness>;

/** `manifest.json` beside a dataset's parts: what was staged, how, and the proof that it is whole. */
export const DatasetManifest = z.strictObject({
  version: z.literal(1),
  dataset: DatasetName,
  runUri: RunUri,
  /** The run whose parts these are, where nothing had changed since. */
  reusedFrom: RunUri.optional(),
  sealedAt: z.iso.datetime(),
  source: z.strictObject({
    schema: z.string(),
    view: z.string(),
    key: z.array(z.string()),
    /** The statements that read the view, one a partition, values bound. */
    queries: z.array(z.string()),
    /** The rows that were read of a view with a watermark: those beyond `after`, up to `upTo`. */
    window: Window.optional(),
  }),
  completeness: Completeness.optional(),
  format: DatasetFormat,
  /** The columns of the parts, in their order. */
  columns: z.array(DatasetColumn),
  /** The values of text columns that have few; absent from manifests of earlier versions. */
  categories: z.record(z.string(), z.array(z.string()).readonly()).optional(),
  parts: z.array(DatasetPart),
  rowCount: z.int().nonnegative(),
  sizeBytes: z.int().nonnegative(),
});
export type DatasetManifest = z.infer<typeof DatasetManifest>;

/** The folder that holds the dataset's parts: the run's own, or that of the run whose parts it has. */
export const folderOf = ({ runUri, reusedFrom, dataset }: DatasetManifest): string =>
  partsUri(reusedFrom ?? runUri, dataset);

/** The folder that holds a dataset's parts and nothing else, so that it can be a SageMaker channel. */
export const partsUri = (runUri: string, dataset: DatasetName): string => `${runFolderIn(runUri, 'staged')}${dataset}/`;

export const manifestUri = (runUri: string, dataset: DatasetName): string => `${runUri}${dataset}/manifest.json`;

export const loadManifest = async (objectStore: ObjectStore, uri: string): Promise<DatasetManifest> => {
  const { text } = await objectStore.getText(uri);
  const manifest = DatasetManifest.safeParse(JSON.parse(text));
  if (!manifest.success)
    throw new DatasetMismatchError(`${uri} is not a manifest.\n${z.prettifyError(manifest.error)}`);
  return manifest.data;
};
