import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { HASH_DIGITS, rowHash, sliceHash } from '#shared/warehouse/row-hash.ts';
import { qualified, quoteIdentifier, type SqlStatement } from '#shared/warehouse/sql.ts';
import type {
  MeasureRequest,
  QualifiedName,
  Range,
  RowQuery,
  RowSelection,
  Slice,
  WarehouseValue,
  Window,
} from '#shared/warehouse/warehouse.ts';

/** So many that 10,000 partitions can be cut of them, and so few that their list is short. */
export const MAX_TILES = 10_000;

/** The first rows of a view, of which the mean length of its texts is taken. */
const SAMPLE_ROWS = 1_000;

export const selectRows = ({ view, columns, rows = {}, checksumOf }: RowQuery): SqlStatement => {
  const condition = conditionOf(rows);
  const checksum = checksumOf ? [`${rowHash(checksumOf)} AS "ROW_CHECKSUM"`] : [];
  return {
    sql: `SELECT ${[...columns.map(quoteIdentifier), ...checksum].join(', ')} FROM ${qualified(view)}${where(condition)}`,
    parameters: condition.parameters,
  };
};

/** What the lines of `selectMeasure` are about, in its first column. From 0 on: the column of `spreadOf`. */
export const MEASURE_LINE = { count: -3, length: -2, watermark: -1 } as const;

/**
 * Lines of (about, tile, rows, values, least, greatest), of one moment. A line about the length has the sum of lengths
 * for its number of values. NTILE needs the values sorted, which HANA does in parallel.
 */
export const selectMeasure = (
  view: QualifiedName,
  { spreadOf = [], lengthsOf = [], watermark }: MeasureRequest = {},
): SqlStatement => {
  const beyond = watermark ? afterCondition(watermark) : ALL;
  const lines = [
    ...spreadOf.map((column, index) => tiles(view, column, index, beyond)),
    ...(spreadOf.length === 0 ? [count(view, beyond)] : []),
    ...(lengthsOf.length > 0 ? [lengths(view, lengthsOf)] : []),
    ...(watermark ? [watermarks(view, watermark)] : []),
  ];
  return {
    sql: `${lines.map(({ sql }) => sql).join(' UNION ALL ')} ORDER BY 1, 2`,
    parameters: lines.flatMap(({ parameters }) => parameters),
  };
};

export const selectRepeatedKeys = (view: QualifiedName, key: readonly string[]): SqlStatement => {
  const names = key.map(quoteIdentifier).join(', ');
  return {
    sql: `SELECT COUNT(*) FROM (SELECT ${names} FROM ${qualified(view)} GROUP BY ${names} HAVING COUNT(*) > 1) AS "REPEATED"`,
    parameters: [],
  };
};

/**
 * Lines of (selection, rows, sum of checksums over `columns`) for the selections that have rows. They mustn't overlap.
 * Without columns only the rows count.
 */
