import { z } from 'zod';
import { InvalidInputError, NoChampionError, ObjectChangedError, ObjectMissingError } from '#shared/errors.ts';
import { assertModelUnchanged, ModelArchive, SourceArchive } from '#shared/models/archive.ts';
import { FeatureContract } from '#shared/models/feature-contract.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { PipelineName } from '#shared/pipeline/definition.ts';
import { RunUri } from '#shared/pipeline/run.ts';
import { Metrics } from '#shared/sagemaker/metrics.ts';
import { folderIn, type UriIn } from '#shared/store/layout.ts';
import { uriIn } from '#shared/store/uri.ts';

/** A model in the register, `models/<pipeline>/<training job>.json`: what is needed to serve it, and where it came from. */
export const ModelRecord = z.strictObject({
  version: z.literal(2),
  pipeline: PipelineName,
  trainingJobName: z.string().min(1).max(63),
  /** The run that trained it. */
  runUri: RunUri,
  /** model.tar.gz, as it was evaluated. */
  modelArchive: ModelArchive,
  /** sourcedir.tar.gz, as the run wrote it; its entry point serves the model too. */
  sourceArchive: SourceArchive,
  entryPoint: z.string().min(1),
  imageUri: z.string().min(1),
  metrics: Metrics,
  codeSha256: z.string(),
  /** Its version in SageMaker's model registry, which has its approval. */
  modelPackageArn: z.string().min(1),
  registeredAt: z.iso.datetime(),
  /** What it was trained with. Null for a model that was trained elsewhere; absent from records of earlier versions. */
  contract: FeatureContract.nullable().optional(),
});
export type ModelRecord = z.infer<typeof ModelRecord>;

/** `models/<pipeline>/champion.json`: the model that answers for the pipeline now. */
export const Champion = z.strictObject({
  modelRecordUri: uriIn('models'),
  trainingJobName: z.string(),
  runUri: RunUri,
  promotedAt: z.iso.datetime(),
  /** The last run that has put it into service; absent where that is `runUri`. */
  deployedByRunUri: RunUri.optional(),
});
export type Champion = z.infer<typeof Champion>;

export const modelRecordUri = (storeUri: string, pipeline: string, trainingJobName: string): string =>
  `${folderIn(storeUri, 'models')}${pipeline}/${trainingJobName}.json`;

/** What a run's own record says of its model. The contract, which can be long, stays in the register. */
export const modelFact = (uri: string, { contract: _, ...record }: ModelRecord): object => ({
  modelRecordUri: uri,
  ...record,
});

const championUri = (storeUri: string, pipeline: string): string =>
  `${folderIn(storeUri, 'models')}${pipeline}/champion.json`;

export const loadModelRecord = async (objectStore: ObjectStore, uri: string): Promise<ModelRecord> => {
  const content: unknown = JSON.parse((await objectStore.getText(uri)).text);
  const record = ModelRecord.safeParse(content);
  if (record.success) return record.data;
  throw new InvalidInputError(
    isOfVersion1(content)
      ? `${uri} was registered without a digest of its archives, so nothing proves that they are what was evaluated. Train the model again.`
      : `${uri} is not a model record.\n${z.prettifyError(record.error)}`,
  );
};

/**
 * The record of a model whose archives still hold what was evaluated: for whoever is about to put it into service, or to
 * vouch for it.
 *
 * @throws ModelChangedError when they don't.
 */
export const loadProvenModel = async (objectStore: ObjectStore, uri: string): Promise<ModelRecord> => {
  const record = await loadModelRecord(objectStore, uri);
  await assertModelUnchanged(objectStore, record);
  return record;
};

const isOfVersion1 = (content: unknown): boolean => (content as { version?: unknown } | null)?.version === 1;

/** Writes a model's record once: where there is one already, that is the answer. */
export const enterModel = async (objectStore: ObjectStore, uri: string, record: ModelRecord): Promise<ModelRecord> => {
  try {
    await objectStore.put(uri, `${JSON.stringify(record, null, 2)}\n`, {
      ifNoneMatch: '*',
      contentType: 'application/json',
    });
    return record;
  } catch (error) {
    if (error instanceof ObjectChangedError) return loadModelRecord(objectStore, uri);
    throw error;
  }
};

/** A training job's record among the pipeline's models, or undefined. */
export const findModelRecord = async (objectStore: ObjectStore, uri: string): Promise<ModelRecord | undefined> => {
  try {
    return await loadModelRecord(objectStore, uri);
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};

/**
 * The record's URI of the pipeline's champion.
 *
 * @throws NoChampionError when no model was promoted yet.
 */
export const championRecordUri = async (
  objectStore: ObjectStore,
  storeUri: string,
  pipeline: string,
): Promise<string> => {
  const current = await readChampion(objectStore, championUri(storeUri, pipeline));
  if (current) return current.champion.modelRecordUri;
  throw noChampion(pipeline);
};

export const noChampion = (pipeline: string): NoChampionError =>
  new NoChampionError(
    `The pipeline ${pipeline} has no model to score with. Run it once with mode "full", or "train" if it deploys nothing.`,
  );

/** The model that answers for the pipeline now, and the run that has put it there; undefined before there is one. */
export const findChampion = async (
  objectStore: ObjectStore,
  storeUri: string,
  pipeline: string,
): Promise<Champion | undefined> => (await readChampion(objectStore, championUri(storeUri, pipeline)))?.champion;

/** The run whose records say where the champion serves. Another one may have trained it. */
export const deployedBy = ({ runUri, deployedByRunUri }: Champion): string => deployedByRunUri ?? runUri;

export interface Promotion {
  readonly modelRecordUri: UriIn<'models'>;
  readonly record: ModelRecord;
  readonly storeUri: string;
  /** The run that promotes the model. */
  readonly runUri: string;
}

/**
 * Makes a model the pipeline's champion. Where it is that already, only who has put it into service last is noted: its place
 * may be another one since.
 *
 * @throws ObjectChangedError when another run promoted one in between; a retry then decides again.
 */
export const promote = async (objectStore: ObjectStore, promotion: Promotion): Promise<void> => {
  const { record, storeUri, runUri } = promotion;
  const uri = championUri(storeUri, record.pipeline);
  const current = await readChampion(objectStore, uri);
  const standing = current?.champion.modelRecordUri === promotion.modelRecordUri ? current.champion : undefined;
  if (standing && deployedBy(standing) === runUri) return;
  const champion: Champion = standing
    ? { ...standing, deployedByRunUri: runUri }
    : {
        modelRecordUri: promotion.modelRecordUri,
        trainingJobName: record.trainingJobName,
        runUri,
        promotedAt: new Date().toISOString(),
      };
  await objectStore.put(uri, `${JSON.stringify(champion, null, 2)}\n`, {
    contentType: 'application/json',
    ...(current ? { ifMatch: current.etag } : { ifNoneMatch: '*' }),
  });
};

const readChampion = async (objectStore: ObjectStore, uri: string) => {
  try {
    const { text, etag } = await objectStore.getText(uri);
    return { champion: Champion.parse(JSON.parse(text)), etag };
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};
