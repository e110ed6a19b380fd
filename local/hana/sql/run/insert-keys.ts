import type { HanaValue } from '../../engine.ts';
import type { Table } from '../catalog/catalog.ts';
import type { Expression, Statement } from '../parser/ast.ts';
import { convertAt, converterFor } from '../values.ts';

/** More rows than these are not locked key by key: two such batches with one key conflict when the second commits (133). */
const MAX_LOCKED_ROWS = 1000;

/**
 * The primary and unique keys that INSERT or UPSERT … VALUES is about to write, as far as they are parameters or literals.
 * DuckDB would let two transactions insert one key and refuse the second at its COMMIT; HANA lets the second one wait.
 */
export function insertedKeys(
  statement: Statement,
  table: Table,
  rows: readonly (readonly HanaValue[])[],
): readonly string[] {
  const isInsert = statement.kind === 'insert' || statement.kind === 'upsert';
  if (!isInsert || 'body' in statement.source || rows.length > MAX_LOCKED_ROWS) return [];
  const names = statement.columns?.map(({ parts }) => parts.at(-1)!) ?? table.columns.map(({ name }) => name);
  const values = statement.source as readonly Expression[];
  const unique = [...table.constraints, ...table.indexes.filter((index) => index.unique)];
  return unique.flatMap(({ name, columns }) => {
    const readers = columns.map((column) => readerOf(values[names.indexOf(column)], table, column));
    if (!readers.every((reader) => reader !== undefined)) return [];
    return rows.map((row, index) => JSON.stringify([table.oid, name, ...readers.map((read) => read(row, index))]));
  });
}

type Reader = (row: readonly HanaValue[], index: number) => string;

/** What reads a column's value from a row of parameters; undefined when the value must be computed. */
function readerOf(expression: Expression | undefined, table: Table, column: string): Reader | undefined {
  const convert = converterFor(table.columns.find(({ name }) => name === column)!.type);
  if (expression?.kind === 'parameter') {
    return (row, index) => String(convertAt(convert, row[expression.index] ?? null, index));
  }
  if (expression?.kind !== 'literal') return undefined;
  const { literal } = expression;
  return literal.type === 'string' || literal.type === 'number' ? () => String(convert(literal.value)) : undefined;
}
