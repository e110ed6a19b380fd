import { csvLine } from '#shared/dataset/csv.ts';
import { NoChampionError } from '#shared/errors.ts';
import type { Answer } from '#shared/http-api/operation.ts';
import { HttpProblem } from '#shared/http-api/problem.ts';
import { loadKymaDeployment } from '#shared/kyma/deployment-record.ts';
import type { FeatureContract } from '#shared/models/feature-contract.ts';
import { championContract } from '#shared/models/load-contract.ts';
import { deployedBy, findChampion, noChampion } from '#shared/models/model-record.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { askModel, type ModelAnswer } from '#shared/predictions/ask-model.ts';
import { endpointNameOf } from '#shared/sagemaker/endpoint.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';
import { csvRows } from './csv-rows.ts';
import { jsonRows } from './json-rows.ts';
import type { PredictRequest, Value } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly modelServer: ModelServer;
}

interface Settings {
  readonly pipelinesDir: string;
  readonly storeUri: string;
  readonly stage?: string | undefined;
}

/** Rows of one request to the endpoint: far below its 6 MB, and enough to make the round trips cheap. */
const ROWS_PER_REQUEST = 1000;

/** Somebody waits: what takes the model too long is not asked for again in halves. */
const NOW = { isPatient: false };

/** Asks a pipeline's deployed model for predictions, in the form in which the rows came. */
export const predict = async (
  { path: { name }, body }: PredictRequest,
  { objectStore, modelServer }: Ports,
  { pipelinesDir, storeUri, stage }: Settings,
): Promise<Answer> => {
  const definition = await loadDefinition(pipelinesDir, name);
  const endpointName = await endpointOf(definition, objectStore, { storeUri, stage });
  const contract = await contractOf(objectStore, storeUri, definition, isNamed(body));
  const rows = typeof body === 'string' ? csvRows(body, contract) : jsonRows(body.rows, contract);
  const answers: ModelAnswer[] = [];
  for (let from = 0; from < rows.length; from += ROWS_PER_REQUEST) {
    answers.push(...(await askModel(modelServer, endpointName, rows.slice(from, from + ROWS_PER_REQUEST), NOW)));
  }
  if (typeof body === 'string') return { status: 200, text: answers.map(csvLine).join('') };
  const columns = definition.prediction?.columns;
  return {
    status: 200,
    body: {
      columns: columns?.map((column) => column.name) ?? null,
      predictions: answers.map((answer) => answer.map((field, index) => jsonValueOf(field, columns?.[index]?.type))),
    },
  };
};

/** An endpoint's name, or the URL at which the run that deployed the champion to Kyma has exposed it. */
const endpointOf = async (
  { name, deployment }: PipelineDefinition,
  objectStore: ObjectStore,
  { storeUri, stage }: Omit<Settings, 'pipelinesDir'>,
): Promise<string> => {
  if (deployment.target === 'sagemaker') return endpointNameOf({ pipeline: name, stage }, deployment);
  if (deployment.target === 'kyma') {
    const champion = await findChampion(objectStore, storeUri, name);
    if (!champion) throw noChampion(name);
    return (await loadKymaDeployment(objectStore, deployedBy(champion))).url;
  }
  throw new HttpProblem(409, 'NotDeployed', `The pipeline ${name} deploys no model: its deployment.target is none.`);
};

/** Rows by position can be asked for before there is a champion to know names by. */
const contractOf = async (
  objectStore: ObjectStore,
  storeUri: string,
  definition: PipelineDefinition,
  isNeeded: boolean,
): Promise<FeatureContract | undefined> => {
  try {
    return await championContract(objectStore, storeUri, definition);
  } catch (error) {
    if (error instanceof NoChampionError && !isNeeded) return undefined;
    throw error;
  }
};

const isNamed = (body: PredictRequest['body']): boolean =>
  typeof body !== 'string' && body.rows.some((row) => !Array.isArray(row));

/** Digits that a number of JSON would lose stay text. */
const NUMERIC_TYPE = /^(TINYINT|SMALLINT|INTEGER|BIGINT|REAL|DOUBLE|DECIMAL)/;

const jsonValueOf = (text: string | null, type = ''): Value => {
  if (text === null) return null;
  if (type === 'BOOLEAN' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (!NUMERIC_TYPE.test(type)) return text;
  const number = Number(text);
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number)) ? number : text;
};
