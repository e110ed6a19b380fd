import type { Column, Table } from '../catalog/catalog.ts';
import { primaryKeyOf } from '../catalog/catalog.ts';
import { hanaError, notSupported, place } from '../errors.ts';
import { physicalName } from '../names.ts';
import type { Assignment, Delete, Expression, Insert, Merge, Path, Query, Update, Upsert } from '../parser/ast.ts';
import { requirePrivilege } from '../privileges.ts';
import { bindAssignment, checked, defaultValue, needsCheck } from './assignments.ts';
import type { Binding } from './binding.ts';
import type { Bound } from './bound.ts';
import { convert } from './conversions.ts';
import { bindCondition, bindValue } from './expressions.ts';
import { bindFrom, tableColumns, tableSql } from './from.ts';
import { EMPTY_SCOPE, type Relation, type Scope } from './scope.ts';
import { resolveBaseTable } from './tables.ts';

/** A statement that changes rows, in DuckDB's SQL. */
export interface BoundWrite {
  readonly table: Table;
  readonly sql: string;
  /** Run when `sql` changed no row: the INSERT of UPSERT … WHERE. */
  readonly otherwise?: string;
}

/** The relation that holds the parameter rows of a batch: columns p0, p1, … and seq, the row's number. */
export const BATCH_RELATION = 'temp._batch';

export function bindInsert(binding: Binding, statement: Insert): BoundWrite {
  const table = resolveBaseTable(binding, statement.table);
  requireOn(binding, table, 'INSERT');
  const target = targetColumns(binding, table, statement.columns);
  const { columns, select } = bindSource(binding, table, target, statement.source, statement.at.position);
  return { table, sql: `INSERT INTO ${tableSql(table)} (${names(columns)}) ${select}` };
}

/** UPSERT and REPLACE; into a table without primary key they insert, as in HANA. */
export function bindUpsert(binding: Binding, statement: Upsert): BoundWrite {
  const table = resolveBaseTable(binding, statement.table);
  requireOn(binding, table, 'INSERT');
  requireOn(binding, table, 'UPDATE');
  const target = targetColumns(binding, table, statement.columns);
  const key = primaryKeyOf(table);
  const isQuery = 'body' in statement.source;
  if (statement.where) return bindUpsertWhere(binding, table, target, statement);
  if (key.length === 0 || (!statement.withPrimaryKey && !isQuery)) {
    return bindInsert(binding, { ...statement, kind: 'insert' });
  }
  const { columns, select } = bindSource(binding, table, target, statement.source, statement.at.position, key);
  const updates = target
    .filter(({ name }) => !key.includes(name))
    .map(({ name }) => `${physicalName(name)} = excluded.${physicalName(name)}`);
  const action = updates.length > 0 ? `DO UPDATE SET ${updates.join(', ')}` : 'DO NOTHING';
  return {
    table,
    sql: `INSERT INTO ${tableSql(table)} (${names(columns)}) ${select} ON CONFLICT (${key.map(physicalName).join(', ')}) ${action}`,
  };
}

function bindUpsertWhere(binding: Binding, table: Table, target: readonly Column[], statement: Upsert): BoundWrite {
  if (binding.options.parameterRelation) throw notSupported('UPSERT ... WHERE with more than one row of parameters');
  const values = statement.source as readonly Expression[];
  const assignments = target.map((column, index) => ({
    column: { parts: [column.name], at: statement.at },
    value: values[index] ?? { kind: 'default' as const, at: statement.at },
  }));
  const update = bindUpdate(binding, { kind: 'update', table: statement.table, assignments, where: statement.where });
  const insert = bindInsert(binding, {
    kind: 'insert',
    at: statement.at,
    table: statement.table,
    columns: statement.columns,
    source: values,
  });
  return { table, sql: update.sql, otherwise: insert.sql };
}

