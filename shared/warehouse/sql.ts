import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { InvalidInputError } from '#shared/errors.ts';
import { typeDdl } from '#shared/warehouse/column-types.ts';
import type {
  Equalities,
  NewestView,
  QualifiedName,
  Table,
  TableCopy,
  WarehouseValue,
} from '#shared/warehouse/warehouse.ts';

/** A statement and the values bound to its question marks. Values never stand in the text. */
export interface SqlStatement {
  readonly sql: string;
  readonly parameters: readonly WarehouseValue[];
}

/** HANA's limit for identifiers. */
const MAX_IDENTIFIER_BYTES = 127;

/**
 * The identifier in quotes, so that its case is kept and nothing in it can be read as SQL.
 *
 * @throws InvalidInputError for a name that no HANA object can have.
 */
export const quoteIdentifier = (identifier: string): string => {
  const bytes = Buffer.byteLength(identifier);
  if (bytes === 0 || bytes > MAX_IDENTIFIER_BYTES || identifier.includes('\0') || !identifier.isWellFormed()) {
    throw new InvalidInputError(
      `${JSON.stringify(identifier.slice(0, 40))} can't be a name in HANA: names have 1 to ${MAX_IDENTIFIER_BYTES} bytes of valid Unicode without NUL.`,
    );
  }
  return `"${identifier.replaceAll('"', '""')}"`;
};

export const qualified = ({ schema, name }: QualifiedName): string =>
  `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;

export const selectEqual = (table: QualifiedName, columns: readonly string[], where: Equalities): SqlStatement => {
  const condition = equalCondition(where);
  return {
    sql: `SELECT ${names(columns)} FROM ${qualified(table)}${condition.sql}`,
    parameters: condition.parameters,
  };
};

export const selectCount = (table: QualifiedName): SqlStatement => ({
  sql: `SELECT COUNT(*) FROM ${qualified(table)}`,
  parameters: [],
});

export const selectCountDistinct = (table: QualifiedName, columns: readonly string[]): SqlStatement => ({
  sql: `SELECT COUNT(*) FROM (SELECT DISTINCT ${names(columns)} FROM ${qualified(table)}) AS "KEYS"`,
  parameters: [],
});

export const selectSumsBy = (table: QualifiedName, by: string, summed: string): SqlStatement => ({
  sql: `SELECT ${quoteIdentifier(by)}, COUNT(*), CAST(SUM(${quoteIdentifier(summed)}) AS BIGINT) FROM ${qualified(table)} GROUP BY ${quoteIdentifier(by)}`,
  parameters: [],
});

/** To be executed with one list of values a row. */
export const insertValues = (table: QualifiedName, columns: readonly string[]): string =>
  `${insertInto(table, columns)} VALUES (${columns.map(() => '?').join(', ')})`;

export const insertInto = (table: QualifiedName, columns: readonly string[]): string =>
  `INSERT INTO ${qualified(table)} (${names(columns)})`;

export const deleteEqual = (table: QualifiedName, where: Equalities = {}): SqlStatement => {
  const condition = equalCondition(where);
  return { sql: `DELETE FROM ${qualified(table)}${condition.sql}`, parameters: condition.parameters };
};

/** An UPSERT with a subquery finds existing rows by the primary key; without one it would insert. */
export const copyRows = (schema: string, { from, to, columns, constants, mode }: TableCopy): SqlStatement => {
  const target = names([...columns, ...constants.map(({ column }) => column.name)]);
  const source = [
    ...columns.map(quoteIdentifier),
    ...constants.map(({ column }) => `CAST(? AS ${typeDdl(column)})`),
  ].join(', ');
  const verb = mode === 'upsert' ? 'UPSERT' : 'INSERT INTO';
  return {
    sql: `${verb} ${qualified({ schema, name: to })} (${target}) SELECT ${source} FROM ${qualified({ schema, name: from })}`,
    parameters: constants.map(({ value }) => value),
  };
};

export const createColumnTable = (schema: string, { name, columns, primaryKey }: Table): string => {
  const key = primaryKey.length > 0 ? [`PRIMARY KEY (${names(primaryKey)})`] : [];
  return `CREATE COLUMN TABLE ${qualified({ schema, name })} (${[...columns.map(columnDdl), ...key].join(', ')})`;
};

/** A view can't have parameters: the table's name stands in it as a literal. */
export const createNewestView = (schema: string, { name, table, columns, ledger }: NewestView): string => {
  const entries = qualified({ schema, name: ledger.table });
  const about = `${quoteIdentifier(ledger.about)} = '${table.replaceAll("'", "''")}'`;
  const order = quoteIdentifier(ledger.order);
  const equal = ledger.equal.map(quoteIdentifier).map((column) => `"ROWS".${column} = "NEWEST".${column}`);
  const shown = columns.map((column) => `"ROWS".${quoteIdentifier(column)}`);
  return [
    `CREATE OR REPLACE VIEW ${qualified({ schema, name })} AS SELECT ${shown.join(', ')} FROM ${qualified({ schema, name: table })} AS "ROWS"`,
    `JOIN ${entries} AS "NEWEST" ON ${equal.join(' AND ')}`,
    `WHERE "NEWEST".${about} AND "NEWEST".${order} = (SELECT MAX(${order}) FROM ${entries} WHERE ${about})`,
  ].join(' ');
};

export const selectTablesOlderThan = (schema: string, prefix: string, ageSeconds: number): SqlStatement => ({
  sql: 'SELECT TABLE_NAME FROM SYS.TABLES WHERE SCHEMA_NAME = ? AND LEFT(TABLE_NAME, ?) = ? AND CREATE_TIME < ADD_SECONDS(CURRENT_TIMESTAMP, ?) ORDER BY TABLE_NAME',
  parameters: [schema, prefix.length, prefix, -ageSeconds],
});

export const dropTable = (table: QualifiedName): string => `DROP TABLE ${qualified(table)}`;

/** Waits for other transactions on the table, up to a minute. */
export const lockTable = (table: QualifiedName): string => `LOCK TABLE ${qualified(table)} IN EXCLUSIVE MODE WAIT 60`;

const names = (columns: readonly string[]): string => columns.map(quoteIdentifier).join(', ');

const columnDdl = (column: DatasetColumn): string =>
  `${quoteIdentifier(column.name)} ${typeDdl(column)}${column.nullable ? '' : ' NOT NULL'}`;

const equalCondition = (equalities: Equalities): SqlStatement => ({
  sql: where(Object.keys(equalities).map((column) => `${quoteIdentifier(column)} = ?`)),
  parameters: Object.values(equalities),
});

const where = (conditions: readonly string[]): string =>
  conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : '';
