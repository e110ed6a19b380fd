import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { DuplicateKeyError, UnknownWarehouseObjectError, WarehouseUnavailableError } from '#shared/errors.ts';
import type {
  Equalities,
  Measure,
  Range,
  ReadSession,
  Row,
  Table,
  TableCopy,
  Transaction,
  Warehouse,
  WarehouseValue,
  WriteSession,
} from '#shared/warehouse/warehouse.ts';

export interface InMemoryView {
  readonly columns: readonly DatasetColumn[];
  readonly rows: readonly Row[];
}

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

/** Batches of a stream: several, also of few rows. */
const BATCH_COUNT = 5;

export const inMemoryWarehouse = (views: Readonly<Record<string, InMemoryView>> = {}): InMemoryWarehouse => {
  const warehouse = {
    views: new Map(Object.entries(views)),
    tables: new Map<string, InMemoryTable>(),
    losesNextCommit: false,
    loseNextCommit: () => {
      warehouse.losesNextCommit = true;
    },
    read: <T>(_info: unknown, work: (session: ReadSession) => Promise<T>) => work(reading(warehouse.views)),
    write: <T>(_info: unknown, work: (session: WriteSession) => Promise<T>) => work(writing(warehouse)),
  };
  return warehouse;
};

const reading = (views: ReadonlyMap<string, InMemoryView>): ReadSession => {
  const viewOf = ({ name }: { name: string }): InMemoryView => {
    const view = views.get(name);
    if (!view)
      throw new UnknownWarehouseObjectError(`There is no view ${name}. Did you mean one of ${[...views.keys()]}?`);
    return view;
  };
  return {
    schema: 'SPACE',
    async columnsOf(view) {
      return viewOf(view).columns;
    },
    async measure(view, column) {
      return measure(viewOf(view), column);
    },
    async *rows({ view, columns, range }) {
      const source = viewOf(view);
      const indexes = columns.map((name) => source.columns.findIndex((column) => column.name === name));
      const inRange = range ? rangeTest(range, source) : () => true;
      const rows = source.rows.filter(inRange).map((row) => indexes.map((index) => row[index]!));
      const size = Math.ceil(rows.length / BATCH_COUNT);
      for (let start = 0; start < rows.length; start += size) yield rows.slice(start, start + size);
    },
  };
};

const measure = ({ columns, rows }: InMemoryView, column: string | undefined): Measure => {
  const index = columns.findIndex(({ name }) => name === column);
  const values = rows.map((row) => row[index] ?? null).filter((value) => value !== null);
  const sorted = values.map(String).sort(compareDecimals);
  const nullCount = column === undefined ? 0 : rows.length - values.length;
  const extremes = sorted.length > 0 ? { min: sorted[0]!, max: sorted.at(-1)! } : {};
  return { rowCount: rows.length, nullCount, ...extremes };
};

const rangeTest = (range: Range, { columns }: InMemoryView): ((row: Row) => boolean) => {
  const index = columns.findIndex(({ name }) => name === range.column);
  if ('isNull' in range) return (row) => row[index] === null;
  const { from, below } = range;
  return (row) =>
    row[index] !== null &&
    (from === undefined || compareDecimals(String(row[index]), from) >= 0) &&
    (below === undefined || compareDecimals(String(row[index]), below) < 0);
};

/** Compares decimal digits of any length exactly. */
const compareDecimals = (a: string, b: string): number => {
  const [wholeA = '', fractionA = ''] = a.split('.');
  const [wholeB = '', fractionB = ''] = b.split('.');
  const length = Math.max(fractionA.length, fractionB.length);
  const difference = BigInt(wholeA + fractionA.padEnd(length, '0')) - BigInt(wholeB + fractionB.padEnd(length, '0'));
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
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
    async dropTable(name) {
      tables.delete(name);
    },
    async transaction(work) {
      const before = new Map([...tables].map(([name, table]) => [name, [...table.rows]]));
      try {
        const result = await work(transactionOn(tables));
        if (!warehouse.losesNextCommit) return result;
      } catch (error) {
        for (const [name, rows] of before) tables.get(name)!.rows = rows;
        throw error;
      }
      warehouse.losesNextCommit = false;
      throw new WarehouseUnavailableError('Committing failed: the connection was lost.');
    },
  };
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
      table.rows = table.rows.filter((row) => !matches(table, row, where));
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
  table.rows.push(row);
};

const valuesOf = (table: Table, row: Row, names: readonly string[]): WarehouseValue[] =>
  names.map((name) => row[table.columns.findIndex((column) => column.name === name)]!);

const matches = (table: Table, row: Row, where: Equalities): boolean =>
  Object.entries(where).every(([name, value]) => String(valuesOf(table, row, [name])[0]) === String(value));
