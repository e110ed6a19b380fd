import { hash } from 'node:crypto';
import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { UnknownWarehouseObjectError } from '#shared/errors.ts';
import { typeKind } from '#shared/warehouse/column-types.ts';
import { MAX_TILES } from '#shared/warehouse/read-sql.ts';
import { HASH_DIGITS } from '#shared/warehouse/row-hash.ts';
import { valueToText } from '#shared/warehouse/value-text.ts';
import type {
  Measure,
  MeasureRequest,
  ReadSession,
  Row,
  RowSelection,
  Tile,
  WarehouseValue,
} from '#shared/warehouse/warehouse.ts';

export interface InMemoryView {
  readonly columns: readonly DatasetColumn[];
  readonly rows: readonly Row[];
}

/** Batches of a stream: several, also of few rows. */
const BATCH_COUNT = 5;

/** Reading views that are kept in a Map. */
export const inMemoryReading = (views: ReadonlyMap<string, InMemoryView>): ReadSession => {
  const viewOf = ({ name }: { readonly name: string }): InMemoryView => {
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
    async measure(view, request) {
      return measure(viewOf(view), request);
    },
    async repeatedKeys(view, key) {
      const source = viewOf(view);
      const groups = Map.groupBy(source.rows, (row) => JSON.stringify(picker(source, key)(row)));
      return [...groups.values()].filter(({ length }) => length > 1).length;
    },
    async *rows({ view, columns, rows = {}, checksumOf }) {
      const source = viewOf(view);
      const pick = picker(source, columns);
      const checksum = checksumOf ? hashOf(source, namesOf(checksumOf)) : undefined;
      const found = source.rows
        .filter(selectionTest(source, rows))
        .map((row) => (checksum ? [...pick(row), checksum(row)] : pick(row)));
      const size = Math.ceil(found.length / BATCH_COUNT);
      for (let start = 0; start < found.length; start += size) yield found.slice(start, start + size);
    },
    async fingerprints(view, columns, selections) {
      const source = viewOf(view);
      const checksum = hashOf(source, namesOf(columns));
      return selections.map((selection) => {
        const rows = source.rows.filter(selectionTest(source, selection));
        return {
          rowCount: rows.length,
          checksum:
            columns.length === 0 ? '0' : String(rows.reduce((sum, row) => sum + Number.parseInt(checksum(row), 16), 0)),
        };
      });
    },
  };
};

const measure = (view: InMemoryView, { spreadOf = [], lengthsOf = [], watermark }: MeasureRequest = {}): Measure => {
  const after = watermark && orderOf(view, watermark.column);
  const rows = after
    ? view.rows.filter((row) => after.isAtLeast(row, watermark.after) && !after.equals(row, watermark.after))
    : view.rows;
  const lengths = picker(view, lengthsOf);
  return {
    rowCount: rows.length,
    spreads: spreadOf.map((column) => tilesOf(view, rows, column)),
    meanLength:
      view.rows.flatMap(lengths).reduce((sum: number, value) => sum + (value === null ? 0 : String(value).length), 0) /
      Math.max(view.rows.length, 1),
    ...(after
      ? {
          watermark: {
            ...(rows.length > 0 ? { upTo: after.text(rows.toSorted(after.compare).at(-1)!) } : {}),
            missingCount: view.rows.filter((row) => after.isNull(row)).length,
          },
        }
      : {}),
  };
};

/** As NTILE cuts: the first tiles have one row more, where it doesn't come out even. */
const tilesOf = (view: InMemoryView, rows: readonly Row[], column: string): Tile[] => {
  const order = orderOf(view, column);
  const sorted = rows.toSorted(order.compare);
  const count = Math.min(MAX_TILES, sorted.length);
  const tiles: Tile[] = [];
  for (let tile = 0, start = 0; tile < count; tile += 1) {
    const size = Math.floor(sorted.length / count) + (tile < sorted.length % count ? 1 : 0);
    const own = sorted.slice(start, start + size);
    start += size;
    const values = own.filter((row) => !order.isNull(row));
    tiles.push({
      rowCount: own.length,
      nullCount: own.length - values.length,
      ...(values.length > 0 ? { min: order.text(values[0]!), max: order.text(values.at(-1)!) } : {}),
    });
  }
  return tiles;
};

const selectionTest = (view: InMemoryView, { range, slice, window }: RowSelection): ((row: Row) => boolean) => {
  const tests: ((row: Row) => boolean)[] = [];
  if (range) {
    const order = orderOf(view, range.column);
    tests.push(
      'isNull' in range
        ? order.isNull
        : (row) =>
            (range.orNull === true && order.isNull(row)) ||
            (order.isAtLeast(row, range.from) && (range.below === undefined || !order.isAtLeast(row, range.below))),
    );
  }
  if (slice) {
    const digits = hashOf(view, slice.columns);
    tests.push((row) => digits(row) >= slice.from && (slice.below === undefined || digits(row) < slice.below));
  }
  if (window) {
    const order = orderOf(view, window.column);
    tests.push(
      (row) =>
        order.isAtLeast(row, window.after) &&
        !order.equals(row, window.after) &&
        (order.equals(row, window.upTo) || !order.isAtLeast(row, window.upTo)),
    );
  }
  return (row) => tests.every((test) => test(row));
};

/** The order of a column's values: of numbers by value, of all else by text; NULL comes first. */
const orderOf = (view: InMemoryView, name: string) => {
  const index = view.columns.findIndex((column) => column.name === name);
  const column = view.columns[index]!;
  const toText = valueToText(column);
  const isNumber = ['integer', 'decimal'].includes(typeKind(column)!);
  const compareTexts = (a: string, b: string): number =>
    isNumber ? compareDecimals(a, b) : a < b ? -1 : a > b ? 1 : 0;
  const isNull = (row: Row): boolean => row[index] === null;
  const text = (row: Row): string => toText(row[index] as Exclude<WarehouseValue, null>);
  return {
    isNull,
    text,
    compare: (a: Row, b: Row): number =>
      isNull(a) || isNull(b) ? Number(isNull(b)) - Number(isNull(a)) : compareTexts(text(a), text(b)),
    isAtLeast: (row: Row, bound: string | undefined): boolean =>
      !isNull(row) && (bound === undefined || compareTexts(text(row), bound) >= 0),
    equals: (row: Row, bound: string | undefined): boolean =>
      !isNull(row) && bound !== undefined && compareTexts(text(row), bound) === 0,
  };
};

/** Compares decimal digits of any length exactly. */
const compareDecimals = (a: string, b: string): number => {
  const [wholeA = '', fractionA = ''] = a.split('.');
  const [wholeB = '', fractionB = ''] = b.split('.');
  const length = Math.max(fractionA.length, fractionB.length);
  const difference = BigInt(wholeA + fractionA.padEnd(length, '0')) - BigInt(wholeB + fractionB.padEnd(length, '0'));
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};

const namesOf = (columns: readonly DatasetColumn[]): string[] => columns.map(({ name }) => name);

const hashOf = (view: InMemoryView, columns: readonly string[]): ((row: Row) => string) => {
  const pick = picker(view, columns);
  return (row) =>
    hash('sha256', JSON.stringify(pick(row)), 'hex')
      .slice(0, HASH_DIGITS)
      .toUpperCase();
};

const picker = (view: InMemoryView, names: readonly string[]): ((row: Row) => Row) => {
  const indexes = names.map((name) => view.columns.findIndex((column) => column.name === name));
  return (row) => indexes.map((index) => row[index]!);
};
