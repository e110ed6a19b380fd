import { Readable } from 'node:stream';
import { z } from 'zod';
import { csvField, csvLine } from '#shared/dataset/csv.ts';
import { readCsv } from '#shared/dataset/read-csv.ts';
import { DatasetMismatchError, InvalidInputError, PartUnfinishedError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { readFact } from '#shared/pipeline/facts.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { askModel, type ModelAnswer } from '#shared/predictions/ask-model.ts';
import { endpointOf } from '#shared/predictions/model-place.ts';
import { openPace, type Pace } from '#shared/predictions/pace.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { type KeptAnswers, keptAnswers, keptOrNot } from './kept-answers.ts';
import { payloads, type ScoringRow } from './payloads.ts';
import type { ScorePartInput, ScorePartOutput } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly modelServer: ModelServer;
}

/** Small enough for a serverless endpoint, which takes 4 MB. */
const DEFAULT_PAYLOAD_KB = 1024;

interface Limits {
  /** When a try ends and leaves the rest to the next one: a request may take a minute, and the function has 870 seconds. */
  readonly tryMs: number;
  /** How often answers are kept for another try: so much work may be done twice. */
  readonly keepMs: number;
  readonly keepCharacters: number;
}

const LIMITS: Limits = { tryMs: 660_000, keepMs: 60_000, keepCharacters: 16 * 1024 * 1024 };

/**
 * Predicts one part of a dataset by the deployed model: each row's key and answer, in the rows' order, holding the answers of a
 * minute. What an earlier try has kept isn't asked for again.
 */
export const scorePart = async (
  { runUri, part, uri, ...place }: ScorePartInput,
  { objectStore, modelServer }: Ports,
  limits: Limits = LIMITS,
): Promise<ScorePartOutput> => {
  const { definition } = await loadRun(objectStore, runUri);
  const { prediction } = definition;
  if (!prediction) throw new InvalidInputError(`${runUri} is a run of a pipeline without a prediction.`);
  const endpoint = endpointOf(place);
  const keyCount = prediction.source.key.length;
  const pace = openPace((prediction.payloadKb ?? DEFAULT_PAYLOAD_KB) * 1024, await smokeTestOf(objectStore, runUri));
  const kept = keptAnswers(objectStore, runUri, part);
  let rowCount = 0;
  const predict = async function* (): AsyncGenerator<string> {
    for await (const earlier of kept.earlier()) {
      rowCount += earlier.rowCount;
      yield earlier.lines;
    }
    const rows = skipped(scoringRows(await objectStore.getStream(uri), uri, keyCount), rowCount);
    for await (const { lines, count } of keeping(kept, rowCount, limits, ask(rows, pace))) {
      rowCount += count;
      yield lines;
    }
  };
  const ask = async function* (rows: AsyncIterable<ScoringRow>, pace: Pace): AsyncGenerator<Answered> {
    const startedAt = performance.now();
    for await (const payload of payloads(rows, pace)) {
      if (performance.now() - startedAt > limits.tryMs) throw unfinished(part, rowCount);
      const features = payload.map((row) => row.features);
      const answers = await askModel(modelServer, endpoint, features, { pace });
      assertWidth(answers, prediction.columns.length, endpoint);
      const lines = payload.map(({ key }, index) => csvLine([...key, ...answers[index]!])).join('');
      yield { lines, count: payload.length };
    }
  };
  await objectStore.putStream(partUri(runUri, part), Readable.from(predict(), { objectMode: false }), {
    contentType: 'text/csv',
  });
  await kept.remove();
  return { part, rowCount };
};

interface Answered {
  readonly lines: string;
  readonly count: number;
}

/** Passes answers on, and keeps them from time to time and when something fails. */
async function* keeping(
  kept: KeptAnswers,
  firstRow: number,
  { keepMs, keepCharacters }: Limits,
  answers: AsyncIterable<Answered>,
): AsyncGenerator<Answered> {
  let from = firstRow;
  let pending: Answered[] = [];
  let characters = 0;
  let keptAt = performance.now();
  const keep = async (): Promise<void> => {
    if (pending.length === 0) return;
    await kept.keep(from, pending.map(({ lines }) => lines).join(''));
    from += pending.reduce((sum, { count }) => sum + count, 0);
    pending = [];
    characters = 0;
    keptAt = performance.now();
  };
  let isWhole = false;
  try {
    for await (const each of answers) {
      pending.push(each);
      characters += each.lines.length;
      if (performance.now() - keptAt >= keepMs || characters >= keepCharacters) await keep();
      yield each;
    }
    isWhole = true;
  } finally {
    if (!isWhole) await keptOrNot(keep());
  }
}

const SmokeTestFact = z.object({ rowCount: z.int().positive(), milliseconds: z.number().nonnegative() });

/** What the smoke test of this run measured; a run that only predicts has none. */
const smokeTestOf = async (objectStore: ObjectStore, runUri: string) =>
  SmokeTestFact.safeParse(await readFact(objectStore, runUri, 'smokeTest')).data;

const unfinished = (part: number, rowCount: number): PartUnfinishedError =>
  new PartUnfinishedError(
    `The model answered ${rowCount} rows of part ${part} in the time of one try. They are kept, and the next try goes on there.`,
  );

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

async function* skipped<T>(rows: AsyncIterable<T>, count: number): AsyncGenerator<T> {
  let left = count;
  for await (const row of rows) {
    if (left > 0) left -= 1;
    else yield row;
  }
}

const assertWidth = (answers: readonly ModelAnswer[], wanted: number, endpointName: string): void => {
  const odd = answers.find(({ length }) => length !== wanted);
  if (!odd) return;
  throw new DatasetMismatchError(
    `The model behind ${endpointName} answers ${odd.length} values a row, and prediction.columns names ${wanted}.`,
  );
};
