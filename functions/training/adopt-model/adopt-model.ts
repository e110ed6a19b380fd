import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { assertModelUnchanged, type ModelArchive } from '#shared/models/archive.ts';
import { enterModel, findModelRecord, modelFact, modelRecordUri } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import { loadRun, storeUriOf } from '#shared/pipeline/run.ts';
import { metricsOf } from '#shared/sagemaker/metrics.ts';
import { type ModelRegistry, modelPackageGroupRequest, modelPackageRequest } from '#shared/sagemaker/model-package.ts';
import { sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import { type TrainingJobs, trainingOutputUri } from '#shared/sagemaker/training-job.ts';
import type { AdoptModelInput, AdoptModelOutput } from './schema.ts';
import { servableParts } from './servable-parts.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly sageMaker: ModelRegistry & Pick<TrainingJobs, 'describeTrainingJob'>;
}

/**
 * Enters the model of a training job that this project did not start in the pipeline's register. Its archives are copied to
 * the run's folder, where whoever serves it may read them, and where they stay when somebody tidies up the job's bucket. A
 * model that is in the register already is left as it is.
 *
 * @throws InvalidInputError for a job that has no model to be served, with every reason.
 */
export const adoptModel = async (
  { runUri, trainingJobName }: AdoptModelInput,
  { objectStore, sageMaker }: Ports,
  { region }: { readonly region: string },
): Promise<AdoptModelOutput> => {
  const run = await loadRun(objectStore, runUri);
  const uri = modelRecordUri(storeUriOf(runUri), run.pipeline, trainingJobName);
  const known = await findModelRecord(objectStore, uri);
  if (known) {
    await assertModelUnchanged(objectStore, known);
    await writeFact(objectStore, runUri, 'model', modelFact(uri, known));
    return { modelRecordUri: uri };
  }
  const job = await sageMaker.describeTrainingJob(trainingJobName);
  const parts = servableParts(trainingJobName, job, run.definition.training.imageUri, region);
  const modelUri = `${trainingOutputUri(runUri)}${trainingJobName}/output/model.tar.gz`;
  const sourceArchive = await copy(objectStore, parts.sourceUri, sourceArchiveUri(runUri));
  const model = {
    version: 2,
    pipeline: run.pipeline,
    trainingJobName,
    runUri,
    modelArchive: await copy(objectStore, parts.modelUri, modelUri),
    sourceArchive,
    entryPoint: parts.entryPoint,
    imageUri: parts.imageUri,
    metrics: metricsOf(job?.FinalMetricDataList),
    codeSha256: sourceArchive.sha256,
    registeredAt: new Date().toISOString(),
    contract: null,
  } as const;
  await sageMaker.createModelPackageGroup(modelPackageGroupRequest(run));
  const modelPackageArn = await sageMaker.createModelPackage(modelPackageRequest(model, run, undefined, region));
  const record = await enterModel(objectStore, uri, { ...model, modelPackageArn });
  await writeFact(objectStore, runUri, 'model', modelFact(uri, record));
  return { modelRecordUri: uri };
};

/** Streams an object of any size, and answers what the copy holds. */
const copy = async (objectStore: ObjectStore, fromUri: string, toUri: string): Promise<ModelArchive> => {
  const hash = createHash('sha256');
  const from = await objectStore.getStream(fromUri);
  const hashed = async function* () {
    for await (const chunk of from) {
      hash.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  };
  const body = Readable.from(hashed(), { objectMode: false });
  await objectStore.putStream(toUri, body, { contentType: 'application/gzip', isKept: true });
  return { uri: toUri, sha256: hash.digest('hex'), versionId: null };
};