export const selectFingerprints = (
  view: QualifiedName,
  columns: readonly DatasetColumn[],
  selections: readonly RowSelection[],
): SqlStatement => {
  const conditions = selections.map(conditionOf);
  const numbers = conditions.map(({ sql }, index) => `WHEN ${sql || '1 = 1'} THEN ${index}`).join(' ');
  const [digits, sum] = columns.length > 0 ? [rowHash(columns), `SUM(${NUMBER_OF_DIGITS})`] : ["''", '0'];
  return {
    sql: `SELECT "SELECTION", COUNT(*), ${sum} FROM (SELECT CASE ${numbers} END AS "SELECTION", ${digits} AS "ROW_CHECKSUM" FROM ${qualified(view)}) AS "ROWS" WHERE "SELECTION" IS NOT NULL GROUP BY "SELECTION"`,
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
};

interface Condition {
  /** Empty when it holds for all rows. */
  readonly sql: string;
  readonly parameters: readonly WarehouseValue[];
}

const ALL: Condition = { sql: '', parameters: [] };

const where = ({ sql }: Condition): string => (sql ? ` WHERE ${sql}` : '');

const conditionOf = ({ range, slice, window }: RowSelection): Condition =>
  all([
    ...(range ? [rangeCondition(range)] : []),
    ...(slice ? [sliceCondition(slice)] : []),
    ...windowConditions(window),
  ]);

const all = (conditions: readonly Condition[]): Condition => ({
  sql: conditions.flatMap(({ sql }) => (sql ? [sql] : [])).join(' AND '),
  parameters: conditions.flatMap(({ parameters }) => parameters),
});

const rangeCondition = (range: Range): Condition => {
  const column = quoteIdentifier(range.column);
  if ('isNull' in range) return { sql: `${column} IS NULL`, parameters: [] };
  const bounds = between(column, range);
  if (!range.orNull) return bounds.sql ? bounds : { sql: `${column} IS NOT NULL`, parameters: [] };
  return bounds.sql ? { ...bounds, sql: `(${bounds.sql} OR ${column} IS NULL)` } : ALL;
};

const sliceCondition = ({ columns, from, below }: Slice): Condition => between(sliceHash(columns), { from, below });

const windowConditions = (window: Window | undefined): Condition[] => {
  if (!window) return [];
  return [afterCondition(window), { sql: `${quoteIdentifier(window.column)} <= ?`, parameters: [window.upTo] }];
};

const afterCondition = ({
  column,
  after,
}: {
  readonly column: string;
  readonly after?: string | undefined;
}): Condition =>
  after === undefined
    ? { sql: `${quoteIdentifier(column)} IS NOT NULL`, parameters: [] }
    : { sql: `${quoteIdentifier(column)} > ?`, parameters: [after] };

const between = (
  value: string,
  { from, below }: { readonly from?: string | undefined; readonly below?: string | undefined },
) =>
  all([
    ...(from === undefined ? [] : [{ sql: `${value} >= ?`, parameters: [from] }]),
    ...(below === undefined ? [] : [{ sql: `${value} < ?`, parameters: [below] }]),
  ]);

const tiles = (view: QualifiedName, column: string, index: number, rows: Condition): SqlStatement => {
  const name = quoteIdentifier(column);
  return {
    sql: `SELECT ${index} AS "ABOUT", "TILE", COUNT(*) AS "ROW_COUNT", COUNT("VALUE") AS "VALUE_COUNT", TO_NVARCHAR(MIN("VALUE")) AS "LEAST", TO_NVARCHAR(MAX("VALUE")) AS "GREATEST" FROM (SELECT ${name} AS "VALUE", NTILE(${MAX_TILES}) OVER (ORDER BY ${name}) AS "TILE" FROM ${qualified(view)}${where(rows)}) AS "TILES" GROUP BY "TILE"`,
    parameters: rows.parameters,
  };
};

const count = (view: QualifiedName, rows: Condition): SqlStatement => ({
  sql: `SELECT ${MEASURE_LINE.count} AS "ABOUT", 0 AS "TILE", COUNT(*) AS "ROW_COUNT", 0 AS "VALUE_COUNT", ${NO_TEXT} AS "LEAST", ${NO_TEXT} AS "GREATEST" FROM ${qualified(view)}${where(rows)}`,
  parameters: rows.parameters,
});

const lengths = (view: QualifiedName, columns: readonly string[]): SqlStatement => {
  const names = columns.map(quoteIdentifier);
  const sum = names.map((name) => `COALESCE(LENGTH(${name}), 0)`).join(' + ');
  return {
    sql: `SELECT ${MEASURE_LINE.length}, 0, COUNT(*), COALESCE(SUM(${sum}), 0), ${NO_TEXT}, ${NO_TEXT} FROM (SELECT TOP ${SAMPLE_ROWS} ${names.join(', ')} FROM ${qualified(view)}) AS "SAMPLE"`,
    parameters: [],
  };
};

/** Rows without a watermark are the difference of rows and values. */
const watermarks = (
  view: QualifiedName,
  { column, after }: { readonly column: string; readonly after?: string | undefined },
): SqlStatement => {
  const name = quoteIdentifier(column);
  return {
    sql: `SELECT ${MEASURE_LINE.watermark}, 0, COUNT(*), COUNT(${name}), TO_NVARCHAR(MIN(${name})), TO_NVARCHAR(MAX(${name})) FROM ${qualified(view)}${after === undefined ? '' : ` WHERE ${name} > ? OR ${name} IS NULL`}`,
    parameters: after === undefined ? [] : [after],
  };
};

const NO_TEXT = 'CAST(NULL AS NVARCHAR(1))';

/** HANA has no function that makes a number of hexadecimal digits: each is looked up. */
const NUMBER_OF_DIGITS = Array.from(
  { length: HASH_DIGITS },
  (_, index) =>
    `${16 ** (HASH_DIGITS - 1 - index)} * (LOCATE('0123456789ABCDEF', SUBSTR("ROW_CHECKSUM", ${index + 1}, 1)) - 1)`,
).join(' + ');
