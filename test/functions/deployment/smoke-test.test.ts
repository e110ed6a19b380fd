import { beforeEach, describe, expect, it } from 'vitest';
import { smokeTest as smokeTestStep } from '#functions/deployment/smoke-test/smoke-test.ts';
import { partsUri } from '#shared/dataset/manifest.ts';
import { partFormat } from '#shared/dataset/part-format.ts';
import { EndpointThrottledError, PredictionFailedError } from '#shared/errors.ts';
import type { DeploymentFact } from '#shared/models/deployment-fact.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { granted } from '#test/functions/granted.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenDataset, givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { inMemoryModelServer } from '#test/shared/sagemaker/model-server.ts';

const smokeTest = granted('smokeTest', smokeTestStep);

let objectStore: ReturnType<typeof inMemoryObjectStore>;
beforeEach(() => {
  objectStore = inMemoryObjectStore();
});

const prediction = (...names: string[]) => ({
  source: { view: 'V_SCORE', key: ['ID'] },
  columns: names.map((name) => ({ name, type: 'DOUBLE' })),
  target: { table: 'T' },
});

const given = async (parts: string[], { header = false, columns = ['P'], smokeTestRows = 3 } = {}) => {
  await givenRun(objectStore, {
    settings: { deployment: { target: 'sagemaker', smokeTestRows }, prediction: prediction(...columns) },
  });
  await givenDataset(objectStore, 'test', ['ID', 'A', 'LATE', 'B'], parts, header);
  await writeFact(objectStore, RUN_URI, 'endpoint', {
    endpointName: 'flights',
    endpointConfigName: 'config-1',
    modelName: 'model-1',
    modelRecordUri: await givenModel(objectStore),
    previousEndpointConfigName: null,
  } satisfies DeploymentFact);
};

const test = (modelServer: ModelServer) =>
  smokeTest({ runUri: RUN_URI, endpointName: 'flights' }, { objectStore, modelServer });

