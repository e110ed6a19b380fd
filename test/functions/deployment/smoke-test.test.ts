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
});
