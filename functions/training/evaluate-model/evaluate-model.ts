import { TrainingFailedError } from '#shared/errors.ts';
import { assertUnchanged, type ModelArchive, sealArchive } from '#shared/models/archive.ts';
import { findEvaluation } from '#shared/models/evaluation.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { rememberTraining } from '#shared/reuse/known-training.ts';
import { loadModelSearch, type ModelSearch } from '#shared/reuse/model-search.ts';
import { metricsOf } from '#shared/sagemaker/metrics.ts';
import type { TrainingJobs } from '#shared/sagemaker/training-job.ts';
import { judge } from './gate.ts';
import { assertHoldsFile } from './model-archive.ts';
import type { EvaluateModelInput, EvaluateModelOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly sageMaker: Pick<TrainingJobs, 'describeTrainingJob'>;
}

/**
 * Checks that the job left a model, and judges the job's metrics by the gate of `pipeline.yml`, rule by rule. A model that
 * the run has trained is one for later runs to find, whether it passes or not: their gate may be another.
 */
export const evaluateModel = async (
  { runUri, trainingJobName, modelUri }: EvaluateModelInput,
  { objectStore, sageMaker }: Ports,
): Promise<EvaluateModelOutput> => {
  const { definition, pipeline } = await loadRun(objectStore, runUri);
  const job = await sageMaker.describeTrainingJob(trainingJobName);
  if (!job) throw new TrainingFailedError(`Training job ${trainingJobName} doesn't exist. Somebody deleted it.`);
  await assertHoldsFile(await objectStore.getStream(modelUri), modelUri);
  const search = await loadModelSearch(objectStore, runUri);
  const modelArchive = await judgedArchive(objectStore, { runUri, trainingJobName, modelUri }, search);
  if (search && !search.reused) {
    await rememberTraining(objectStore, pipeline, { runUri, trainingJobName, modelArchive, inputs: search.inputs });
  }
  const metrics = metricsOf(job.FinalMetricDataList);
  const rules = judge(definition.gate, metrics);
  const failed = rules.filter(({ passed }) => !passed);
  const gatePassed = failed.length === 0;
  await writeFact(objectStore, runUri, 'evaluation', {
    trainingJobName,
    modelArchive,
    metrics,
    gatePassed,
    rules,
    trainingSeconds: job.TrainingTimeInSeconds,
    billableSeconds: job.BillableTimeInSeconds,
  });
  return {
    gatePassed,
    metrics,
    reason: failed.map(({ explanation }) => explanation).join(' '),
    billableSeconds: search?.reused ? 0 : (job.BillableTimeInSeconds ?? 0),
  };
};

/** What was judged stays what it was: an earlier try of this step, or the run that a model is reused from, has sealed it. */
const judgedArchive = async (
  objectStore: ObjectStore,
  { runUri, trainingJobName, modelUri }: EvaluateModelInput,
  search: ModelSearch | undefined,
): Promise<ModelArchive> => {
  const earlier = await findEvaluation(objectStore, runUri);
  const sealed =
    search?.reused?.modelArchive ?? (earlier?.trainingJobName === trainingJobName ? earlier.modelArchive : undefined);
  if (!sealed) return sealArchive(objectStore, modelUri);
  await assertUnchanged(objectStore, sealed.uri, sealed);
  return sealed;
};
