import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { EndpointFailedError, InvalidInputError } from '#shared/errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { kymaPlace } from '#shared/kyma/place.ts';
import { loadModelRecord } from '#shared/models/model-record.ts';
import { type ObjectStore, parseObjectUri } from '#shared/object-store/object-store.ts';
import type { SageMakerDeployment } from '#shared/pipeline/definition.ts';
import { loadRun, type Run } from '#shared/pipeline/run.ts';
import { findScoring, scoringInputsSha256 } from '#shared/reuse/known-scoring.ts';
import { saveScoring } from '#shared/reuse/scoring-fact.ts';
import { type Endpoints, endpointNameOf } from '#shared/sagemaker/endpoint.ts';
import { isModelOf } from '#shared/sagemaker/model.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { checkFeatures } from './check-features.ts';
import type { PlanScoringInput, PlanScoringOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly sageMaker: Pick<Endpoints, 'describeEndpoint' | 'modelOfEndpointConfig'>;
  readonly openCluster: () => Promise<Cluster>;
}

/**
 * Decides how a staged dataset is predicted: by a batch transform, or part by part where the model is deployed, if it is; or
 * not at all, where an earlier transform of the same rows by the same model has left its predictions.
 *
 * @throws FeatureMismatchError for a dataset whose columns aren't the model's features in their order.
 */
export const planScoring = async (
  { runUri, modelRecordUri }: PlanScoringInput,
  { objectStore, sageMaker, openCluster }: Ports,
): Promise<PlanScoringOutput> => {
  const run = await loadRun(objectStore, runUri);
  const record = await loadModelRecord(objectStore, modelRecordUri);
  const { trainingJobName: model } = record;
  const { prediction } = run.definition;
  if (!prediction) throw new InvalidInputError(`The pipeline ${run.pipeline} has no prediction in its pipeline.yml.`);
  const notes = await checkFeatures(objectStore, run, record);
  const common = { method: prediction.method, predictionsUri: predictionPartsUri(runUri), model, reused: null };
  if (prediction.method === 'transform') return planTransform(objectStore, run, common, notes);
  await saveScoring(objectStore, runUri, { ...common, notes, inputsSha256: null });
  const { place, concurrency } =
    prediction.method === 'kyma'
      ? await kymaPlace(await openCluster(), run, model)
      : await endpointPlace(sageMaker, run, model);
  const plan = await writePlan(objectStore, runUri, place);
  return { ...common, plan: { ...plan, concurrency } };
};

/** A transform plans its parts itself. */
const planTransform = async (
  objectStore: ObjectStore,
  run: Run,
  anew: Omit<PlanScoringOutput, 'plan'>,
  notes: readonly string[],
): Promise<PlanScoringOutput> => {
  const manifest = await loadManifest(objectStore, manifestUri(run.runUri, 'score'));
  const inputsSha256 = scoringInputsSha256(run, anew.model, manifest);
  const known = run.definition.reuse ? await findScoring(objectStore, run, inputsSha256) : undefined;
  const because = 'the model, the rows and the settings are the same';
  const scoring = known
    ? { ...anew, predictionsUri: known.predictionsUri, reused: { runUri: known.runUri, because } }
    : anew;
  await saveScoring(objectStore, run.runUri, { ...scoring, notes, inputsSha256 });
  return { ...scoring, plan: null };
};

const endpointPlace = async (sageMaker: Ports['sageMaker'], run: Run, model: string) => {
  const deployment = deploymentOf(run);
  const endpointName = endpointNameOf({ pipeline: run.pipeline, stage: run.stage }, deployment);
  await assertServes(sageMaker, endpointName, model);
  return { place: { endpointName }, concurrency: concurrencyOf(deployment) };
};

/** Requests that an instance answers at a time without queueing them for long. */
const REQUESTS_PER_INSTANCE = 2;

const concurrencyOf = ({ serverless, instances }: SageMakerDeployment): number =>
  serverless?.maxConcurrency ?? REQUESTS_PER_INSTANCE * (instances?.count ?? 1);

const deploymentOf = ({ pipeline, definition: { deployment } }: Run): SageMakerDeployment => {
  if (deployment.target === 'sagemaker') return deployment;
  throw new InvalidInputError(`The pipeline ${pipeline} has no endpoint: deployment.target is ${deployment.target}.`);
};

/** Predictions are written with their model's name; an endpoint with another model would make it a lie. */
const assertServes = async (sageMaker: Ports['sageMaker'], endpointName: string, model: string): Promise<void> => {
  const endpoint = await sageMaker.describeEndpoint(endpointName);
  if (!endpoint)
    throw new EndpointFailedError(`The endpoint ${endpointName} doesn't exist. Run the pipeline with mode "full".`);
  const modelName = await sageMaker.modelOfEndpointConfig(endpoint.EndpointConfigName ?? '');
  if (modelName && isModelOf(modelName, model)) return;
  throw new EndpointFailedError(
    `The endpoint ${endpointName} serves ${modelName ?? 'no model'}, not the model of ${model}. ` +
      'Deploy the model with mode "full", or predict with prediction.method: transform.',
  );
};

const writePlan = async (
  objectStore: ObjectStore,
  runUri: string,
  place: { endpointName: string } | { url: string },
) => {
  const { parts } = await loadManifest(objectStore, manifestUri(runUri, 'score'));
  const items = parts
    .filter(({ rowCount }) => rowCount > 0)
    .map(({ uri }, part) => JSON.stringify({ runUri, ...place, part, uri }));
  const planUri = `${runUri}predictions/scoring-plan.jsonl`;
  await objectStore.put(planUri, `${items.join('\n')}\n`, { contentType: 'application/jsonl' });
  return { ...parseObjectUri(planUri), partCount: items.length };
};
