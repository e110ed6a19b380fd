import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { predict as predictStep } from '#functions/api/predict/predict.ts';
import { Predict } from '#functions/api/predict/schema.ts';
import { EndpointThrottledError, PredictionFailedError } from '#shared/errors.ts';
import { loadModelRecord, promote } from '#shared/models/model-record.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';
import { granted } from '#test/functions/granted.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenDataset, givenRun, RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { callerOf, type HttpRequest } from './http-request.ts';

const predict = granted('predict', predictStep);

let asked: string[];
let objectStore: ReturnType<typeof inMemoryObjectStore>;
let modelServer: ModelServer;
beforeEach(() => {
  asked = [];
  objectStore = inMemoryObjectStore();
  modelServer = {
    async predict(_, csv) {
      asked.push(csv);
      return csv.replace(/.+/g, '"A, or B",0.25');
    },
  };
});

const settings = { pipelinesDir: join(import.meta.dirname, '..', '..', 'pipelines'), storeUri: STORE_URI };
const call = (request: HttpRequest, name = 'tiny') =>
  callerOf(Predict, (parsed) => predict(parsed, { objectStore, modelServer }, settings))({
    path: { name },
    ...request,
  });

const givenChampion = async (): Promise<void> => {
  const uri = await givenModel(objectStore, { pipeline: 'flights' });
  const record = { ...(await loadModelRecord(objectStore, uri)), pipeline: 'tiny' };
  await givenRun(objectStore, { settings: { source: { view: 'V', key: ['ID'], target: 'LATE' } } });
  await givenDataset(objectStore, 'train', ['ID', 'A', 'LATE', 'B'], []);
  await promote(objectStore, { modelRecordUri: uri, record, storeUri: STORE_URI, runUri: RUN_URI });
};

