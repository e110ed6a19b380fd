import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { enterModel, modelRecordUri, promote } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import { loadRun, storeUriOf } from '#shared/pipeline/run.ts';
import { frameworkImageUri } from '#shared/sagemaker/image-uris.ts';
import {
  type ModelRegistry,
  modelPackageGroupRequest,
  modelPackageRequest,
  type UnregisteredModel,
} from '#shared/sagemaker/model-package.ts';
import { sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import type { RegisterModelInput, RegisterModelOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly sageMaker: ModelRegistry;
}

/**
 * Enters a model that passed its gate in the register, and as a version in SageMaker's. Where the pipeline deploys nothing it becomes the champion too;
 * else its deployment makes it that.
 */
export const registerModel = async (
  { runUri, trainingJobName, modelUri, metrics }: RegisterModelInput,
  { objectStore, sageMaker }: Ports,
  { region }: { readonly region: string },
): Promise<RegisterModelOutput> => {
  const run = await loadRun(objectStore, runUri);
  const { pipeline, definition, codeSha256 } = run;
  const { training, deployment } = definition;
  const storeUri = storeUriOf(runUri);
  const uri = modelRecordUri(storeUri, pipeline, trainingJobName);
  const model: UnregisteredModel = {
    version: 1,
    pipeline,
    trainingJobName,
    runUri,
    modelUri,
    sourceUri: sourceArchiveUri(runUri),
    entryPoint: training.entryPoint,
    imageUri: training.imageUri ?? frameworkImageUri({ ...training, region, scope: 'training' }),
    metrics,
    codeSha256,
    registeredAt: new Date().toISOString(),
  };
  const manifest = await loadManifest(objectStore, manifestUri(runUri, 'train'));
  await sageMaker.createModelPackageGroup(modelPackageGroupRequest(run));
  const modelPackageArn = await sageMaker.createModelPackage(modelPackageRequest(model, run, manifest, region));
  const record = await enterModel(objectStore, uri, { ...model, modelPackageArn });
  await writeFact(objectStore, runUri, 'model', { modelRecordUri: uri, ...record });
  if (deployment.target === 'none') await promote(objectStore, { modelRecordUri: uri, record, storeUri, runUri });
  return { modelRecordUri: uri };
};
