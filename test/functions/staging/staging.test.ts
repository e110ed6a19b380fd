import { describe, expect, it } from 'vitest';
import { extractPartition as extractPartitionStep } from '#functions/staging/extract-partition/extract-partition.ts';
import { planPartitions as planPartitionsStep } from '#functions/staging/plan-partitions/plan-partitions.ts';
import type { NextRound } from '#functions/staging/seal-dataset/schema.ts';
import { sealDataset as sealDatasetStep } from '#functions/staging/seal-dataset/seal-dataset.ts';
import { loadManifest, partsUri } from '#shared/dataset/manifest.ts';
import type { FeatureContract } from '#shared/models/feature-contract.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Row, Warehouse } from '#shared/warehouse/warehouse.ts';
import { granted } from '#test/functions/granted.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryView, inMemoryWarehouse } from '#test/shared/warehouse/in-memory.ts';
import { plannedPartitions, type Round, sealInput, stage } from './stage.ts';

const extractPartition = granted('extractPartition', extractPartitionStep);
const planPartitions = granted('planPartitions', planPartitionsStep);
const sealDataset = granted('sealDataset', sealDatasetStep);

const ordersView = (rows: readonly Row[]): InMemoryView => ({
  columns: [columnOfType('ID', 'BIGINT'), columnOfType('NOTE', 'NVARCHAR(50)'), columnOfType('LATE', 'INTEGER')],
  rows,
});

const twentyOrders = ordersView(Array.from({ length: 20 }, (_, index) => [index, `note ${index}`, index % 2]));

/** A run that trains on ORDERS, with what the case is about. */
const givenOrders = (objectStore: ObjectStore, settings: object = {}) =>
  givenRun(objectStore, { settings: { source: { view: 'ORDERS', key: ['ID'], target: 'LATE' }, ...settings } });

const FIRST_ROUND = { round: 0, rereads: 0, maxConcurrency: 1 };