describe('smokeTest', () => {
  it('asks for rows of the test set, without their keys and targets, and records that they were answered', async () => {
    await given(['1,"a,b",0,x\n2,c,1,y\n', '3,d,0,z\n4,e,0,w\n']);
    const modelServer = inMemoryModelServer();

    expect(await test(modelServer)).toEqual({ rowCount: 3 });
    expect(modelServer.requests).toEqual(['"a,b",x\nc,y\nd,z\n']);
    expect(JSON.parse(objectStore.objects.get(`${RUN_URI}deployment/smoke-test.json`)!)).toMatchObject({ rowCount: 3 });
  });

  it.each([
    { type: 'csv', header: true, compression: 'gzip' },
    { type: 'parquet', compression: 'zstd' },
  ] as const)('reads rows that are staged as $type by $compression', async (format) => {
    await given([]);
    const columns = ['ID', 'A', 'LATE', 'B'].map((name) => columnOfType(name, 'NVARCHAR(20)'));
    const manifest = await givenDataset(objectStore, 'test', [], []);
    const uri = `${partsUri(RUN_URI, 'test')}part-00000`;
    const encoder = partFormat(format, columns).open();
    encoder.add([
      ['1', 'a, "b"', '0', ''],
      ['2', 'c', '1', null],
    ]);
    await objectStore.put(uri, encoder.end());
    const part = { uri, rowCount: 2, sizeBytes: 1, sha256: '0'.repeat(64), partition: 0 };
    await objectStore.put(
      `${RUN_URI}test/manifest.json`,
      JSON.stringify({ ...manifest, format, columns, parts: [part], rowCount: 2 }),
    );
    const modelServer = inMemoryModelServer();

    await test(modelServer);

    expect(modelServer.requests).toEqual(['"a, ""b""",""\nc,\n']);
  });

  it('leaves the line of column names out', async () => {
    await given(['ID,A,LATE,B\n1,a,0,x\n', 'ID,A,LATE,B\n2,b,0,y\n'], { header: true });
    const modelServer = inMemoryModelServer();

    await test(modelServer);

    expect(modelServer.requests).toEqual(['a,x\nb,y\n']);
  });

  it('asks for a lone row twice, which the default server needs', async () => {
    await given(['1,a,0,x\n']);
    const modelServer = inMemoryModelServer();

    expect(await test(modelServer)).toEqual({ rowCount: 1 });
    expect(modelServer.requests).toEqual(['a,x\na,x\n']);
  });

  it('fails when the model answers with an error, in its words', async () => {
    await given(['1,a,0,x\n2,b,0,y\n']);
    const failing = { predict: () => Promise.reject(new PredictionFailedError('could not convert string to float')) };

    await expect(test(failing)).rejects.toMatchObject({
      name: 'SmokeTestFailedError',
      message: expect.stringContaining('could not convert string to float'),
    });
  });

  it('fails when rows go unanswered', async () => {
    await given(['1,a,0,x\n2,b,0,y\n']);

    await expect(test({ predict: async () => '0.5\n' })).rejects.toMatchObject({
      name: 'SmokeTestFailedError',
      message: expect.stringContaining('1 answers to 2 rows'),
    });
  });

  it('fails when the model answers fewer values than are to be written', async () => {
    await given(['1,a,0,x\n2,b,0,y\n'], { columns: ['P', 'CONFIDENCE'] });

    await expect(test(inMemoryModelServer())).rejects.toMatchObject({
      name: 'SmokeTestFailedError',
      message: expect.stringMatching(/1 values a row.*names 2: P, CONFIDENCE/),
    });
  });

  it('is tried again when the endpoint is cold', async () => {
    await given(['1,a,0,x\n2,b,0,y\n']);
    const cold = { predict: () => Promise.reject(new EndpointThrottledError('not ready')) };

    await expect(test(cold)).rejects.toMatchObject({ name: 'EndpointThrottledError' });
  });

  const answering = async (type: string, answers: string[], target = {}) => {
    await givenRun(objectStore, {
      settings: {
        deployment: { target: 'sagemaker', smokeTestRows: answers.length },
        prediction: {
          ...prediction(),
          columns: [{ name: 'P', type }],
          target: { table: 'T', ...target },
        },
      },
    });
    await givenDataset(
      objectStore,
      'test',
      ['ID', 'A', 'LATE', 'B'],
      [answers.map((_, row) => `${row},a,0,b\n`).join('')],
    );
    return test({ predict: async () => answers.map((answer) => `${answer}\n`).join('') });
  };

  it.each([
    ['TIMESTAMP', ['2024-01-02', '2024-01-03']],
    ['TIMESTAMP', ['2024-01-02T00:00:00Z', '2024-01-03T12:00:00Z']],
    ['DOUBLE', ['  1.0', '100.0']],
    ['BOOLEAN', ['True', 'nan']],
  ])('passes answers that are written as %s: %j', async (type, answers) => {
    await given([]);

    await expect(answering(type, answers)).resolves.toEqual({ rowCount: 2 });
  });

  it.each([
    ['DOUBLE', ['0.5', '[0.1 0.9]'], /row 2 .*, column P DOUBLE: a number is needed, and there is a list in brackets/],
    ['BOOLEAN', ['True', 'yes'], /row 2 .*, column P BOOLEAN: true or false is needed/],
    ['NVARCHAR(3)', ['late', 'early'], /row 1 .*, column P NVARCHAR\(3\): the text has a length of 4.* 2 of 2 rows/s],
    ['TINYINT', ['1', '-1'], /row 2 .*, column P TINYINT: the number is outside of 0 to 255/],
  ])('fails a model whose answers can’t be written as %s: %j', async (type, answers, message) => {
    await given([]);

    await expect(answering(type, answers)).rejects.toMatchObject({
      name: 'SmokeTestFailedError',
      message: expect.stringMatching(message),
    });
  });

  it('lets a model pass whose odd rows may be set aside, but none of whose rows could be written', async () => {
    await given([]);

    await expect(answering('DOUBLE', ['1', 'x'], { maxRejected: 0.5 })).resolves.toEqual({ rowCount: 2 });
    await expect(answering('DOUBLE', ['x', 'x'], { maxRejected: 0.9 })).rejects.toMatchObject({
      name: 'SmokeTestFailedError',
    });
  });
});