export function bindUpdate(binding: Binding, statement: Update): BoundWrite {
  const { table, scope, from } = target(binding, statement.table, statement.alias);
  requireOn(binding, table, 'UPDATE');
  if (statement.where) requireOn(binding, table, 'SELECT');
  const set = bindAssignments(binding, table, statement.assignments, scope);
  const where = statement.where ? ` WHERE ${bindCondition(binding, statement.where, scope)}` : '';
  return { table, sql: `UPDATE ${from} SET ${set}${where}` };
}

export function bindDelete(binding: Binding, statement: Delete): BoundWrite {
  const { table, scope, from } = target(binding, statement.table, statement.alias);
  requireOn(binding, table, 'DELETE');
  if (statement.where) requireOn(binding, table, 'SELECT');
  const where = statement.where ? ` WHERE ${bindCondition(binding, statement.where, scope)}` : '';
  return { table, sql: `DELETE FROM ${from}${where}` };
}

export function bindMerge(binding: Binding, statement: Merge): BoundWrite {
  const { table, scope, from, relation } = target(binding, statement.table, statement.alias);
  requireOn(binding, table, 'SELECT');
  const source = bindFrom(binding, statement.source, EMPTY_SCOPE);
  const both: Scope = { ...scope, relations: [relation, ...source.relations] };
  const sourceOnly: Scope = { ...scope, relations: source.relations };
  const on = bindCondition(binding, statement.on, both);
  const branches = statement.branches.map((branch) => {
    const branchScope = branch.action === 'insert' ? sourceOnly : both;
    const condition = branch.condition ? ` AND ${bindCondition(binding, branch.condition, branchScope)}` : '';
    if (branch.action === 'delete') {
      requireOn(binding, table, 'DELETE');
      return `WHEN MATCHED${condition} THEN DELETE`;
    }
    if (branch.action === 'update') {
      requireOn(binding, table, 'UPDATE');
      return `WHEN MATCHED${condition} THEN UPDATE SET ${bindAssignments(binding, table, branch.assignments, both)}`;
    }
    requireOn(binding, table, 'INSERT');
    const columns = targetColumns(binding, table, branch.columns);
    checkCount(binding, columns, branch.values.length, branch.at.position);
    const given = columns.map((column, index) => bindAssignment(binding, column, branch.values[index]!, sourceOnly));
    const rest = omitted(table, columns);
    const values = [...given, ...rest.map((column) => checked(column, defaultValue(binding, column)))];
    return `WHEN NOT MATCHED${condition} THEN INSERT (${names([...columns, ...rest])}) VALUES (${values.join(', ')})`;
  });
  return { table, sql: `MERGE INTO ${from} USING ${source.sql} ON ${on} ${branches.join(' ')}` };
}

interface Target {
  readonly table: Table;
  readonly scope: Scope;
  readonly relation: Relation;
  readonly from: string;
}

function target(binding: Binding, path: Path, alias: string | undefined): Target {
  const table = resolveBaseTable(binding, path);
  const sqlAlias = binding.alias();
  const relation: Relation = {
    alias: alias ?? table.name,
    schema: alias ? undefined : table.schema,
    columns: tableColumns(table, sqlAlias),
  };
  return {
    table,
    relation,
    scope: { ...EMPTY_SCOPE, relations: [relation] },
    from: `${tableSql(table)} AS ${sqlAlias}`,
  };
}

function requireOn(binding: Binding, table: Table, privilege: string): void {
  if (table.temporary === 'LOCAL') return;
  requirePrivilege(binding.catalog, binding.user, privilege, { schema: table.schema, object: table.name });
}

const names = (columns: readonly Column[]): string => columns.map(({ name }) => physicalName(name)).join(', ');

/** The columns that a statement lists; all of them when it lists none. */
function targetColumns(binding: Binding, table: Table, paths: readonly Path[] | undefined): readonly Column[] {
  if (!paths) return table.columns;
  const columns = paths.map((path) => columnOf(binding, table, path));
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice) throw hanaError(272, `${twice.name} is named twice`);
  return columns;
}

