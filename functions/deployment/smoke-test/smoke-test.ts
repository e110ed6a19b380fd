import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import {
  DatasetMismatchError,
  ModelTimeoutError,
  PayloadTooLargeError,
  PredictionFailedError,
  SmokeTestFailedError,
} from '#shared/errors.ts';
import { loadDeployment } from '#shared/models/deployment-fact.ts';
import { loadProvenModel } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { askModel, type ModelAnswer } from '#shared/predictions/ask-model.ts';
import { endpointOf } from '#shared/predictions/model-place.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';
import { assertWritable } from './assert-writable.ts';
import type { SmokeTestInput, SmokeTestOutput } from './schema.ts';
import { testRows } from './test-rows.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly modelServer: ModelServer;
}

/**
 * Asks the deployed model for rows that it was tested with: it must give one answer a row, of as many values as are to be
 * written, of the types that they are to be written as.
 */
export const smokeTest = async (
  { runUri, ...place }: SmokeTestInput,
  { objectStore, modelServer }: Ports,
): Promise<SmokeTestOutput> => {
  const { definition } = await loadRun(objectStore, runUri);
  if (place.endpointName !== undefined) await assertServesWhatWasJudged(objectStore, runUri);
  const manifest = await loadManifest(objectStore, manifestUri(runUri, 'test'));
  const rows = await testRows(objectStore, manifest, definition.source, rowCountOf(definition));
  const endpoint = endpointOf(place);
  const { answers, milliseconds } = await ask(modelServer, endpoint, rows);
  assertWidth(answers, definition, endpoint);
  assertWritable(answers, definition, endpoint);
  const rowCount = answers.length;
  await writeFact(objectStore, runUri, 'smokeTest', { ...place, rowCount, milliseconds });
  return { rowCount };
};

/** SageMaker read the archives after DeployEndpoint had checked them. An image of a model is built of the bytes that were checked. */
const assertServesWhatWasJudged = async (objectStore: ObjectStore, runUri: string): Promise<void> => {
  const { modelRecordUri } = await loadDeployment(objectStore, runUri);
  await loadProvenModel(objectStore, modelRecordUri);
};

const rowCountOf = ({ deployment }: PipelineDefinition): number =>
  deployment.target === 'none' ? 10 : deployment.smokeTestRows;

interface Asked {
  readonly answers: ModelAnswer[];
  readonly milliseconds: number;
}

const ask = async (modelServer: ModelServer, endpointName: string, rows: readonly string[]): Promise<Asked> => {
  try {
    await modelServer.ping?.(endpointName);
    return await askForFewer(modelServer, endpointName, rows);
  } catch (error) {
    if (!FAILURES.some((failure) => error instanceof failure)) throw error;
    throw new SmokeTestFailedError(
      `The model failed its smoke test with ${rows.length} rows of the test set. ${(error as Error).message}`,
      { cause: error },
    );
  }
};

const FAILURES = [PredictionFailedError, DatasetMismatchError, ModelTimeoutError, PayloadTooLargeError];

/** The default server of scikit-learn's image fails on one row. */
const MIN_ROWS = 2;

/** A slow model is tested with as many rows as it answers in the time it is given; the others would be the same again. */
const askForFewer = async (modelServer: ModelServer, endpointName: string, rows: readonly string[]): Promise<Asked> => {
  const startedAt = performance.now();
  try {
    const answers = await askModel(modelServer, endpointName, rows, { isPatient: false });
    return { answers, milliseconds: Math.round(performance.now() - startedAt) };
  } catch (error) {
    if (!(error instanceof ModelTimeoutError) || rows.length <= MIN_ROWS) throw error;
    return askForFewer(modelServer, endpointName, rows.slice(0, Math.max(MIN_ROWS, Math.floor(rows.length / 5))));
  }
};

const assertWidth = (
  answers: readonly ModelAnswer[],
  { prediction }: PipelineDefinition,
  endpointName: string,
): void => {
  if (!prediction) return;
  const wanted = prediction.columns.length;
  const odd = answers.find(({ length }) => length !== wanted);
  if (!odd) return;
  throw new SmokeTestFailedError(
    `The model behind ${endpointName} answers ${odd.length} values a row, and prediction.columns names ${wanted}: ` +
      `${prediction.columns.map(({ name }) => name).join(', ')}.`,
  );
};
