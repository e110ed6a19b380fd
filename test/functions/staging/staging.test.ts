import { describe, expect, it } from 'vitest';
import { extractPartition } from '#functions/staging/extract-partition/extract-partition.ts';
import { planPartitions } from '#functions/staging/plan-partitions/plan-partitions.ts';
import { sealDataset } from '#functions/staging/seal-dataset/seal-dataset.ts';
import { loadManifest } from '#shared/dataset/manifest.ts';
import { PlannedPartition, type StagingPurpose } from '#shared/dataset/staging-plan.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Row } from '#shared/warehouse/warehouse.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryView, inMemoryWarehouse } from '#test/shared/warehouse/in-memory.ts';

const ordersView = (rows: readonly Row[]): InMemoryView => ({
  columns: [columnOfType('ID', 'BIGINT'), columnOfType('NOTE', 'NVARCHAR(50)'), columnOfType('LATE', 'INTEGER')],
  rows,
});

const twentyOrders = ordersView(Array.from({ length: 20 }, (_, index) => [index, `note ${index}`, index % 2]));

/** A run that trains on ORDERS, with what the case is about. */
const givenOrders = (objectStore: ObjectStore, settings: object = {}) =>
  givenRun(objectStore, { settings: { source: { view: 'ORDERS', key: ['ID'], target: 'LATE' }, ...settings } });

type Ports = Parameters<typeof planPartitions>[1] & { readonly objectStore: ReturnType<typeof inMemoryObjectStore> };

/** Runs the three steps as the state machine does. */
const stage = async (purpose: StagingPurpose, ports: Ports) => {
  const plan = await planPartitions({ runUri: RUN_URI, purpose }, ports);
  for (const partition of plannedPartitions(ports, plan.partitionsKey)) await extractPartition(partition, ports);
  return sealDataset({ runUri: RUN_URI, purpose }, ports);
};

const plannedPartitions = ({ objectStore }: Ports, key: string): PlannedPartition[] =>
  objectStore.objects
    .get(`s3://store/${key}`)!
    .trimEnd()
    .split('\n')
    .map((line) => PlannedPartition.parse(JSON.parse(line)));

