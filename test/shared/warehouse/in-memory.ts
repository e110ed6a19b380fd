import { DuplicateKeyError, UnknownWarehouseObjectError, WarehouseUnavailableError } from '#shared/errors.ts';
import { LEASES } from '#shared/warehouse/lease-sql.ts';
import type {
  Equalities,
  Lease,
  LeaseClaim,
  ReadSession,
  Row,
  Table,
  TableCopy,
  Transaction,
  Warehouse,
  WarehouseValue,
  WriteSession,
} from '#shared/warehouse/warehouse.ts';
import { type InMemoryView, inMemoryReading } from './in-memory-reading.ts';

export type { InMemoryView };

interface InMemoryTable extends Table {
  rows: Row[];
}

/** A warehouse in Maps: views of the space schema SPACE, and tables of the user's schema SPACE#USER. */
export interface InMemoryWarehouse extends Warehouse {
  readonly views: Map<string, InMemoryView>;
  readonly tables: Map<string, InMemoryTable>;
  /** Makes the next commit succeed and lose its acknowledgement. */
  loseNextCommit(): void;
}

export const inMemoryWarehouse = (views: Readonly<Record<string, InMemoryView>> = {}): InMemoryWarehouse => {
  const warehouse = {
    views: new Map(Object.entries(views)),
    tables: new Map<string, InMemoryTable>(),
    losesNextCommit: false,
    loseNextCommit: () => {
      warehouse.losesNextCommit = true;
    },
    read: <T>(_info: unknown, work: (session: ReadSession) => Promise<T>) => work(inMemoryReading(warehouse.views)),
    write: <T>(_info: unknown, work: (session: WriteSession) => Promise<T>) => work(writing(warehouse)),
  };
  return warehouse;
};

const writing = (warehouse: {
  readonly tables: Map<string, InMemoryTable>;
  losesNextCommit: boolean;
}): WriteSession => {
  const { tables } = warehouse;
  return {
    schema: 'SPACE#USER',
    async tableOf(name) {
      const table = tables.get(name);
      return table && { name, columns: table.columns, primaryKey: table.primaryKey };
    },
    async createTable(table) {
      if (!tables.has(table.name)) tables.set(table.name, { ...table, rows: [] });
    },
    async createView() {},
    async tablesOlderThan() {
      return [];
    },
    async forbidDdl() {},
    async dropTable(name) {
      tables.delete(name);
    },
    async transaction(work) {
      const before = new Map([...tables].map(([name, { rows }]) => [name, rows]));
      const own = new Map([...tables].map(([name, table]) => [name, { ...table }]));
      const result = await work(transactionOn(own));
      commit(tables, before, own);
      if (!warehouse.losesNextCommit) return result;
      warehouse.losesNextCommit = false;
      throw new WarehouseUnavailableError('Committing failed: the connection was lost.');
    },
  };
};

/** A transaction works on its own copy, and fails when others have changed or dropped a table that it has changed. */
const commit = (
  tables: Map<string, InMemoryTable>,
  before: ReadonlyMap<string, readonly Row[]>,
  own: ReadonlyMap<string, InMemoryTable>,
): void => {
  const changed = [...own.values()].filter(({ name, rows }) => rows !== before.get(name));
  const lost = changed.find(({ name }) => tables.get(name)?.rows !== before.get(name));
  if (lost) throw new WarehouseUnavailableError(`Committing failed: another transaction has changed ${lost.name}.`);
  for (const { name, rows } of changed) tables.get(name)!.rows = rows;
};

const transactionOn = (tables: Map<string, InMemoryTable>): Transaction => {
  const tableOf = (name: string): InMemoryTable => {
    const table = tables.get(name);
    if (!table) throw new UnknownWarehouseObjectError(`There is no table ${name}.`);
    return table;
  };
  return {
    async insert(name, columns, rows) {
      for (const row of rows) insertRow(tableOf(name), columns, row);
    },
    async delete(name, where = {}) {
      const table = tableOf(name);
      const left = table.rows.filter((row) => !matches(table, row, where));
      if (left.length < table.rows.length) table.rows = left;
    },
    async count(name) {
      return tableOf(name).rows.length;
    },
    async countDistinct(name, columns) {
      const table = tableOf(name);
      return new Set(table.rows.map((row) => JSON.stringify(valuesOf(table, row, columns)))).size;
    },
    async find(name, columns, where) {
      const table = tableOf(name);
      return table.rows.filter((row) => matches(table, row, where)).map((row) => valuesOf(table, row, columns));
    },
    async copy(copy) {
      return copyRows(tableOf(copy.from), tableOf(copy.to), copy);
    },
    async lock(name) {
      tableOf(name);
    },
    async sumsBy(name, by, summed) {
      const table = tableOf(name);
      const sums = new Map<number, { group: number; rowCount: number; sum: bigint }>();
      for (const [group, value] of table.rows.map((row) => valuesOf(table, row, [by, summed]).map(Number))) {
        const { rowCount, sum } = sums.get(group!) ?? { rowCount: 0, sum: 0n };
        sums.set(group!, { group: group!, rowCount: rowCount + 1, sum: sum + BigInt(value!) });
      }
      return [...sums.values()];
    },
    ...leasesIn(tableOf),
  };
};

