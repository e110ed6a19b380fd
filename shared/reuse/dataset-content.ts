import type { DatasetManifest } from '#shared/dataset/manifest.ts';

/** What a dataset says to whoever reads it: the bytes of its parts in their order, and how to read them. Not where they lie. */
export const datasetContent = ({ format, columns, parts }: DatasetManifest): unknown => ({
  format,
  columns,
  parts: parts.map(({ sha256, partition }) => ({ sha256, partition })),
});
