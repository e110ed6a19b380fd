import type { DatasetManifest, DatasetName } from '#shared/dataset/manifest.ts';
import { manifestUri, partsUri } from '#shared/dataset/manifest.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { type Run, runFolderUri, runRecordUri } from '#shared/pipeline/run.ts';

export const STORE_URI = 's3://store/fedml';
export const RUN_URI = `${STORE_URI}/runs/flights/run-1/`;

/** A definition with what the case is about, over the least that is valid. */
export const definitionOf = (settings: object = {}): PipelineDefinition =>
  PipelineDefinition.parse({
    name: 'flights',
    source: { view: 'V_TRAINING', key: ['ID'], target: 'LATE' },
    ...settings,
  });

/** A run of the pipeline `flights`, recorded in the store. */
export const givenRun = async (
  objectStore: ObjectStore,
  { settings = {}, runId = 'run-1', ...rest }: Partial<Run> & { settings?: object } = {},
): Promise<Run> => {
  const run: Run = {
    runId,
    pipeline: 'flights',
    mode: 'full',
    runUri: runFolderUri(STORE_URI, 'flights', runId),
    executionArn: `arn:aws:states:eu-central-1:000000000000:execution:pipeline:${runId}`,
    startedAt: '2026-03-01T06:00:00.000Z',
    input: {},
    definition: definitionOf(settings),
    codeSha256: 'c0de',
    ...rest,
  };
  await objectStore.put(runRecordUri(run.runUri), JSON.stringify(run));
  return run;
};

/** A staged dataset whose parts are the given CSV texts. */
export const givenDataset = async (
  objectStore: ObjectStore,
  dataset: DatasetName,
  columns: readonly string[],
  parts: readonly string[],
  header = false,
  runUri = RUN_URI,
): Promise<DatasetManifest> => {
  const uris = parts.map((_, index) => `${partsUri(runUri, dataset)}part-${index}.csv`);
  for (const [index, part] of parts.entries()) await objectStore.put(uris[index]!, part);
  const rows = (part: string): number => part.split('\n').length - 1 - (header ? 1 : 0);
  const manifest: DatasetManifest = {
    version: 1,
    dataset,
    runUri,
    sealedAt: '2026-03-01T06:01:00.000Z',
    source: { schema: 'SPACE', view: 'V_TRAINING', key: ['ID'], queries: [] },
    format: { type: 'csv', header },
    columns: columns.map((name) => ({ name, type: 'DOUBLE', length: 0, scale: 0, nullable: true })),
    parts: parts.map((part, index) => ({
      uri: uris[index]!,
      rowCount: rows(part),
      sizeBytes: Buffer.byteLength(part),
      sha256: '0'.repeat(64),
      partition: index,
    })),
    rowCount: parts.reduce((sum, part) => sum + rows(part), 0),
    sizeBytes: parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0),
  };
  await objectStore.put(manifestUri(runUri, dataset), JSON.stringify(manifest));
  return manifest;
};