/** Times in milliseconds stand for the warehouse's timestamps. */
const leasesIn = (tableOf: (name: string) => InMemoryTable) => {
  const rows = () => tableOf(LEASES.name).rows;
  const set = (target: string, row: Row) => {
    const table = tableOf(LEASES.name);
    table.rows = [...table.rows.filter(([name]) => name !== target), row];
  };
  const held = ({ target, owner, fence }: Lease) =>
    rows().find((row) => row[0] === target && row[1] === owner && row[3] === fence);
  return {
    async takeLease({ target, owner, runId, ttlSeconds }: LeaseClaim) {
      const [, ownerNow = '', heldBy = '', fence = 0, until = 0] = rows().find((row) => row[0] === target) ?? [];
      const isLive = Number(until) > Date.now();
      if (isLive && ownerNow !== owner) {
        const lease = { target, owner: String(ownerNow), fence: Number(fence) };
        return { lease, heldByRunId: String(heldBy), secondsLeft: Math.round((Number(until) - Date.now()) / 1000) };
      }
      const taken = Number(fence) + (isLive ? 0 : 1);
      set(target, [target, owner, runId, taken, Date.now() + ttlSeconds * 1000]);
      return { fence: taken };
    },
    async holdLease(lease: Lease, ttlSeconds: number) {
      const row = held(lease);
      if (row) set(lease.target, [...row.slice(0, 4), Date.now() + ttlSeconds * 1000]);
      return row !== undefined;
    },
    async freeLease(lease: Lease, forGood: boolean) {
      const row = held(lease);
      if (row) set(lease.target, [lease.target, forGood ? '' : lease.owner, row[2]!, lease.fence, 0]);
    },
    async insertFenced({ name, columns }: Table, row: Row, lease: Lease) {
      if (!held(lease)) return false;
      insertRow(
        tableOf(name),
        columns.map((column) => column.name),
        row,
      );
      return true;
    },
    async leaseOwners() {
      return rows()
        .filter((row) => Number(row[4]) > Date.now())
        .map((row) => String(row[1]));
    },
  };
};

const copyRows = (from: InMemoryTable, to: InMemoryTable, { columns, constants, mode }: TableCopy): number => {
  const names = [...columns, ...constants.map(({ column }) => column.name)];
  for (const row of from.rows) {
    const values = [...valuesOf(from, row, columns), ...constants.map(({ value }) => value)];
    if (mode === 'upsert') {
      const key = Object.fromEntries(to.primaryKey.map((column) => [column, values[names.indexOf(column)]!]));
      to.rows = to.rows.filter((existing) => !matches(to, existing, key));
    }
    insertRow(to, names, values);
  }
  return from.rows.length;
};

const insertRow = (table: InMemoryTable, names: readonly string[], values: Row): void => {
  const row = table.columns.map(({ name }) => values[names.indexOf(name)] ?? null);
  const key = Object.fromEntries(table.primaryKey.map((name) => [name, valuesOf(table, row, [name])[0]!]));
  if (table.primaryKey.length > 0 && table.rows.some((existing) => matches(table, existing, key))) {
    throw new DuplicateKeyError(`${table.name} has a row with this primary key already.`);
  }
  table.rows = [...table.rows, row];
};

const valuesOf = (table: Table, row: Row, names: readonly string[]): WarehouseValue[] =>
  names.map((name) => row[table.columns.findIndex((column) => column.name === name)]!);

const matches = (table: Table, row: Row, where: Equalities): boolean =>
  Object.entries(where).every(([name, value]) => String(valuesOf(table, row, [name])[0]) === String(value));