function columnOf(binding: Binding, table: Table, path: Path): Column {
  const column = table.columns.find(({ name }) => name === path.parts.at(-1));
  if (!column) throw hanaError(260, `${path.parts.join('.')}: ${place(binding.sql, path.at.position)}`);
  return column;
}

const omitted = (table: Table, columns: readonly Column[]): Column[] =>
  table.columns.filter((column) => !columns.includes(column));

function checkCount(binding: Binding, columns: readonly Column[], count: number, position: number): void {
  if (count === columns.length) return;
  throw hanaError(
    count > columns.length ? 269 : 270,
    `${count} values for ${columns.length} columns: ${place(binding.sql, position)}`,
  );
}

interface Source {
  readonly columns: readonly Column[];
  readonly select: string;
}

/**
 * The rows to insert, converted to the columns' types first and checked (NOT NULL, lengths) above that.
 * With `key`, of several rows with the same key only the last stays.
 */
function bindSource(
  binding: Binding,
  table: Table,
  target: readonly Column[],
  source: readonly Expression[] | Query,
  position: number,
  key?: readonly string[],
): Source {
  const rest = omitted(table, target);
  const rows =
    'body' in source ? queryRows(binding, target, source, position) : valueRows(binding, target, source, position);
  const columns = [...target, ...rest];
  const values = [...rows.values, ...rest.map((column) => defaultValue(binding, column))];
  const order = key && rows.order;
  const inner = `SELECT ${values.map(({ sql }, index) => `${sql} AS c${index}`).join(', ')}${order ? `, ${order} AS seq` : ''}${rows.from}`;
  const outer = columns.map((column, index) => {
    const value = { ...values[index]!, sql: `v.c${index}` };
    return needsCheck(column, value) ? checked(column, value) : value.sql;
  });
  const partition = key?.map((name) => `v.c${columns.findIndex((column) => column.name === name)}`);
  const last = order
    ? ` QUALIFY row_number() OVER (PARTITION BY ${partition!.join(', ')} ORDER BY v.seq DESC) = 1`
    : '';
  return { columns, select: `SELECT ${outer.join(', ')} FROM (${inner}) AS v${last || ' WHERE TRUE'}` };
}

interface Rows {
  readonly values: readonly Bound[];
  readonly from: string;
  /** What tells the order of several rows; undefined when there is but one. */
  readonly order?: string;
}

function valueRows(binding: Binding, target: readonly Column[], source: readonly Expression[], position: number): Rows {
  checkCount(binding, target, source.length, position);
  const values = target.map((column, index) => {
    const expression = source[index]!;
    if (expression.kind === 'default') return defaultValue(binding, column);
    return convert(binding, bindValue(binding, expression, EMPTY_SCOPE), column.type);
  });
  const relation = binding.options.parameterRelation;
  return relation
    ? { values, from: ` FROM ${BATCH_RELATION} AS ${relation}`, order: `${relation}.seq` }
    : { values, from: '' };
}

function queryRows(binding: Binding, target: readonly Column[], source: Query, position: number): Rows {
  const { sql, columns } = binding.query(source, EMPTY_SCOPE);
  checkCount(binding, target, columns.length, position);
  const values = target.map((column, index) => {
    const { type, nullable } = columns[index]!;
    return convert(binding, { sql: `q.c${index}`, type, nullable }, column.type);
  });
  return { values, from: ` FROM (${sql}) AS q`, order: 'row_number() OVER ()' };
}

function bindAssignments(binding: Binding, table: Table, assignments: readonly Assignment[], scope: Scope): string {
  const columns = assignments.map(({ column }) => columnOf(binding, table, column));
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice) throw hanaError(272, `${twice.name} is assigned twice`);
  return columns
    .map(
      (column, index) =>
        `${physicalName(column.name)} = ${bindAssignment(binding, column, assignments[index]!.value, scope)}`,
    )
    .join(', ');
}
