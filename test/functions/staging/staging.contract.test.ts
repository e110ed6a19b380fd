import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planPartitions as cut } from '#shared/dataset/partitions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Row } from '#shared/warehouse/warehouse.ts';
import { collect } from '#test/collect.ts';
import { type OpenS3, openS3 } from '#test/local/s3/open-s3.ts';
import { givenRun } from '#test/shared/pipeline/fixture.ts';
import { type OpenHana, openHana } from '#test/shared/warehouse/open-hana.ts';
import { stage } from './stage.ts';

const KEY = columnOfType('ID', 'INTEGER');

/** Values of every type that ranges are cut of: skewed, repeated, negative, missing, beyond 2^53, and in HANA's own order. */
const SPLIT_COLUMNS: readonly (readonly [type: string, valueAt: (row: number) => Row[number]])[] = [
  ['INTEGER', (row) => (row % 3 === 0 ? -7 : row ** 2)],
  ['BIGINT', (row) => (row % 9 === 0 ? null : String(9_007_199_254_740_000n + BigInt(row) * 3n))],
  ['DECIMAL(20,4)', (row) => (row - 150 + 0.25).toFixed(4)],
  ['DATE', (row) => `20${String(10 + (row % 80)).padStart(2, '0')}-02-28`],
  ['TIMESTAMP', (row) => `2024-02-29 12:34:56.${String(row * 3331).padStart(6, '0')}`],
  ['SECONDDATE', (row) => `1999-12-31 23:${String(row % 60).padStart(2, '0')}:00`],
  ['TIME', (row) => `${String(row % 24).padStart(2, '0')}:00:00`],
  ['NVARCHAR(20)', (row) => ['', 'a', 'A', 'ä', 'Z', "O'Neill", '😀', ' a', 'ß', 'ﬀ'][row % 10]!],
  ['NVARCHAR(9)', () => null],
  ['SMALLINT', () => 1],
];

const ROWS = Array.from({ length: 300 }, (_, row): Row => [row, ...SPLIT_COLUMNS.map(([, valueAt]) => valueAt(row))]);
const COLUMNS = [KEY, ...SPLIT_COLUMNS.map(([type], index) => columnOfType(`C${index}`, type))];

describe("staging from the laptop's HANA to its S3", () => {
  let hana: OpenHana;
  let s3: OpenS3;
  beforeAll(async () => {
    hana = await openHana();
    s3 = await openS3();
    await s3.client.send(new CreateBucketCommand({ Bucket: 'store' }));
    await hana.givenView('MIXED', COLUMNS, ROWS);
  });
  afterAll(async () => {
    await hana.close();
    await s3[Symbol.asyncDispose]();
  });

  it.each(SPLIT_COLUMNS.map(([type], index) => ({ type, index })))(
    'reads each row once by ranges of $type, evenly',
    async ({ index }) => {
      const column = COLUMNS[index + 1]!;
      const view = { schema: 'SPACE', name: 'MIXED' };

      const { partitions, found } = await hana.warehouse.read({ runId: 'run-1' }, async (session) => {
        const measure = await session.measure(view, { spreadOf: [column.name] });
        const settings = { partSizeMb: (300 * 8) / 6 / 1024 / 1024, maxConnections: 8 };
        const plan = cut(measure, { key: [KEY], columns: [KEY], candidates: [column] }, settings);
        const parts: number[][] = [];
        for (const rows of plan.partitions) {
          const batches = await collect(session.rows({ view, columns: ['ID'], rows }));
          parts.push(batches.flat().map(([id]) => Number(id)));
        }
        return { partitions: plan.partitions, found: parts };
      });

      expect(found.flat().sort((a, b) => a - b)).toEqual(ROWS.map(([id]) => id));
      const mean = ROWS.length / partitions.length;
      // Hashes of 300 keys are not quite even.
      expect(Math.max(...found.map((part) => part.length))).toBeLessThanOrEqual(2.2 * mean);
    },
  );

  it('counts few statements, round trips and requests, whatever the number of rows', async () => {
    const rows = Array.from({ length: 60_000 }, (_, id): Row => [id, 'x'.repeat(60), id % 2]);
    const columns = [KEY, columnOfType('NOTE', 'NVARCHAR(100)'), columnOfType('LATE', 'INTEGER')];
    await hana.givenView('COUNTED', columns, rows);
    const source = { view: 'COUNTED', key: ['ID'], target: 'LATE', partSizeMb: 2 };
    const objectStore = s3ObjectStore(s3.client);
    const { runUri } = await givenRun(objectStore, { settings: { source } });
    const requests: string[] = [];
    s3.client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          requests.push(commandName!);
          return next(args);
        },
      { step: 'initialize', name: 'countRequests' },
    );
    const before = await hana.counters();

    await stage('training', { objectStore, warehouse: hana.warehouse }, runUri);

    const after = await hana.counters();
    const puts = requests.filter((request) => /^(Put|UploadPart|CreateMulti|CompleteMulti)/.test(request));
    // Plan and seal, and one for each of three partitions.
    expect(after.connections - before.connections).toBe(5);
    // Two statements protect a session; the plan asks for columns and measures, a partition reads, the seal checks once.
    expect(after.statements - before.statements).toBe(5 * 2 + 2 + 3 + 1);
    expect(after.roundTrips - before.roundTrips).toBeLessThan(90);
    // Plan and its partitions, for each partition its facts and two parts, two manifests and the last dataset.
    expect(puts).toHaveLength(2 + 3 * 3 + 2 + 1 + 1);
  });

  it('tells more than a count does: a row that changed its text alone', async () => {
    await hana.givenView(
      'TORN',
      [KEY, columnOfType('NOTE', 'NVARCHAR(9)')],
      [
        [1, 'a'],
        [2, 'b'],
      ],
    );
    const columns = [KEY, columnOfType('NOTE', 'NVARCHAR(9)')];
    const view = { schema: 'SPACE', name: 'TORN' };
    const fingerprint = () =>
      hana.warehouse.read({ runId: 'run-1' }, (session) => session.fingerprints(view, columns, [{}]));
    const before = await fingerprint();

    await hana.administer(`UPDATE "SPACE"."T_TORN" SET "NOTE" = 'c' WHERE "ID" = 2`);

    const after = await fingerprint();
    expect(after[0]!.rowCount).toBe(before[0]!.rowCount);
    expect(after[0]!.checksum).not.toBe(before[0]!.checksum);
  });
});