describe('staging for training', () => {
  it('writes each row of the view to the train or the test dataset and seals both', async () => {
    const objectStore = inMemoryObjectStore();
    const ports = { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) };
    await givenOrders(objectStore);

    const sealed = await stage('training', ports);

    expect(sealed).toMatchObject({ train: { rowCount: 17 }, test: { rowCount: 3 } });
    const train = objectStore.objects.get(`${partsUri(RUN_URI, 'train')}part-00000.csv`)!;
    const test = objectStore.objects.get(`${partsUri(RUN_URI, 'test')}part-00000.csv`)!;
    expect(train.split('\n')[0]).toBe('ID,NOTE,LATE');
    expect([...train.split('\n').slice(1, -1), ...test.split('\n').slice(1, -1)].sort()).toEqual(
      twentyOrders.rows.map((row) => row.join(',')).sort(),
    );
  });

  it('seals manifests whose facts are those of the objects', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore);

    await stage('training', { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) });

    const manifest = await loadManifest(objectStore, `${RUN_URI}train/manifest.json`);
    const text = objectStore.objects.get(manifest.parts[0]!.uri)!;
    expect(manifest.parts).toMatchObject([{ rowCount: 17, sizeBytes: Buffer.byteLength(text), partition: 0 }]);
    expect(manifest.source.queries).toEqual([
      expect.stringMatching(/^SELECT "ID", "NOTE", "LATE", .* FROM "SPACE"\."ORDERS"$/),
    ]);
    expect(manifest.completeness).toMatchObject({ proof: 'checksum', read: { rowCount: 20 }, rereads: 0 });
    expect(manifest.completeness!.view).toEqual(manifest.completeness!.read);
    expect(manifest.columns.map(({ name }) => name)).toEqual(['ID', 'NOTE', 'LATE']);
  });

  it('stages the same bytes when all of it runs again, and removes a part that an earlier try left', async () => {
    const objectStore = inMemoryObjectStore();
    const ports = { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) };
    await givenOrders(objectStore);
    await stage('training', ports);
    const before = snapshot(objectStore);
    objectStore.objects.set(`${partsUri(RUN_URI, 'train')}part-00001.csv`, 'ID,NOTE,LATE\n99,left over,1\n');

    await stage('training', ports);

    expect(snapshot(objectStore)).toEqual(before);
  });

  it('keeps what is sealed for a run that is resumed, whatever has become of the view, and asks the warehouse nothing', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore);
    const sealed = await stage('training', { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) });
    const before = snapshot(objectStore);
    const gone: Warehouse = { ...inMemoryWarehouse({}), read: () => Promise.reject(new Error('The view is gone.')) };

    const plan = await planPartitions({ runUri: RUN_URI, purpose: 'training' }, { objectStore, warehouse: gone });
    const again = await sealDataset(sealInput('training', plan), { objectStore, warehouse: gone });

    expect(plan.partitionCount).toBe(0);
    expect(again).toEqual({ sealed });
    expect(snapshot(objectStore)).toEqual(before);
  });

  it('does not go on with a sealed dataset of which a part was deleted', async () => {
    const objectStore = inMemoryObjectStore();
    const ports = { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) };
    await givenOrders(objectStore);
    await stage('training', ports);
    objectStore.objects.delete(`${partsUri(RUN_URI, 'test')}part-00000.csv`);

    await expect(planPartitions({ runUri: RUN_URI, purpose: 'training' }, ports)).rejects.toMatchObject({
      name: 'ObjectMissingError',
      message: expect.stringContaining('Start a new run'),
    });
  });

  it('stages a large view in partitions whose union is the view', async () => {
    const objectStore = inMemoryObjectStore();
    const rows = Array.from({ length: 150_010 }, (_, index): Row => [index < 10 ? null : index, null, 1]);
    const ports = { objectStore, warehouse: inMemoryWarehouse({ ORDERS: ordersView(rows) }) };
    await givenOrders(objectStore, {
      source: {
        view: 'ORDERS',
        key: ['ID'],
        target: 'LATE',
        header: false,
        split: { testFraction: 0.5 },
        partSizeMb: 2,
      },
    });

    await stage('training', ports);

    const manifests = await Promise.all(
      ['train', 'test'].map((dataset) => loadManifest(objectStore, `${RUN_URI}${dataset}/manifest.json`)),
    );
    const parts = manifests.flatMap((manifest) => manifest.parts);
    expect(new Set(parts.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2]));
    expect(manifests[0]!.source.queries[1]).toMatch(/ WHERE "ID" >= \? \[\d+\]$/);
    const lines = parts.flatMap(({ uri }) => objectStore.objects.get(uri)!.trimEnd().split('\n'));
    expect(lines.map((line) => line.split(',')[0]).sort()).toEqual(rows.map(([id]) => String(id ?? '')).sort());
  });

  it('keeps the key out of the parts that the columns leave out, and splits by it all the same', async () => {
    const objectStore = inMemoryObjectStore();
    const ports = { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) };
    await givenOrders(objectStore, {
      source: { view: 'ORDERS', key: ['ID'], target: 'LATE', columns: ['LATE', 'NOTE'], header: false },
    });

    const sealed = await stage('training', ports);

    expect(sealed).toMatchObject({ train: { rowCount: 17 }, test: { rowCount: 3 } });
    expect(objectStore.objects.get(`${partsUri(RUN_URI, 'train')}part-00000.csv`)!.split('\n')[0]).toBe('0,note 0');
  });

  it('refuses an empty view before anything is staged', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore);

    const staging = stage('training', { objectStore, warehouse: inMemoryWarehouse({ ORDERS: ordersView([]) }) });

    await expect(staging).rejects.toMatchObject({
      name: 'EmptyDatasetError',
      message: /"SPACE"\."ORDERS" has no rows/,
    });
  });

  it('refuses a view whose split leaves no row for testing', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore);

    const staging = stage('training', {
      objectStore,
      warehouse: inMemoryWarehouse({ ORDERS: ordersView([[1, 'only one', 0]]) }),
    });

    await expect(staging).rejects.toMatchObject({ name: 'EmptyDatasetError', message: /split of 1 row/ });
    expect(objectStore.objects.has(`${RUN_URI}train/manifest.json`)).toBe(false);
  });

  describe('when the view changes while it is read', () => {
    const changing = async (onChange?: 'accept') => {
      const objectStore = inMemoryObjectStore();
      const warehouse = inMemoryWarehouse({ ORDERS: twentyOrders });
      await givenOrders(objectStore, {
        source: { view: 'ORDERS', key: ['ID'], target: 'LATE', ...(onChange ? { onChange } : {}) },
      });
      const ports = { objectStore, warehouse };
      const plan = await planPartitions({ runUri: RUN_URI, purpose: 'training' }, ports);
      for (const partition of await plannedPartitions(ports, plan)) await extractPartition(partition, ports);
      return { ...ports, ports, plan };
    };

    it('reads the partitions again that have changed, though the number of rows is the same', async () => {
      const { objectStore, warehouse, ports, plan } = await changing();
      warehouse.views.set('ORDERS', ordersView([[0, 'changed', 0], ...twentyOrders.rows.slice(1)]));

      const first = await sealDataset(sealInput('training', plan), ports);
      await expect(sealDataset(sealInput('training', plan), ports)).resolves.toEqual(first);
      const next = (first as { next: NextRound }).next;
      for (const partition of await plannedPartitions(ports, next)) await extractPartition(partition, ports);
      const second = await sealDataset(sealInput('training', next), ports);

      expect(next).toMatchObject({ round: 1, rereads: 1, partitionCount: 1, waitSeconds: 0 });
      expect(second).toMatchObject({ sealed: { train: { rowCount: 17 }, test: { rowCount: 3 } } });
      const parts = (['train', 'test'] as const).map((name) =>
        objectStore.objects.get(`${partsUri(RUN_URI, name)}part-00000.csv`),
      );
      expect(parts.join('')).toContain('0,changed,0');
    });

    it('fails when it goes on changing, and says what to do', async () => {
      const { objectStore, warehouse, ports, plan } = await changing();
      warehouse.views.set('ORDERS', ordersView([...twentyOrders.rows, [20, 'late', 1]]));

      const sealing = sealDataset(sealInput('training', { ...plan, rereads: 2 }), ports);

      await expect(sealing).rejects.toMatchObject({
        name: 'DatasetMismatchError',
        message: /1 of its partitions .*\(20 rows read, 21 there now\).*source\.onChange/,
      });
      expect(objectStore.objects.has(`${RUN_URI}train/manifest.json`)).toBe(false);
    });

    it('accepts what was read where the pipeline does, and records both', async () => {
      const { objectStore, warehouse, ports, plan } = await changing('accept');
      warehouse.views.set('ORDERS', ordersView([...twentyOrders.rows, [20, 'late', 1]]));

      await sealDataset(sealInput('training', { ...plan, rereads: 2 }), ports);

      const { completeness } = await loadManifest(objectStore, `${RUN_URI}train/manifest.json`);
      expect(completeness).toMatchObject({ read: { rowCount: 20 }, view: { rowCount: 21 }, rereads: 2 });
    });
  });

  describe('when the warehouse is overloaded', () => {
    it('reads what is missing in halves, by half as many connections, and never again what was read', async () => {
      const objectStore = inMemoryObjectStore();
      const ports = { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) };
      await givenOrders(objectStore);
      const plan = await planPartitions({ runUri: RUN_URI, purpose: 'training' }, ports);

      const answer = await sealDataset(sealInput('training', { ...plan, maxConcurrency: 8 }), ports);
      const next = (answer as { next: NextRound }).next;
      const halves = await plannedPartitions(ports, next);
      for (const partition of halves) await extractPartition(partition, ports);
      const counted = countingReads(ports.warehouse);
      for (const partition of halves) await extractPartition(partition, { objectStore, warehouse: counted });
      const sealed = await sealDataset(sealInput('training', next), ports);

      expect(next).toMatchObject({ round: 1, rereads: 0, partitionCount: 2, maxConcurrency: 4, waitSeconds: 60 });
      expect(halves.map(({ partition }) => partition)).toEqual([0, 1]);
      expect(sealed).toMatchObject({ sealed: { train: { rowCount: 17 }, test: { rowCount: 3 } } });
      expect(counted.readCount()).toBe(0);
    });

    it('gives up after five more rounds, and keeps what was read', async () => {
      const objectStore = inMemoryObjectStore();
      const ports = { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) };
      await givenOrders(objectStore);
      let round: Round = await planPartitions({ runUri: RUN_URI, purpose: 'training' }, ports);
      for (let each = 0; each < 5; each += 1) {
        round = ((await sealDataset(sealInput('training', round), ports)) as { next: NextRound }).next;
      }

      const sealing = sealDataset(sealInput('training', round), ports);

      expect(round).toMatchObject({ partitionCount: 32, maxConcurrency: 1, waitSeconds: 900 });
      await expect(sealing).rejects.toMatchObject({ name: 'WarehouseOverloadedError', message: /32 of 32 partitions/ });
    });
  });

  describe('against the last dataset', () => {
    const givenLast = async (source: object) => {
      const objectStore = inMemoryObjectStore();
      const warehouse = inMemoryWarehouse({ ORDERS: twentyOrders });
      const ports = { objectStore, warehouse };
      const settings = { source: { view: 'ORDERS', key: ['ID'], target: 'LATE', ...source } };
      await givenRun(objectStore, { settings });
      await stage('training', ports);
      const { runUri } = await givenRun(objectStore, { settings, runId: 'run-2' });
      return { ...ports, ports, runUri };
    };

    it('stops a run whose view has lost more than 90 % of its rows', async () => {
      const { warehouse, ports, runUri } = await givenLast({});
      warehouse.views.set('ORDERS', ordersView(twentyOrders.rows.slice(0, 1)));

      await expect(stage('training', ports, runUri)).rejects.toMatchObject({
        name: 'DatasetShrunkError',
        message: /has 1 rows, and the last dataset had 20 .*npx fedml run flights --set source\.maxShrink=0\.95$/,
      });
    });

    it('lets a view shrink as far as the pipeline allows', async () => {
      const { warehouse, ports, runUri } = await givenLast({ maxShrink: 0.5, split: { testFraction: 0.5 } });
      warehouse.views.set('ORDERS', ordersView(twentyOrders.rows.slice(0, 10)));

      const sealed = (await stage('training', ports, runUri)) as Record<string, { rowCount: number }>;

      expect(sealed.train!.rowCount + sealed.test!.rowCount).toBe(10);
    });

    it('reads nothing when the view is what it was, and says why', async () => {
      const { objectStore, warehouse, runUri } = await givenLast({});
      const counted = countingReads(warehouse);

      const sealed = await stage('training', { objectStore, warehouse: counted }, runUri);

      expect(counted.readCount()).toBe(1);
      expect(sealed).toMatchObject({ train: { rowCount: 17, partsUri: partsUri(RUN_URI, 'train') } });
      const manifest = await loadManifest(objectStore, `${runUri}train/manifest.json`);
      expect(manifest).toMatchObject({ runUri, reusedFrom: RUN_URI, parts: [{ rowCount: 17 }] });
      const plan = JSON.parse(objectStore.objects.get(`${runUri}staging/plan-training.json`)!);
      expect(plan.explanation).toMatch(/^Nothing is read: the view has the 20 rows that s3:.*run-1\/ staged/);
    });

    it.each([
      [
        'a value changed',
        (ports: Changeable) =>
          ports.warehouse.views.set('ORDERS', ordersView([[0, '!', 0], ...twentyOrders.rows.slice(1)])),
      ],
      [
        'a part is gone',
        (ports: Changeable) => ports.objectStore.objects.delete(`${partsUri(RUN_URI, 'test')}part-00000.csv`),
      ],
    ])('reads all of the view again when %s', async (_, change) => {
      const { ports, runUri } = await givenLast({});
      change(ports);

      const sealed = await stage('training', ports, runUri);

      expect(sealed).toMatchObject({ train: { rowCount: 17, partsUri: partsUri(runUri, 'train') } });
    });

    it('reads all of a view that is what it was when the run is to reuse nothing', async () => {
      const { objectStore, ports } = await givenLast({});
      const settings = { reuse: false, source: { view: 'ORDERS', key: ['ID'], target: 'LATE' } };
      const { runUri } = await givenRun(objectStore, { settings, runId: 'run-3' });

      const sealed = await stage('training', ports, runUri);

      expect(sealed).toMatchObject({ train: { rowCount: 17, partsUri: partsUri(runUri, 'train') } });
    });
  });

  it('asks for missing partitions instead of sealing without them', async () => {
    const objectStore = inMemoryObjectStore();
    const ports = { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) };
    await givenOrders(objectStore);
    await planPartitions({ runUri: RUN_URI, purpose: 'training' }, ports);

    const answer = await sealDataset(sealInput('training', FIRST_ROUND), ports);

    expect(answer).toHaveProperty('next');
    expect(objectStore.objects.has(`${RUN_URI}train/manifest.json`)).toBe(false);
  });

  it('refuses to seal when somebody deleted a part', async () => {
    const objectStore = inMemoryObjectStore();
    const ports = { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) };
    await givenOrders(objectStore);
    const plan = await planPartitions({ runUri: RUN_URI, purpose: 'training' }, ports);
    for (const partition of await plannedPartitions(ports, plan)) await extractPartition(partition, ports);
    objectStore.objects.delete(`${partsUri(RUN_URI, 'test')}part-00000.csv`);

    await expect(sealDataset(sealInput('training', plan), ports)).rejects.toMatchObject({
      name: 'ObjectMissingError',
      message: /1 of 1 parts .* were deleted/,
    });
  });

  it.each(['splitColumn', 'watermark'])('refuses a %s that has no order', async (setting) => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore, { source: { view: 'ORDERS', key: ['ID'], target: 'LATE', [setting]: 'RATIO' } });
    const columns = [...twentyOrders.columns, columnOfType('RATIO', 'DOUBLE')];

    const planning = planPartitions(
      { runUri: RUN_URI, purpose: 'training' },
      { objectStore, warehouse: inMemoryWarehouse({ ORDERS: { columns, rows: [] } }) },
    );

    await expect(planning).rejects.toMatchObject({ name: 'InvalidPipelineError', message: /RATIO .* DOUBLE/ });
  });

  it('names every unknown column at once, with the nearest ones', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore, {
      source: { view: 'ORDERS', key: ['IDD'], target: 'LATE', columns: ['NOTES', 'LATE'] },
    });

    const planning = planPartitions(
      { runUri: RUN_URI, purpose: 'training' },
      { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) },
    );

    await expect(planning).rejects.toMatchObject({
      name: 'UnknownWarehouseObjectError',
      message: '"SPACE"."ORDERS" has no such column:\n  "IDD" Did you mean "ID"?\n  "NOTES" Did you mean "NOTE"?',
    });
  });

  it('refuses types that have no text form, all of them at once', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore);
    const place = { name: 'PLACE', type: 'ST_POINT', length: 8, scale: 0, nullable: true };
    const view = { columns: [...twentyOrders.columns, place, { ...place, name: 'TO' }], rows: twentyOrders.rows };

    const planning = planPartitions(
      { runUri: RUN_URI, purpose: 'training' },
      { objectStore, warehouse: inMemoryWarehouse({ ORDERS: view }) },
    );

    await expect(planning).rejects.toMatchObject({
      name: 'UnstageableValueError',
      message: /PLACE has the type ST_POINT; TO has the type ST_POINT/,
    });
  });
});

