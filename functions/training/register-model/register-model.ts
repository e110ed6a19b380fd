import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { assertModelUnchanged } from '#shared/models/archive.ts';
import { loadEvaluation } from '#shared/models/evaluation.ts';
import { contractOf } from '#shared/models/feature-contract.ts';
import {
  enterModel,
  findModelRecord,
  type ModelRecord,
  modelFact,
  modelRecordUri,
  promote,
} from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import { loadRun, type Run, storeUriOf } from '#shared/pipeline/run.ts';
import { trainingImageUri } from '#shared/sagemaker/image-uris.ts';
import {
  type ModelRegistry,
  modelPackageGroupRequest,
  modelPackageRequest,
  type UnregisteredModel,
} from '#shared/sagemaker/model-package.ts';
import { sourceArchiveOf } from '#shared/sagemaker/source-archive.ts';
import type { UriIn } from '#shared/store/layout.ts';
import { claimTrainedWatermark } from '#shared/watermark/trained-watermark.ts';
import type { RegisterModelInput, RegisterModelOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly sageMaker: ModelRegistry;
}

/**
 * Enters a model that passed its gate in the register, and as a version in SageMaker's, once: a model that is reused keeps
 * the entry it has. Where the pipeline deploys nothing it becomes the champion too; else its deployment makes it that.
 */
export const registerModel = async (
  input: RegisterModelInput,
  ports: Ports,
  { region }: { readonly region: string },
): Promise<RegisterModelOutput> => {
  const { runUri, trainingJobName } = input;
  const { objectStore } = ports;
  const { pipeline, definition, startedAt } = await loadRun(objectStore, runUri);
  const storeUri = storeUriOf(runUri);
  const uri = modelRecordUri(storeUri, pipeline, trainingJobName);
  await claimRows(objectStore, { runUri, definition }, uri);
  const record = (await findModelRecord(objectStore, uri)) ?? (await register(uri, input, ports, region));
  await assertModelUnchanged(objectStore, record);
  await writeFact(objectStore, runUri, 'model', modelFact(uri, record));
  if (definition.deployment.target === 'none') {
    await promote(objectStore, { modelRecordUri: uri, record, storeUri, runUri });
  }
  return { modelRecordUri: uri, isNew: Date.parse(record.registeredAt) >= Date.parse(startedAt) };
};

/** Before the model is entered, so that entering it moves the watermark: see shared/watermark. */
const claimRows = async (
  objectStore: ObjectStore,
  { runUri, definition }: Pick<Run, 'runUri' | 'definition'>,
  modelRecordUri: UriIn<'models'>,
): Promise<void> => {
  if (definition.source.watermark === undefined) return;
  const { window } = (await loadManifest(objectStore, manifestUri(runUri, 'train'))).source;
  if (window) await claimTrainedWatermark(objectStore, { runUri, window, modelRecordUri });
};

/** The entry tells of the run that trained, also where another one is the first whose gate the model passes. */
const register = async (
  uri: string,
  { runUri, trainedByRunUri, trainingJobName, metrics }: RegisterModelInput,
  { objectStore, sageMaker }: Ports,
  region: string,
): Promise<ModelRecord> => {
  const run = await loadRun(objectStore, trainedByRunUri);
  const { modelArchive } = await loadEvaluation(objectStore, runUri, trainingJobName);
  const { pipeline, definition, codeSha256 } = run;
  const { training } = definition;
  const manifest = await loadManifest(objectStore, manifestUri(trainedByRunUri, 'train'));
  const model: UnregisteredModel = {
    version: 2,
    pipeline,
    trainingJobName,
    runUri: trainedByRunUri,
    modelArchive,
    sourceArchive: sourceArchiveOf(run),
    entryPoint: training.entryPoint,
    imageUri: trainingImageUri(training, region),
    metrics,
    codeSha256,
    registeredAt: new Date().toISOString(),
    contract: contractOf(manifest, definition.source),
  };
  await sageMaker.createModelPackageGroup(modelPackageGroupRequest(run));
  const modelPackageArn = await sageMaker.createModelPackage(modelPackageRequest(model, run, manifest, region));
  return enterModel(objectStore, uri, { ...model, modelPackageArn });
};
