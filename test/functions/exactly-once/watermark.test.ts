import { beforeEach, describe, expect, it } from 'vitest';
import { planWrite as planWriteStep } from '#functions/prediction/plan-write/plan-write.ts';
import { publishPredictions as publishPredictionsStep } from '#functions/prediction/publish-predictions/publish-predictions.ts';
import { writePart as writePartStep } from '#functions/prediction/write-part/write-part.ts';
import { registerModel as registerModelStep } from '#functions/training/register-model/register-model.ts';
import { loadManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { WarehouseUnavailableError } from '#shared/errors.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import { runFolderUri } from '#shared/pipeline/run.ts';
import { PlannedPart } from '#shared/predictions/write-record.ts';
import { sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Row, Warehouse } from '#shared/warehouse/warehouse.ts';
import { granted } from '#test/functions/granted.ts';
import { stage } from '#test/functions/staging/stage.ts';
import { noRunEnds } from '#test/shared/executions/run-endings.ts';
import { givenArchive } from '#test/shared/models/fixture.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { inMemorySageMaker } from '#test/shared/sagemaker/in-memory.ts';
import { inMemoryWarehouse } from '#test/shared/warehouse/in-memory.ts';

const planWrite = granted('planWrite', planWriteStep);
const publishPredictions = granted('publishPredictions', publishPredictionsStep);
const registerModel = granted('registerModel', registerModelStep);
const writePart = granted('writePart', writePartStep);

const COLUMNS = [columnOfType('ID', 'BIGINT'), columnOfType('X', 'INTEGER')];
const SETTINGS = {
  source: { view: 'ORDERS', key: ['ID'], target: 'X', watermark: 'ID' },
  prediction: {
    source: { view: 'ORDERS', key: ['ID'], watermark: 'ID' },
    columns: [{ name: 'SCORE', type: 'DOUBLE' }],
    target: { table: 'SCORES' },
  },
};

let ports: { objectStore: ReturnType<typeof inMemoryObjectStore>; warehouse: ReturnType<typeof inMemoryWarehouse> };
beforeEach(() => {
  ports = { objectStore: inMemoryObjectStore(), warehouse: inMemoryWarehouse() };
});

const givenRows = (upTo: number): void => {
  const rows = Array.from({ length: upTo }, (_, index): Row => [index + 1, index % 2]);
  ports.warehouse.views.set('ORDERS', { columns: COLUMNS, rows });
};

const newRun = async (runId: string, mode: 'full' | 'score' | 'deploy' = 'full', settings: object = SETTINGS) =>
  (await givenRun(ports.objectStore, { runId, mode, settings })).runUri;

const window = async (runUri: string, dataset: 'train' | 'score') =>
  (await loadManifest(ports.objectStore, manifestUri(runUri, dataset))).source.window;

/** A model that answers half of the key: what the transform would leave. */
const predict = async (runUri: string): Promise<number> => {
  const { parts, rowCount } = await loadManifest(ports.objectStore, manifestUri(runUri, 'score'));
  for (const [index, { uri }] of parts.entries()) {
    const rows = ports.objectStore.objects.get(uri)!.trimEnd().split('\n');
    const answers = rows.map((row) => `${row.split(',')[0]},${Number(row.split(',')[0]) / 2}\n`);
    await ports.objectStore.put(`${predictionPartsUri(runUri)}part-0000${index}.csv.out`, answers.join(''));
  }
  return rowCount;
};

const prepareWrite = async (runUri: string) => {
  const rowCount = await predict(runUri);
  const plan = await planWrite(
    { runUri, predictionsUri: predictionPartsUri(runUri), rowCount, model: 'job-1' },
    { ...ports, runs: noRunEnds },
  );
  const lines = plan.alreadyPublished
    ? []
    : ports.objectStore.objects.get(`s3://${plan.bucket}/${plan.planKey}`)!.trimEnd().split('\n');
  for (const line of lines) await writePart(PlannedPart.parse(JSON.parse(line)), ports);
  return { runUri, writeId: plan.writeId, fence: plan.fence, rowCount };
};

const score = async (runId: string) => {
  const runUri = await newRun(runId, 'score');
  await stage('scoring', ports, runUri);
  await publishPredictions(await prepareWrite(runUri), ports);
  return runUri;
};

const publishedIds = () => ports.warehouse.tables.get('SCORES')!.rows.map(([id]) => Number(id));

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('scoring with a watermark', () => {
  it('reads the rows of a run that failed after staging again, and each row arrives once', async () => {
    givenRows(100);
    await score('run-1');
    givenRows(150);
    await stage('scoring', ports, await newRun('run-2', 'score'));
    givenRows(200);

    const runUri = await score('run-3');

    expect(await window(runUri, 'score')).toEqual({ column: 'ID', after: '100', upTo: '200' });
    expect(publishedIds()).toEqual(upTo(200));
  });

  it('lets only one of two runs publish the rows that both have staged', async () => {
    givenRows(100);
    await score('run-1');
    givenRows(150);
    const [slow, fast] = [await newRun('run-2', 'score'), await newRun('run-3', 'score')];
    await stage('scoring', ports, slow);
    await stage('scoring', ports, fast);
    await publishPredictions(await prepareWrite(fast), ports);

    const late = await prepareWrite(slow);

    await expect(publishPredictions(late, ports)).rejects.toMatchObject({
      name: 'DatasetMismatchError',
      message: /beyond 100, were delivered up to 150 by the run run-3/,
    });
    expect(publishedIds()).toEqual(upTo(150));
  });

  it('tells a run that seals late before its rows are scored', async () => {
    givenRows(100);
    const slow = await newRun('run-2', 'score');
    const racing = stage('scoring', { ...ports, warehouse: afterFirstRead(() => score('run-1')) }, slow);

    await expect(racing).rejects.toMatchObject({ name: 'DatasetMismatchError', message: /by the run run-1/ });
  });

  it('moves with the rows when the answer to the commit is lost', async () => {
    givenRows(100);
    const runUri = await newRun('run-1', 'score');
    await stage('scoring', ports, runUri);
    const write = await prepareWrite(runUri);

    await publishPredictions(write, { ...ports, warehouse: losingTheFirstAnswer(ports.warehouse) });
    await publishPredictions(write, ports);
    givenRows(101);
    await score('run-2');

    expect(publishedIds()).toEqual(upTo(101));
  });

  it('stays where it is when the run is staged and published again', async () => {
    givenRows(100);
    const runUri = await score('run-1');
    givenRows(150);

    await stage('scoring', ports, runUri);
    await publishPredictions(await prepareWrite(runUri), ports);

    expect(publishedIds()).toEqual(upTo(100));
  });

  it('has nothing to do without new rows', async () => {
    givenRows(100);
    await score('run-1');

    await expect(score('run-2')).rejects.toMatchObject({
      name: 'EmptyDatasetError',
      message: /no new rows: none whose ID is beyond 100, which is where the published predictions end/,
    });
  });

  it('begins anew in another table', async () => {
    givenRows(100);
    await score('run-1');
    const settings = { ...SETTINGS, prediction: { ...SETTINGS.prediction, target: { table: 'OTHER' } } };
    const runUri = await newRun('run-2', 'score', settings);

    await stage('scoring', ports, runUri);

    expect(await window(runUri, 'score')).toEqual({ column: 'ID', upTo: '100' });
  });
});

describe('training with a watermark', () => {
  const train = async (runUri: string, trainingJobName: string) => {
    await stage('training', ports, runUri);
    return register(runUri, trainingJobName);
  };

  const register = async (runUri: string, trainingJobName: string) => {
    const { objectStore } = ports;
    const source = await givenArchive(objectStore, sourceArchiveUri(runUri), 'its code');
    const runId = runUri.split('/').at(-2)!;
    await givenRun(objectStore, { runId, settings: SETTINGS, sourceSha256: source.sha256 });
    const modelArchive = await givenArchive(
      objectStore,
      `s3://store/training-output/flights/${runId}/${trainingJobName}/output/model.tar.gz`,
      'a model',
    );
    await writeFact(objectStore, runUri, 'evaluation', { trainingJobName, modelArchive });
    return registerModel(
      { runUri, trainedByRunUri: runUri, trainingJobName, metrics: {} },
      { objectStore, sageMaker: inMemorySageMaker() },
      { region: 'eu-central-1' },
    );
  };

  it('reads the rows of a training that made no model again', async () => {
    givenRows(100);
    await train(await newRun('run-1'), 'job-1');
    givenRows(150);
    await stage('training', ports, await newRun('run-2'));
    const runUri = await newRun('run-3');

    await train(runUri, 'job-3');

    expect(await window(runUri, 'train')).toEqual({ column: 'ID', after: '100', upTo: '150' });
  });

  it('does not move when the run ends between the claim and the model', async () => {
    givenRows(100);
    const runUri = await newRun('run-1');
    await stage('training', ports, runUri);
    const { put } = ports.objectStore;
    const broken = async (uri: string, ...rest: unknown[]) => {
      if (uri.includes('/models/')) throw new Error('the process ended');
      return (put as (...args: unknown[]) => ReturnType<typeof put>).call(ports.objectStore, uri, ...rest);
    };
    ports.objectStore.put = broken as typeof put;
    await expect(register(runUri, 'job-1')).rejects.toThrow('the process ended');
    ports.objectStore.put = put;

    const next = await newRun('run-2');
    await train(next, 'job-2');

    expect(await window(next, 'train')).toEqual({ column: 'ID', upTo: '100' });
  });

  it('is claimed by one of two runs, and registering again is no second claim', async () => {
    givenRows(100);
    const [slow, fast] = [await newRun('run-1'), await newRun('run-2')];
    await stage('training', ports, slow);
    await train(fast, 'job-2');

    await register(fast, 'job-2');

    await expect(register(slow, 'job-1')).rejects.toMatchObject({
      name: 'DatasetMismatchError',
      message: /delivered up to 100 by the run run-2/,
    });
    expect(ports.objectStore.objects.has(`${STORE_URI}/models/flights/job-1.json`)).toBe(false);
  });

  it('is left aside where a model is deployed: the rows it is tested on need not be new', async () => {
    givenRows(100);
    await train(await newRun('run-1'), 'job-1');
    const runUri = await newRun('run-2', 'deploy');

    await stage('training', ports, runUri);
    givenRows(120);
    const next = runFolderUri(STORE_URI, 'flights', 'run-3');
    await newRun('run-3');
    await stage('training', ports, next);

    expect(await window(runUri, 'train')).toBeUndefined();
    expect(await window(next, 'train')).toMatchObject({ after: '100', upTo: '120' });
  });
});

const afterFirstRead = (interrupt: () => Promise<unknown>): Warehouse => {
  let readCount = 0;
  return {
    ...ports.warehouse,
    async read(info, work) {
      const result = await ports.warehouse.read(info, work);
      if (readCount++ === 0) await interrupt();
      return result;
    },
  };
};

/** Commits, and says that it didn't hear of it. */
const losingTheFirstAnswer = (warehouse: Warehouse): Warehouse => {
  let isLost = false;
  return {
    ...warehouse,
    async write(info, work) {
      const result = await warehouse.write(info, work);
      if (isLost) return result;
      isLost = true;
      throw new WarehouseUnavailableError('the answer was lost');
    },
  };
};
