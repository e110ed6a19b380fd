import { type DatasetManifest, manifestUri } from '#shared/dataset/manifest.ts';
import { runFolderUri } from '#shared/pipeline/run.ts';
import { CHUNKS } from '#shared/predictions/chunks.ts';
import { LEDGER } from '#shared/predictions/ledger.ts';
import { LINEAGE_COLUMNS, type WriteMode } from '#shared/predictions/target-table.ts';
import { stagingTableName } from '#shared/predictions/write-record.ts';
import { predictionPartsUri } from '#shared/sagemaker/transform-job.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { LEASES } from '#shared/warehouse/lease-sql.ts';
import type { Row, Table, WriteSession } from '#shared/warehouse/warehouse.ts';
import { givenRun, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import type { Ports } from './steps.ts';

/** A run whose predictions are to be written. */
export interface ScoredRun {
  readonly runId: string;
  readonly runUri: string;
  readonly table: string;
  readonly mode: WriteMode;
  readonly rowCount: number;
}

export interface Predictions {
  readonly runId: string;
  readonly mode: WriteMode;
  readonly table?: string;
  /** CSV of ID, SCORE, AMOUNT. */
  readonly parts?: readonly string[];
  /** Whether the table that is there has one. */
  readonly primaryKey?: boolean;
}

/** A number that isn't one, one beyond 2^53, and a row that can't be written and may be set aside. */
const PARTS = ['2,0.5,9007199254740993\n3,nan,-1\n', '4,0.1,0\n5,0.2,many\n'];

const COLUMNS = [
  columnOfType('ID', 'BIGINT'),
  columnOfType('SCORE', 'DOUBLE'),
  columnOfType('AMOUNT', 'DECIMAL(18,0)'),
];

/** What an earlier run has left in the target table: a row that the new one has too, and one that it hasn't. */
const EARLIER: readonly Row[] = [
  [1, 0.75, '7'],
  [2, 0.25, '8'],
];

export const givenScoredRun = async (
  { objectStore, warehouse }: Ports,
  { runId, mode, table = 'SCORES', parts = PARTS, primaryKey = mode === 'upsert' }: Predictions,
): Promise<ScoredRun> => {
  const columns = [
    { name: 'SCORE', type: 'DOUBLE' },
    { name: 'AMOUNT', type: 'DECIMAL(18,0)' },
  ];
  const prediction = { source: { view: 'NEW_ORDERS', key: ['ID'] }, columns, target: { table, mode, maxRejected: 1 } };
  await givenRun(objectStore, { runId, settings: { prediction } });
  const runUri = runFolderUri(STORE_URI, 'flights', runId);
  const manifest: DatasetManifest = {
    version: 1,
    dataset: 'score',
    runUri,
    sealedAt: '2026-01-02T03:04:05.000Z',
    source: { schema: 'SPACE', view: 'NEW_ORDERS', key: ['ID'], queries: [] },
    format: { type: 'csv', header: false },
    columns: [columnOfType('ID', 'BIGINT')],
    parts: [],
    rowCount: 4,
    sizeBytes: 0,
  };
  await objectStore.put(manifestUri(runUri, 'score'), JSON.stringify(manifest));
  for (const [index, text] of parts.entries()) {
    await objectStore.put(`${predictionPartsUri(runUri)}part-0000${index}.csv`, text);
  }
  await warehouse.write({ runId: 'earlier' }, (session) => givenTable(session, table, primaryKey));
  return { runId, runUri, table, mode, rowCount: parts.join('').split('\n').length - 1 };
};

const givenTable = async (session: WriteSession, name: string, primaryKey: boolean): Promise<void> => {
  if (await session.tableOf(name)) return;
  const columns = [{ ...COLUMNS[0]!, nullable: !primaryKey }, ...COLUMNS.slice(1), ...Object.values(LINEAGE_COLUMNS)];
  const table: Table = { name, columns, primaryKey: primaryKey ? ['ID'] : [] };
  for (const made of [table, LEDGER, LEASES, CHUNKS]) await session.createTable(made);
  const at = '2026-01-01 00:00:00';
  const rows = EARLIER.map((row) => [...row, 'run-0', 'model-0', at, at]);
  const entry = [`earlier ${name}`, 'flights', 'run-0', name, 'versioned', 'model-0', 2, 0, 0, at];
  await session.transaction(async (transaction) => {
    await transaction.insert(name, namesOf(table), rows);
    await transaction.insert(LEDGER.name, namesOf(LEDGER), [entry]);
  });
};

const namesOf = ({ columns }: Table): string[] => columns.map(({ name }) => name);

/** What a write leaves behind, in a form in which two runs can be compared: without their times and fences. */
export const leftBy = async (
  { objectStore, warehouse }: Ports,
  { runUri, table }: Pick<ScoredRun, 'runUri' | 'table'>,
  writeId: string,
) => {
  const left = await warehouse.write({ runId: 'look' }, async (session) => {
    const staging = await session.tableOf(stagingTableName(writeId));
    return session.transaction(async (transaction) => ({
      rows: sorted(await transaction.find(table, ['ID', 'SCORE', 'AMOUNT', 'RUN_ID', 'MODEL'], {})),
      ledger: sorted(
        await transaction.find(LEDGER.name, ['RUN_ID', 'MODE', 'MODEL', 'ROW_COUNT', 'REJECTED_COUNT'], {
          TARGET_TABLE: table,
        }),
      ),
      chunks: await transaction.find(CHUNKS.name, ['PART'], { WRITE_ID: writeId }),
      // An empty one is what a straggler of PlanWrite may leave; the sweep drops it.
      stagedCount: staging ? await transaction.count(staging.name) : 0,
      isReserved: (await transaction.leaseOwners()).includes(writeId),
    }));
  });
  const objects: Record<string, string> = {};
  for await (const { uri } of objectStore.list(runUri)) {
    objects[neutral(uri.slice(runUri.length))] = neutral((await objectStore.getText(uri)).text);
  }
  return { ...left, objects };
};

const sorted = (rows: readonly Row[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

export const neutral = (text: string): string =>
  text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/"fence":\d+/g, '"fence":0')
    .replace(/write-parts-\d+/, 'write-parts');

/** As if nothing had been written to the table: the next case begins where this one did. */
export const forget = ({ warehouse }: Pick<Ports, 'warehouse'>, table: string, writeId: string): Promise<void> =>
  warehouse.write({ runId: 'forget' }, async (session) => {
    await session.transaction(async (transaction) => {
      await transaction.delete(LEDGER.name, { TARGET_TABLE: table });
      await transaction.delete(LEASES.name, { TARGET_TABLE: table });
      await transaction.delete(CHUNKS.name, { WRITE_ID: writeId });
    });
    await session.dropTable(table);
    await session.dropTable(stagingTableName(writeId));
  });