describe('staging for a training whose predictions are to be written', () => {
  const prediction = {
    source: { view: 'ORDERS', key: ['ID'] },
    columns: [{ name: 'SCORE', type: 'DOUBLE' }],
    target: { table: 'SCORES' },
  };
  const planning = async (mode: 'full' | 'train') => {
    const objectStore = inMemoryObjectStore();
    const settings = { source: { view: 'ORDERS', key: ['ID'], target: 'LATE' }, prediction };
    await givenRun(objectStore, { mode, settings });
    const warehouse = inMemoryWarehouse({ ORDERS: twentyOrders });
    warehouse.tables.set('SCORES', { name: 'SCORES', columns: [], primaryKey: [], rows: [] });
    return planPartitions({ runUri: RUN_URI, purpose: 'training' }, { objectStore, warehouse });
  };

  it('refuses a table that doesn’t take them, unless none are made', async () => {
    await expect(planning('full')).rejects.toMatchObject({ name: 'TargetTableError' });
    await expect(planning('train')).resolves.toMatchObject({ partitionCount: 1 });
  });
});

describe('staging for scoring', () => {
  const prediction = (method: 'transform' | 'endpoint') => ({
    source: { view: 'ORDERS', key: ['NOTE'] },
    method,
    columns: [{ name: 'SCORE', type: 'DOUBLE' }],
    target: { table: 'SCORES' },
  });

  it('writes headerless parts with the key first', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore, { prediction: prediction('transform') });

    const sealed = await stage('scoring', {
      objectStore,
      warehouse: inMemoryWarehouse({ ORDERS: ordersView([[1, 'a, b', null]]) }),
    });

    expect(sealed).toMatchObject({ score: { rowCount: 1, partsUri: partsUri(RUN_URI, 'score') } });
    expect(objectStore.objects.get(`${partsUri(RUN_URI, 'score')}part-00000.csv`)).toBe('"a, b",1,\n');
  });

  it('refuses a line break for a batch transform, naming the column and not the value', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore, { prediction: prediction('transform') });
    const warehouse = inMemoryWarehouse({ ORDERS: ordersView([[1, 'secret\nvalue', 0]]) });

    const staging = stage('scoring', { objectStore, warehouse });

    await expect(staging).rejects.toMatchObject({
      name: 'UnstageableValueError',
      message: expect.not.stringContaining('secret'),
    });
    await expect(staging).rejects.toThrow(/value of NOTE.*prediction\.method: endpoint/);
    expect(objectStore.objects.has(`${partsUri(RUN_URI, 'score')}part-00000.csv`)).toBe(false);
  });

  it('stages a line break for an endpoint', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore, { prediction: prediction('endpoint'), deployment: { target: 'sagemaker' } });
    const warehouse = inMemoryWarehouse({ ORDERS: ordersView([[1, 'two\nlines', 0]]) });

    await stage('scoring', { objectStore, warehouse });

    expect(objectStore.objects.get(`${partsUri(RUN_URI, 'score')}part-00000.csv`)).toBe('"two\nlines",1,0\n');
  });

  it('seals a dataset without rows where the pipeline allows that', async () => {
    const objectStore = inMemoryObjectStore();
    const settings = prediction('transform');
    await givenOrders(objectStore, { prediction: { ...settings, source: { ...settings.source, allowEmpty: true } } });

    const sealed = await stage('scoring', { objectStore, warehouse: inMemoryWarehouse({ ORDERS: ordersView([]) }) });

    expect(sealed).toMatchObject({ score: { rowCount: 0, sizeBytes: 0 } });
  });

  it('refuses a pipeline without prediction', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore);

    const staging = stage('scoring', { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) });

    await expect(staging).rejects.toMatchObject({ name: 'InvalidInputError' });
  });
});

