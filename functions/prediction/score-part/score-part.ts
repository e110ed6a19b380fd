import { Readable } from 'node:stream';
import { csvField, csvLine } from '#shared/dataset/csv.ts';
import { readCsv } from '#shared/dataset/read-csv.ts';
import { DatasetMismatchError, InvalidInputError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { askModel, type ModelAnswer } from '#shared/predictions/ask-model.ts';
import { endpointOf } from '#shared/predictions/model-place.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { payloads, type ScoringRow } from './payloads.ts';
import type { ScorePartInput, ScorePartOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly modelServer: ModelServer;
}

/** Predicts one part of a dataset by the deployed model: each row's key and answer, in the rows' order, holding one payload. */
export const scorePart = async (
  { runUri, part, uri, ...place }: ScorePartInput,
  { objectStore, modelServer }: Ports,
): Promise<ScorePartOutput> => {
  const { definition } = await loadRun(objectStore, runUri);
  const { prediction } = definition;
  if (!prediction) throw new InvalidInputError(`${runUri} is a run of a pipeline without a prediction.`);
  const endpoint = endpointOf(place);
  const keyCount = prediction.source.key.length;
  let rowCount = 0;
  const predict = async function* (): AsyncGenerator<string> {
    for await (const payload of payloads(scoringRows(await objectStore.getStream(uri), uri, keyCount))) {
      const answers = await askModel(
        modelServer,
        endpoint,
        payload.map(({ features }) => features),
      );
      assertWidth(answers, prediction.columns.length, endpoint);
      rowCount += payload.length;
      yield payload.map(({ key }, index) => csvLine([...key, ...answers[index]!])).join('');
    }
  };
  await objectStore.putStream(partUri(runUri, part), Readable.from(predict(), { objectMode: false }), {
    contentType: 'text/csv',
  });
  return { part, rowCount };
};

const partUri = (runUri: string, part: number): string =>
  `${predictionPartsUri(runUri)}part-${String(part).padStart(5, '0')}.csv`;

/** In a dataset to score the key's columns stand first. */
async function* scoringRows(part: Readable, uri: string, keyCount: number): AsyncGenerator<ScoringRow> {
  for await (const records of readCsv(part, uri)) {
    for (const { fields } of records) {
      yield { key: fields.slice(0, keyCount), features: fields.slice(keyCount).map(csvField).join(',') };
    }
  }
}

const assertWidth = (answers: readonly ModelAnswer[], wanted: number, endpointName: string): void => {
  const odd = answers.find(({ length }) => length !== wanted);
  if (!odd) return;
  throw new DatasetMismatchError(
    `The model behind ${endpointName} answers ${odd.length} values a row, and prediction.columns names ${wanted}.`,
  );
};