describe('staging for training', () => {
  it('writes each row of the view to the train or the test dataset and seals both', async () => {
    const objectStore = inMemoryObjectStore();
    const ports = { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) };
    await givenOrders(objectStore);

    const sealed = await stage('training', ports);

    expect(sealed).toMatchObject({ train: { rowCount: 17 }, test: { rowCount: 3 } });
    const train = objectStore.objects.get(`${RUN_URI}train/parts/part-00000.csv`)!;
    const test = objectStore.objects.get(`${RUN_URI}test/parts/part-00000.csv`)!;
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
    expect(manifest.source.queries).toEqual(['SELECT "ID", "NOTE", "LATE" FROM "SPACE"."ORDERS"']);
    expect(manifest.columns.map(({ name }) => name)).toEqual(['ID', 'NOTE', 'LATE']);
  });

  it('stages the same bytes when all of it runs again, and removes a part that an earlier try left', async () => {
    const objectStore = inMemoryObjectStore();
    const ports = { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) };
    await givenOrders(objectStore);
    await stage('training', ports);
    const before = snapshot(objectStore);
    objectStore.objects.set(`${RUN_URI}train/parts/part-00001.csv`, 'ID,NOTE,LATE\n99,left over,1\n');

    await stage('training', ports);

    expect(snapshot(objectStore)).toEqual(before);
  });

  it('stages a large view in partitions whose union is the view', async () => {
    const objectStore = inMemoryObjectStore();
    const rows = Array.from({ length: 250_010 }, (_, index): Row => [index < 10 ? null : index, null, 1]);
    const ports = { objectStore, warehouse: inMemoryWarehouse({ ORDERS: ordersView(rows) }) };
    await givenOrders(objectStore, {
      source: { view: 'ORDERS', key: ['ID'], target: 'LATE', header: false, split: { testFraction: 0.5 } },
    });

    await stage('training', ports);

    const manifests = await Promise.all(
      ['train', 'test'].map((dataset) => loadManifest(objectStore, `${RUN_URI}${dataset}/manifest.json`)),
    );
    const parts = manifests.flatMap((manifest) => manifest.parts);
    expect(new Set(parts.map(({ partition }) => partition))).toEqual(new Set([0, 1, 2]));
    expect(manifests[0]!.source.queries[1]).toBe(
      'SELECT "ID", "NOTE", "LATE" FROM "SPACE"."ORDERS" WHERE "ID" >= ? [125010]',
    );
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
    expect(objectStore.objects.get(`${RUN_URI}train/parts/part-00000.csv`)!.split('\n')[0]).toBe('0,note 0');
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

  it('refuses to seal when the view changed between counting and reading', async () => {
    const objectStore = inMemoryObjectStore();
    const warehouse = inMemoryWarehouse({ ORDERS: twentyOrders });
    await givenOrders(objectStore);
    await planPartitions({ runUri: RUN_URI, purpose: 'training' }, { objectStore, warehouse });
    warehouse.views.set('ORDERS', ordersView([...twentyOrders.rows, [20, 'late', 1]]));
    await extractPartition({ runUri: RUN_URI, purpose: 'training', partition: 0 }, { objectStore, warehouse });

    const sealing = sealDataset({ runUri: RUN_URI, purpose: 'training' }, { objectStore });

    await expect(sealing).rejects.toMatchObject({
      name: 'DatasetMismatchError',
      message: /had 20 rows when they were counted and gave 21/,
    });
  });

  it('refuses to seal while a partition is missing, and names it', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore);
    await planPartitions(
      { runUri: RUN_URI, purpose: 'training' },
      { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) },
    );

    const sealing = sealDataset({ runUri: RUN_URI, purpose: 'training' }, { objectStore });

    await expect(sealing).rejects.toMatchObject({
      name: 'DatasetMismatchError',
      message: '1 of 1 partitions were not extracted: 0.',
    });
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

  it('refuses columns that leave out the target', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore, { source: { view: 'ORDERS', key: ['ID'], target: 'LATE', columns: ['NOTE'] } });

    const planning = planPartitions(
      { runUri: RUN_URI, purpose: 'training' },
      { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) },
    );

    await expect(planning).rejects.toMatchObject({ name: 'InvalidPipelineError' });
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

    expect(sealed).toMatchObject({ score: { rowCount: 1, partsUri: `${RUN_URI}score/parts/` } });
    expect(objectStore.objects.get(`${RUN_URI}score/parts/part-00000.csv`)).toBe('"a, b",1,\n');
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
    expect(objectStore.objects.has(`${RUN_URI}score/parts/part-00000.csv`)).toBe(false);
  });

  it('stages a line break for an endpoint', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore, { prediction: prediction('endpoint'), deployment: { target: 'sagemaker' } });
    const warehouse = inMemoryWarehouse({ ORDERS: ordersView([[1, 'two\nlines', 0]]) });

    await stage('scoring', { objectStore, warehouse });

    expect(objectStore.objects.get(`${RUN_URI}score/parts/part-00000.csv`)).toBe('"two\nlines",1,0\n');
  });

  it('refuses a pipeline without prediction', async () => {
    const objectStore = inMemoryObjectStore();
    await givenOrders(objectStore);

    const staging = stage('scoring', { objectStore, warehouse: inMemoryWarehouse({ ORDERS: twentyOrders }) });

    await expect(staging).rejects.toMatchObject({ name: 'InvalidInputError' });
  });
});

/** Everything that was written, without the times in it. */
const snapshot = ({ objects }: ReturnType<typeof inMemoryObjectStore>): Record<string, string> =>
  Object.fromEntries([...objects.keys()].map((uri) => [uri, objects.get(uri)!.replace(/"sealedAt": ".*"/, '')]));