interface Changeable {
  readonly objectStore: ReturnType<typeof inMemoryObjectStore>;
  readonly warehouse: ReturnType<typeof inMemoryWarehouse>;
}

const countingReads = (warehouse: Warehouse) => {
  let reads = 0;
  const read: Warehouse['read'] = (info, work) => {
    reads += 1;
    return warehouse.read(info, work);
  };
  return { ...warehouse, read, readCount: () => reads };
};

/** Everything that was written, without the times in it. */
const snapshot = ({ objects }: ReturnType<typeof inMemoryObjectStore>): Record<string, string> =>
  Object.fromEntries([...objects.keys()].map((uri) => [uri, objects.get(uri)!.replace(/"sealedAt": ".*"/, '')]));

describe('staging for a model', () => {
  const given = async (contract: FeatureContract | null, source: object = {}) => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore, {
      deployment: { target: 'sagemaker' },
      prediction: {
        source: { view: 'OPEN', key: ['ID'], ...source },
        columns: [{ name: 'P', type: 'DOUBLE' }],
        target: { table: 'T' },
      },
    });
    const open: InMemoryView = {
      columns: [columnOfType('B', 'DOUBLE'), columnOfType('ID', 'BIGINT'), columnOfType('A', 'DOUBLE')],
      rows: [
        [100, 1, 1],
        [200, 2, 2],
      ],
    };
    const modelRecordUri = await givenModel(objectStore, { contract });
    await stage('scoring', { objectStore, warehouse: inMemoryWarehouse({ OPEN: open }) }, RUN_URI, modelRecordUri);
    return objectStore.objects.get(`${partsUri(RUN_URI, 'score')}part-00000.csv`);
  };
  const contractOn = (...names: string[]): FeatureContract => ({
    features: names.map((name) => columnOfType(name, 'DOUBLE')),
    key: ['ID'],
    target: 'LATE',
  });

  it('writes the features in the order that the model was trained with', async () => {
    expect(await given(contractOn('A', 'B'))).toBe('1,1,100\n2,2,200\n');
    expect(await given(contractOn('B', 'A'))).toBe('1,100,1\n2,200,2\n');
    expect(await given(contractOn('A', 'B'), { columns: ['B', 'A'] })).toBe('1,1,100\n2,2,200\n');
  });

  it('reads no row for a model with other features', async () => {
    await expect(given(contractOn('A', 'B', 'C'))).rejects.toMatchObject({
      name: 'FeatureMismatchError',
      message: expect.stringMatching(/"SPACE"\."OPEN"[\s\S]*missing: C/),
    });
    await expect(given(contractOn('A'))).rejects.toMatchObject({ message: expect.stringContaining('extra: B.') });
  });

  it('leaves the order as it is for a model that was trained elsewhere', async () => {
    expect(await given(null)).toBe('1,100,1\n2,200,2\n');
  });

  it('records the values of texts that have few, among the rows to train on', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore);
    const rows = Array.from({ length: 200 }, (_, id): Row => [id, id % 7 === 0 ? null : `n${id % 3}`, 0]);
    await stage('training', { objectStore, warehouse: inMemoryWarehouse({ ORDERS: ordersView(rows) }) });

    const categoriesOf = async (dataset: string) =>
      (await loadManifest(objectStore, `${RUN_URI}${dataset}/manifest.json`)).categories;
    expect(await categoriesOf('train')).toEqual({ NOTE: ['n0', 'n1', 'n2'] });
    expect(await categoriesOf('test')).toBeUndefined();
  });
});
