import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DatasetManifest } from '#shared/dataset/manifest.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { type Run, RunUri, storeUriOf } from '#shared/pipeline/run.ts';
import { contentSha256 } from '#shared/reuse/content-sha256.ts';
import { datasetContent } from '#shared/reuse/dataset-content.ts';
import { readEntry, writeEntry } from '#shared/reuse/index-entry.ts';
import { transformEnvironment } from '#shared/sagemaker/transform-job.ts';
import { folderIn } from '#shared/store/layout.ts';
import { uriIn } from '#shared/store/uri.ts';

/** `scorings/<pipeline>/<digest of its inputs>.json`: a batch transform whose output was published whole. */
const KnownScoring = z.strictObject({
  version: z.literal(1),
  /** The run that scored. */
  runUri: RunUri,
  predictionsUri: uriIn('predictions'),
  /** Of the parts' names and ETags: what is there has to be what was published. */
  partsSha256: z.string().length(64),
});
type KnownScoring = z.infer<typeof KnownScoring>;

/** A digest of everything that a batch transform makes its predictions of: the model, the rows, and how it is served. */
export const scoringInputsSha256 = (
  { definition }: Pick<Run, 'definition'>,
  trainingJobName: string,
  scoreManifest: DatasetManifest,
): string => {
  const { source, instances } = definition.prediction!;
  const { vpc, kmsKeyId } = definition.training;
  return contentSha256({
    trainingJobName,
    data: datasetContent(scoreManifest),
    key: source.key,
    instances,
    environment: transformEnvironment(definition),
    vpc,
    kmsKeyId,
  });
};

type Place = Pick<Run, 'runUri' | 'pipeline'>;

/** The last transform of these inputs, if all that it wrote is still there as it was. */
export const findScoring = async (
  objectStore: ObjectStore,
  place: Place,
  inputsSha256: string,
): Promise<KnownScoring | undefined> => {
  const known = await readEntry(objectStore, entryUri(place, inputsSha256), KnownScoring);
  if (!known) return undefined;
  return (await partsSha256(objectStore, known.predictionsUri)) === known.partsSha256 ? known : undefined;
};

/** Lets later runs find predictions that were published whole. */
export const rememberScoring = async (
  objectStore: ObjectStore,
  place: Place,
  inputsSha256: string,
  predictionsUri: string,
): Promise<void> =>
  writeEntry(objectStore, entryUri(place, inputsSha256), KnownScoring, {
    version: 1,
    runUri: place.runUri,
    predictionsUri,
    partsSha256: await partsSha256(objectStore, predictionsUri),
  });

const entryUri = ({ runUri, pipeline }: Place, inputsSha256: string): string =>
  `${folderIn(storeUriOf(runUri), 'scorings')}${pipeline}/${inputsSha256}.json`;

const partsSha256 = async (objectStore: ObjectStore, folderUri: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const { uri, etag, sizeBytes } of objectStore.list(folderUri)) {
    hash.update(JSON.stringify([uri, etag, sizeBytes]));
  }
  return hash.digest('hex');
};