describe('POST /pipelines/{name}/predict', () => {
  it('answers JSON rows with predictions of the types in pipeline.yml', async () => {
    const { status, body } = await call({
      body: {
        rows: [
          [1, 'x,y'],
          [null, ''],
          [true, '"'],
        ],
      },
    });

    expect(status).toBe(200);
    expect(asked).toEqual(['1,"x,y"\n,""\ntrue,""""\n']);
    expect(body.columns).toEqual(['SPECIES', 'CONFIDENCE']);
    expect(body.predictions).toEqual(Array(3).fill(['A, or B', 0.25]));
  });

  it('answers CSV with CSV', async () => {
    const { status, headers, body } = await call({
      body: '1,2\n3,4\n',
      headers: { 'content-type': 'text/csv; charset=utf-8' },
    });

    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/csv');
    expect(body).toBe('"A, or B",0.25\n"A, or B",0.25\n');
  });

  it('puts the columns of named rows into the order that the model was trained with', async () => {
    await givenChampion();

    expect(
      await call({
        body: {
          rows: [
            { B: 2, A: 1 },
            { A: 3, B: 4 },
          ],
        },
      }),
    ).toMatchObject({ status: 200 });
    expect(asked).toEqual(['1,2\n3,4\n']);
  });

  it('says which columns named rows lack or have too many', async () => {
    await givenChampion();

    const { status, body } = await call({ body: { rows: [{ A: 1, b: 2 }] } });

    expect(status).toBe(400);
    expect(body.detail).toMatch(
      /^Row 1 doesn't have the features[\s\S]*missing: B[\s\S]*extra: b\. Did you mean "B" or "A"\?/,
    );
  });

  it('needs a champion to know names by', async () => {
    expect(await call({ body: { rows: [{ A: 1 }] } })).toMatchObject({
      status: 409,
      body: { title: 'NoChampionError' },
    });
  });

  it.each([
    ['rows of uneven length', [[1, 2], [3]], 'Row 2 has 1 value. The model takes 2, in this order: A, B.'],
    ['a value too many', [[1, 2, 3]], 'Row 1 has 3 values. The model takes 2, in this order: A, B.'],
    [
      'names as a row',
      [
        ['A', 'B'],
        [1, 2],
      ],
      'Row 1 holds names of columns.',
    ],
    ['a text for a number', [[1, 'x']], 'B: a number is needed, DOUBLE in training, and there is "x".'],
    ['both forms', [[1, 2], { A: 1, B: 2 }], 'Row 2 is an object of names, and row 1 is a list of values.'],
    ['the target', [{ A: 1, B: 2, LATE: 1 }], 'extra: LATE is the target'],
  ])('refuses %s, and says what is expected', async (_, rows, detail) => {
    await givenChampion();

    const { status, body } = await call({ body: { rows } });

    expect(status).toBe(400);
    expect(body.detail).toContain(detail);
    expect(asked).toEqual([]);
  });

  it('knows the columns of CSV by its first line', async () => {
    await givenChampion();
    const headers = { 'content-type': 'text/csv' };

    await call({ body: 'b,a\n2,1\n', headers });
    await call({ body: '1,2\r3,4\r', headers });

    expect(asked).toEqual(['1,2\n1,2\n', '1,2\n3,4\n']);
  });

  it('asks a reused model on Kyma where the run that deployed it last has exposed it', async () => {
    await givenChampion();
    const modelRecordUri = `${STORE_URI}/models/flights/job-1.json`;
    const record = { ...(await loadModelRecord(objectStore, modelRecordUri)), pipeline: 'tiny' };
    const runUri = RUN_URI.replace('run-1', 'run-2');
    await promote(objectStore, { modelRecordUri, record, storeUri: STORE_URI, runUri });

    expect(await askKyma(runUri)).toEqual(['https://tiny.example.com']);
  });

  it('asks a model on Kyma at the URL where its run has exposed it', async () => {
    await givenChampion();

    expect(await askKyma(RUN_URI)).toEqual(['https://tiny.example.com']);
  });

  /** The places that are asked when a run has exposed the model. */
  const askKyma = async (runUri: string): Promise<string[]> => {
    const folder = await mkdtemp(join(tmpdir(), 'fedml-predict-'));
    await mkdir(join(folder, 'tiny'));
    await writeFile(join(folder, 'tiny', 'train.py'), '');
    await writeFile(
      join(folder, 'tiny', 'pipeline.yml'),
      'name: tiny\nsource: { view: V, key: [ID], target: LATE }\ndeployment: { target: kyma, auth: { noAuth: true } }\n',
    );
    await writeFact(objectStore, runUri, 'kyma', {
      url: 'https://tiny.example.com',
      namespace: 'fedml',
      name: 'tiny',
      imageUri: 'image',
      modelRecordUri: `${STORE_URI}/models/tiny/job-1.json`,
      appliedAt: '2026-03-01T06:00:00.000Z',
      previous: null,
      apiRuleBefore: { generation: null, lastProcessedTime: null, spec: null },
    });
    const places: string[] = [];
    modelServer.predict = async (place, csv) => {
      places.push(place);
      return csv;
    };

    const reply = await callerOf(Predict, (parsed) =>
      predict(parsed, { objectStore, modelServer }, { ...settings, pipelinesDir: folder }),
    )({
      path: { name: 'tiny' },
      body: {
        rows: [
          [1, 2],
          [3, 4],
        ],
      },
    });
    await rm(folder, { recursive: true });

    expect(reply).toMatchObject({
      status: 200,
      body: {
        columns: null,
        predictions: [
          ['1', '2'],
          ['3', '4'],
        ],
      },
    });
    return places;
  };

  it('asks for many rows a thousand at a time', async () => {
    await call({ body: { rows: Array.from({ length: 2500 }, (_, index) => [index, 0]) } });

    expect(asked.map((csv) => csv.split('\n').length - 1)).toEqual([1000, 1000, 500]);
  });

  it.each([
    ['no rows', { body: { rows: [] } }, 400],
    ['a row of objects', { body: { rows: [[{}]] } }, 400],
    ['text that is no CSV', { body: '1,"2\n', headers: { 'content-type': 'text/csv' } }, 400],
    ['CSV of uneven rows', { body: '1,2\n3\n', headers: { 'content-type': 'text/csv' } }, 400],
    ['no body', {}, 415],
    ['a form', { body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
    ['five megabytes', { body: `1,${'x'.repeat(5_000_000)}\n`, headers: { 'content-type': 'text/csv' } }, 413],
  ])('refuses %s and asks nothing', async (_, request, status) => {
    expect(await call(request)).toMatchObject({ status });
    expect(asked).toEqual([]);
  });

  it('blames the model for an answer that is no CSV', async () => {
    modelServer.predict = async () => '{"p": 1}\n';

    const reply = await call({ body: { rows: [[1], [2]] } });

    expect(reply).toMatchObject({ status: 502, body: { title: 'DatasetMismatchError' } });
  });

  it.each([
    ['a model that fails', new PredictionFailedError('The model behind tiny answered 500: bad row'), 502],
    ['an endpoint without capacity', new EndpointThrottledError('The endpoint tiny has no capacity now'), 503],
  ])('tells %s as a problem', async (_, error, status) => {
    modelServer.predict = async () => {
      throw error;
    };

    const reply = await call({ body: { rows: [[1]] } });

    expect(reply).toMatchObject({ status, body: { detail: error.message } });
    expect(reply.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
  });
});
