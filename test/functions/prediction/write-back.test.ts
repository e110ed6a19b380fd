import { describe, expect, it } from 'vitest';
import { abandonWrite as abandonWriteStep } from '#functions/prediction/abandon-write/abandon-write.ts';
import { planWrite as planWriteStep } from '#functions/prediction/plan-write/plan-write.ts';
import { publishPredictions as publishPredictionsStep } from '#functions/prediction/publish-predictions/publish-predictions.ts';
import { writePart as writePartStep } from '#functions/prediction/write-part/write-part.ts';
import { type DatasetManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { PlannedPart, plannedPartsUri, stagingTableName, writeRecordUri } from '#shared/predictions/write-record.ts';
import { findScoring } from '#shared/reuse/known-scoring.ts';
import { saveScoring } from '#shared/reuse/scoring-fact.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { granted } from '#test/functions/granted.ts';
import { noRunEnds } from '#test/shared/executions/run-endings.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryWarehouse, inMemoryWarehouse } from '#test/shared/warehouse/in-memory.ts';

const abandonWrite = granted('abandonWrite', abandonWriteStep);
const planWrite = granted('planWrite', planWriteStep);
const publishPredictions = granted('publishPredictions', publishPredictionsStep);
const writePart = granted('writePart', writePartStep);

type Mode = 'append' | 'upsert' | 'replace';

const PARTS_URI = predictionPartsUri(RUN_URI);

/** A run whose rows were scored: `parts` are the predictions, line by line. */
const givenPredictions = async (mode: Mode, parts: readonly string[], maxRejected = 0) => {
  const objectStore = inMemoryObjectStore();
  await givenRun(objectStore, {
    settings: {
      prediction: {
        source: { view: 'NEW_ORDERS', key: ['ID'] },
        columns: [
          { name: 'SCORE', type: 'DOUBLE' },
          { name: 'LABEL', type: 'INTEGER' },
        ],
        target: { table: 'SCORES', mode, maxRejected },
      },
    },
  });
  const manifest: DatasetManifest = {
    version: 1,
    dataset: 'score',
    runUri: RUN_URI,
    sealedAt: '2026-01-02T03:04:05.000Z',
    source: { schema: 'SPACE', view: 'NEW_ORDERS', key: ['ID'], queries: [] },
    format: { type: 'csv', header: false },
    columns: [columnOfType('ID', 'BIGINT'), columnOfType('AMOUNT', 'DECIMAL(10,2)')],
    parts: [],
    rowCount: 3,
    sizeBytes: 0,
  };
  await objectStore.put(manifestUri(RUN_URI, 'score'), JSON.stringify(manifest));
  for (const [index, text] of parts.entries()) await objectStore.put(`${PARTS_URI}part-0000${index}.csv.out`, text);
  return objectStore;
};

type Ports = { objectStore: ReturnType<typeof inMemoryObjectStore>; warehouse: InMemoryWarehouse };

const plan = (ports: Ports, rowCount: number, runs = noRunEnds) =>
  planWrite(
    { runUri: RUN_URI, predictionsUri: PARTS_URI, rowCount, model: 'flights-0123456789ab' },
    { ...ports, runs },
  );

const plannedParts = ({ objectStore }: Ports, fence = 1): PlannedPart[] =>
  objectStore.objects
    .get(plannedPartsUri(RUN_URI, fence))!
    .trimEnd()
    .split('\n')
    .map((line) => PlannedPart.parse(JSON.parse(line)));

/** Runs the three steps as the state machine does. */
const writeBack = async (ports: Ports, rowCount: number) => {
  const { writeId, fence, alreadyPublished } = await plan(ports, rowCount);
  for (const part of alreadyPublished ? [] : plannedParts(ports, fence)) await writePart(part, ports);
  return publishPredictions({ runUri: RUN_URI, writeId, fence, rowCount }, ports);
};

const scores = ({ warehouse }: Ports) => warehouse.tables.get('SCORES')!.rows.map((row) => row.slice(0, 3));

/** The next write is then like one of another run. */
const forgetWrites = ({ warehouse }: Ports): void => {
  warehouse.tables.get('FEDML_LEDGER')!.rows = [];
};

describe('writing predictions back', () => {
  it('creates the table and adds the predictions with their run, model and times', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\n9007199254740993,0.25,0\n', '3,1e-05,1.0\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };

    const output = await writeBack(ports, 3);

    expect(output).toMatchObject({ schema: 'SPACE#USER', table: 'SCORES', rowCount: 3, alreadyPublished: false });
    expect(scores(ports)).toEqual([
      [1, 0.5, 1],
      ['9007199254740993', 0.25, 0],
      [3, 0.00001, 1],
    ]);
    expect(ports.warehouse.tables.get('SCORES')!.columns.map(({ name }) => name)).toEqual([
      ...['ID', 'SCORE', 'LABEL', 'RUN_ID', 'MODEL', 'PREDICTED_AT', 'INSERTED_AT'],
    ]);
    expect(ports.warehouse.tables.get('SCORES')!.rows[0]!.slice(3, 5)).toEqual(['run-1', 'flights-0123456789ab']);
  });

  it.each([
    ['the table', { table: 'PAYROLL' }],
    ['the mode', { mode: 'replace' }],
    ['the model', { model: 'flights-ffffffffffff' }],
    ['the run', { runUri: RUN_URI.replace('run-1', 'run-0') }],
  ])('writes nothing by a plan in which somebody has changed %s', async (_, change) => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };
    const { writeId, fence } = await plan(ports, 1);
    const record = JSON.parse(objectStore.objects.get(writeRecordUri(RUN_URI))!);
    await objectStore.put(writeRecordUri(RUN_URI), JSON.stringify({ ...record, ...change }));

    const changed = { name: 'DatasetMismatchError', message: expect.stringContaining('was changed') };
    await expect(writePart(plannedParts(ports)[0]!, ports)).rejects.toMatchObject(changed);
    const publish = publishPredictions({ runUri: RUN_URI, writeId, fence, rowCount: 1 }, ports);
    await expect(publish).rejects.toMatchObject(changed);
  });

  it('lets later runs find the predictions of a transform, once all of them are in the table', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\n', '2,0.5,1\n']);
    const inputsSha256 = 'a'.repeat(64);
    const scoring = {
      method: 'transform',
      model: 'job-1',
      predictionsUri: PARTS_URI,
      inputsSha256,
      reused: null,
    } as const;
    await saveScoring(objectStore, RUN_URI, scoring);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };
    const found = () => findScoring(objectStore, { runUri: RUN_URI, pipeline: 'flights' }, inputsSha256);

    await expect(writeBack(ports, 3)).rejects.toMatchObject({ name: 'DatasetMismatchError' });
    expect(await found()).toBeUndefined();
    await writeBack(ports, 2);

    expect(await found()).toMatchObject({ runUri: RUN_URI, predictionsUri: PARTS_URI });
  });

  it('records the publication and leaves no staging table', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };

    const { writeId } = await writeBack(ports, 1);

    expect([...ports.warehouse.tables.keys()].sort()).toEqual([
      'FEDML_CHUNKS',
      'FEDML_LEASE',
      'FEDML_LEDGER',
      'SCORES',
    ]);
    expect(JSON.parse(objectStore.objects.get(`${RUN_URI}predictions/publication.json`)!)).toMatchObject({
      writeId,
      table: 'SCORES',
      rowCount: 1,
      runId: 'run-1',
    });
  });

  it('writes nothing twice when all of it runs again', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\n', '2,0.5,0\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };
    const first = await writeBack(ports, 2);

    const second = await writeBack(ports, 2);

    expect(second).toEqual({ ...first, alreadyPublished: true });
    expect(scores(ports)).toHaveLength(2);
  });

  it('has the rows of a part once when its writing runs again', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\n2,0.5,0\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };
    const { writeId, fence } = await plan(ports, 2);
    const [part] = plannedParts(ports);
    await writePart(part!, ports);

    const again = await writePart(part!, ports);
    await publishPredictions({ runUri: RUN_URI, writeId, fence, rowCount: 2 }, ports);

    expect(again).toEqual({ part: 0, rowCount: 2, rejectedCount: 0, alreadyStaged: true });
    expect(scores(ports)).toHaveLength(2);
  });

  it('settles a lost acknowledgement of the commit by the ledger', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };
    const { writeId, fence } = await plan(ports, 1);
    await writePart(plannedParts(ports)[0]!, ports);
    ports.warehouse.loseNextCommit();

    const output = await publishPredictions({ runUri: RUN_URI, writeId, fence, rowCount: 1 }, ports);

    expect(output).toMatchObject({ rowCount: 1, alreadyPublished: true });
    expect(scores(ports)).toHaveLength(1);
  });

  it('replaces the rows of an earlier run', async () => {
    const objectStore = await givenPredictions('replace', ['1,0.5,1\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };
    await writeBack(ports, 1);
    forgetWrites(ports);
    await objectStore.put(`${PARTS_URI}part-00000.csv.out`, '2,0.75,0\n');

    await writeBack(ports, 1);

    expect(scores(ports)).toEqual([[2, 0.75, 0]]);
  });

  it('updates rows of the same key and adds the others', async () => {
    const objectStore = await givenPredictions('upsert', ['1,0.5,1\n2,0.5,1\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };
    await writeBack(ports, 2);
    forgetWrites(ports);
    await objectStore.put(`${PARTS_URI}part-00000.csv.out`, '2,0.75,0\n3,0.1,0\n');

    await writeBack(ports, 2);

    expect(scores(ports).sort()).toEqual([
      [1, 0.5, 1],
      [2, 0.75, 0],
      [3, 0.1, 0],
    ]);
  });

  it('refuses to upsert rows that share a key, and publishes none of them', async () => {
    const objectStore = await givenPredictions('upsert', ['1,0.5,1\n1,0.6,1\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };

    const writing = writeBack(ports, 2);

    await expect(writing).rejects.toMatchObject({ name: 'DatasetMismatchError', message: /1 different values/ });
    expect(scores(ports)).toEqual([]);
    expect(ports.warehouse.tables.get('FEDML_LEDGER')!.rows).toEqual([]);
  });

  it('publishes nothing when a prediction is missing', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };

    const writing = writeBack(ports, 2);

    await expect(writing).rejects.toMatchObject({
      name: 'DatasetMismatchError',
      message: /2 rows were scored, and there are predictions for 1/,
    });
    expect(scores(ports)).toEqual([]);
  });

  it('takes NaN and the infinities as NULL', async () => {
    const objectStore = await givenPredictions('append', ['1,nan,NaN\n2,-inf,\n3,Infinity,0\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };

    await writeBack(ports, 3);

    expect(scores(ports)).toEqual([
      [1, null, null],
      [2, null, null],
      [3, null, 0],
    ]);
  });

  it('names part, line and column of a value that does not fit, keeps the value secret and writes no row', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\n2,topsecret,1\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };

    const writing = writeBack(ports, 2);

    await expect(writing).rejects.toMatchObject({
      name: 'UnwritableValueError',
      message: `${PARTS_URI}part-00000.csv.out, line 2, column SCORE DOUBLE: a number is needed, and there is a text of 9 characters.`,
    });
    expect(scores(ports)).toEqual([]);
  });

  it('refuses a line with another number of fields', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };

    const writing = writeBack(ports, 1);

    await expect(writing).rejects.toMatchObject({
      name: 'UnwritableValueError',
      message: /line 1: there are 2 fields and 3 columns \(ID, SCORE, LABEL\)/,
    });
  });

  it('sets aside the rows that the table can not take, each with its reason, and counts them', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\nx,0.5,"a, b"\n2,0.5,1\n', '3,0.5,\n4,one,1\n'], 2);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };

    const output = await writeBack(ports, 5);

    expect(output).toMatchObject({ rowCount: 3, rejectedCount: 2 });
    expect(scores(ports).map(([id]) => id)).toEqual([1, 2, 3]);
    expect(objectStore.objects.get(`${RUN_URI}predictions/quarantine/part-00000.csv`)).toBe(
      'line,reason,row\n2,"column ID BIGINT: a number is needed, and there is a text of 1 character.",x,0.5,"a, b"\n',
    );
    expect(JSON.parse(objectStore.objects.get(`${RUN_URI}predictions/publication.json`)!)).toMatchObject({
      rowCount: 3,
      rejectedCount: 2,
      quarantineUri: `${RUN_URI}predictions/quarantine/`,
    });
  });

  it('writes nothing when more rows can not be written than may be set aside, in one part or in all together', async () => {
    const inOne = {
      objectStore: await givenPredictions('append', ['x,1,1\ny,1,1\n'], 1),
      warehouse: inMemoryWarehouse(),
    };
    const together = {
      objectStore: await givenPredictions('append', ['1,1,1\nx,1,1\n', 'y,1,1\n'], 1),
      warehouse: inMemoryWarehouse(),
    };

    await expect(writeBack(inOne, 2)).rejects.toMatchObject({
      name: 'UnwritableValueError',
      message: /^After 1 rows that were set aside: .*line 2, column ID/,
    });
    await expect(writeBack(together, 3)).rejects.toMatchObject({
      name: 'UnwritableValueError',
      message: /^2 of 3 rows can't be written, and prediction\.target\.maxRejected allows 1/,
    });
    expect([scores(inOne), scores(together)]).toEqual([[], []]);
  });

  it('takes a number below 1 as the share of all rows that may be set aside', async () => {
    const parts = ['1,0.5,1\n2,0.5,1\n3,0.5,1\nx,0.5,1\n'];
    const quarter = { objectStore: await givenPredictions('append', parts, 0.25), warehouse: inMemoryWarehouse() };
    const less = { objectStore: await givenPredictions('append', parts, 0.24), warehouse: inMemoryWarehouse() };

    expect(await writeBack(quarter, 4)).toMatchObject({ rowCount: 3, rejectedCount: 1 });
    await expect(writeBack(less, 4)).rejects.toMatchObject({ name: 'UnwritableValueError' });
  });

  it('writes a part anew when its predictions have changed since, and forgets what was set aside', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\nx,0.5,1\n'], 1);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };
    await plan(ports, 2);
    await writePart(plannedParts(ports)[0]!, ports);
    await objectStore.put(`${PARTS_URI}part-00000.csv.out`, '1,0.75,1\n2,0.75,1\n');

    const output = await writeBack(ports, 2);

    expect(output).toMatchObject({ rowCount: 2, rejectedCount: 0 });
    expect(scores(ports).map(([, score]) => score)).toEqual([0.75, 0.75]);
    expect(objectStore.objects.has(`${RUN_URI}predictions/quarantine/part-00000.csv`)).toBe(false);
  });

  it('forgets the staged rows of a part that is no more among the predictions', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\n', '2,0.5,1\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };
    await plan(ports, 2);
    for (const part of plannedParts(ports)) await writePart(part, ports);
    await objectStore.delete(`${PARTS_URI}part-00001.csv.out`);

    await writeBack(ports, 1);

    expect(scores(ports).map(([id]) => id)).toEqual([1]);
  });

  it('stages everything again when somebody has dropped the staging table', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\n', '2,0.5,1\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };
    const { writeId } = await plan(ports, 2);
    for (const part of plannedParts(ports)) await writePart(part, ports);
    ports.warehouse.tables.delete(stagingTableName(writeId));

    const output = await writeBack(ports, 2);

    expect(output).toMatchObject({ rowCount: 2, alreadyPublished: false });
  });

  it('lets others have the table when planning fails', async () => {
    const objectStore = await givenPredictions('upsert', ['1,0.5,1\n']);
    const warehouse = inMemoryWarehouse();
    warehouse.tables.set('SCORES', { name: 'SCORES', columns: [], primaryKey: [], rows: [] });

    await expect(plan({ objectStore, warehouse }, 1)).rejects.toMatchObject({ name: 'TargetTableError' });

    warehouse.tables.delete('SCORES');
    await expect(plan({ objectStore, warehouse }, 1)).resolves.toMatchObject({ fence: 2 });
  });

  it('lets others have the table when the write is abandoned, and keeps what is staged', async () => {
    const objectStore = await givenPredictions('append', ['1,0.5,1\n']);
    const ports = { objectStore, warehouse: inMemoryWarehouse() };
    const { writeId, fence } = await plan(ports, 1);
    await writePart(plannedParts(ports)[0]!, ports);

    await abandonWrite({ runUri: RUN_URI, writeId, fence }, ports);

    const owners = await ports.warehouse.write({ runId: 'look' }, (session) =>
      session.transaction((transaction) => transaction.leaseOwners()),
    );
    expect(owners).toEqual([]);
    expect(ports.warehouse.tables.get(stagingTableName(writeId))!.rows).toHaveLength(1);
  });

  it('refuses to plan without predictions', async () => {
    const objectStore = await givenPredictions('append', []);

    const planning = plan({ objectStore, warehouse: inMemoryWarehouse() }, 1);

    await expect(planning).rejects.toMatchObject({ name: 'DatasetMismatchError' });
  });

  it('lists every difference of a table that is there already', async () => {
    const objectStore = await givenPredictions('upsert', ['1,0.5,1\n']);
    const warehouse = inMemoryWarehouse();
    const columns = [
      columnOfType('ID', 'INTEGER', false),
      columnOfType('LABEL', 'NVARCHAR(10)'),
      columnOfType('OWNER', 'NVARCHAR(10)', false),
      columnOfType('RUN_ID', 'NVARCHAR(20)'),
      columnOfType('MODEL', 'NVARCHAR(500)'),
      columnOfType('PREDICTED_AT', 'TIMESTAMP'),
      columnOfType('INSERTED_AT', 'TIMESTAMP'),
    ];
    warehouse.tables.set('SCORES', { name: 'SCORES', columns, primaryKey: [], rows: [] });

    const planning = plan({ objectStore, warehouse }, 1);

    await expect(planning).rejects.toMatchObject({
      name: 'TargetTableError',
      message: [
        "The table SCORES can't take the predictions:",
        '  ID is INTEGER and must hold BIGINT',
        '  SCORE DOUBLE is missing',
        '  LABEL is NVARCHAR(10) and must hold INTEGER',
        '  RUN_ID is NVARCHAR(20) and must hold NVARCHAR(80)',
        '  OWNER is NOT NULL, and the predictions have no value for it',
        '  its primary key is missing and must be (ID), or upsert could not find the rows to replace',
        'Alter the table, name another one in prediction.target.table, or drop it to have it created.',
      ].join('\n'),
    });
  });
});
