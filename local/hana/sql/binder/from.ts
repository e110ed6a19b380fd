import { HanaError } from '../../engine.ts';
import { type Column, SYSTEM_USER, type Table, type View } from '../catalog/catalog.ts';
import { type SystemView, systemViewSql } from '../catalog/system-views.ts';
import { duckDbName, fixed } from '../column-types.ts';
import { hanaError, notSupported, place } from '../errors.ts';
import { physicalName, physicalPath } from '../names.ts';
import type { FromItem } from '../parser/ast.ts';
import { parseQueryText } from '../parser/parse.ts';
import { requirePrivilege } from '../privileges.ts';
import type { Binding } from './binding.ts';
import type { OutputColumn } from './bound.ts';
import { convert } from './conversions.ts';
import { bindCondition, bindValue } from './expressions.ts';
import { EMPTY_SCOPE, type Relation, type RelationColumn, type Scope } from './scope.ts';
import { resolveTable } from './tables.ts';

export interface BoundFrom {
  readonly sql: string;
  readonly relations: readonly Relation[];
}

/** Views on views on views; a cycle can't be made, a very deep chain can. */
const MAX_VIEW_DEPTH = 64;

/** FROM: tables, views (bound in place, with their owner's rights), derived tables and joins. */
export function bindFrom(binding: Binding, item: FromItem, outer: Scope): BoundFrom {
  if (item.kind === 'join') return bindJoin(binding, item, outer);
  if (item.kind === 'table-function') return bindTableFunction(binding, item);
  if (item.kind === 'derived') {
    const { sql, columns } = binding.query(item.query, { relations: [], ctes: outer.ctes, parent: outer.parent });
    return derived(binding, sql, columns, item.alias, item.columns);
  }
  const cte = item.path.parts.length === 1 ? outer.ctes.get(item.path.parts[0]!) : undefined;
  if (cte)
    return derived(
      binding,
      `SELECT * FROM ${cte.sqlName}`,
      cte.columns,
      item.alias ?? item.path.parts[0],
      item.columns,
    );
  const table = resolveTable(binding, item.path);
  const alias = item.alias ?? item.path.parts.at(-1)!;
  const schema = item.alias ? undefined : item.path.parts.at(-2);
  if (table.kind === 'system-view') return bindSystemView(binding, table.view, alias, item.columns);
  if (!('temporary' in table && table.temporary === 'LOCAL')) {
    requirePrivilege(binding.catalog, binding.user, 'SELECT', { schema: table.schema, object: table.name });
  }
  if (table.kind === 'view') return bindView(binding, table, alias, schema, item);
  return bindTable(binding, table, alias, schema ?? (item.alias ? undefined : table.schema), item.columns);
}

function bindTable(
  binding: Binding,
  table: Table,
  alias: string,
  schema: string | undefined,
  names?: readonly string[],
): BoundFrom {
  const sqlAlias = binding.alias();
  const columns = tableColumns(table, sqlAlias).map((column, index) => ({
    ...column,
    name: names?.[index] ?? column.name,
  }));
  return { sql: `${tableSql(table)} AS ${sqlAlias}`, relations: [{ alias, schema, columns }] };
}

/** A table as DuckDB holds it; temporary tables live in the connection's own schema. */
export function tableSql(table: Table): string {
  if (table.temporary === 'LOCAL') return `temp.${physicalName(table.name)}`;
  if (table.temporary === 'GLOBAL') return `temp.${physicalName(`${table.schema}.${table.name}`)}`;
  return physicalPath(table.schema, table.name);
}

export function tableColumns(table: Table, sqlAlias: string): RelationColumn[] {
  const origin = { schema: table.schema, table: table.name };
  return table.columns.map((column: Column) => ({
    name: column.name,
    sql: `${sqlAlias}.${physicalName(column.name)}`,
    type: column.type,
    nullable: column.nullable,
    origin,
  }));
}

/** The view's text is bound with its owner's rights; whoever may read the view need not see what is under it. */
function bindView(
  binding: Binding,
  view: View,
  alias: string,
  schema: string | undefined,
  item: Extract<FromItem, { kind: 'table' }>,
): BoundFrom {
  const owner = binding.catalog.schemas.get(view.schema)?.owner ?? SYSTEM_USER;
  const body = binding.forView(view.text, owner, view.searchSchema);
  if (body.depth > MAX_VIEW_DEPTH) throw notSupported(`views nested deeper than ${MAX_VIEW_DEPTH} levels`);
  try {
    const { sql, columns } = body.query(parseQueryText(view.text), EMPTY_SCOPE);
    if (columns.length !== view.columns.length) throw hanaError(391, `${view.name}: the tables under it have changed`);
    const origin = { schema: view.schema, table: view.name };
    const named = columns.map((column, index) => ({ ...column, name: view.columns[index]!.name, origin }));
    const { sql: from, relations } = derived(binding, sql, named, alias, item.columns);
    return { sql: from, relations: relations.map((relation) => ({ ...relation, schema })) };
  } catch (error) {
    const broken = error instanceof HanaError && [259, 260, 362].includes(error.code);
    throw broken
      ? hanaError(
          391,
          `${view.schema}.${view.name}: ${error.message}: ${place(binding.sql, item.path.at.position)}`,
          error,
        )
      : error;
  }
}

function bindSystemView(binding: Binding, view: SystemView, alias: string, names?: readonly string[]): BoundFrom {
  binding.noteSystemView();
  const sqlAlias = binding.alias();
  const origin = { schema: 'SYS', table: view.name };
  const columns = view.columns.map((column, index) => ({
    name: names?.[index] ?? column.name,
    sql: `${sqlAlias}.c${index}`,
    type: column.type,
    nullable: true,
    origin,
  }));
  return { sql: `(${systemViewSql(binding, view)}) AS ${sqlAlias}`, relations: [{ alias, schema: 'SYS', columns }] };
}

function derived(
  binding: Binding,
  sql: string,
  columns: readonly OutputColumn[],
  alias: string | undefined,
  names?: readonly string[],
): BoundFrom {
  const sqlAlias = binding.alias();
  if (names && names.length !== columns.length)
    throw hanaError(names.length > columns.length ? 269 : 270, `${names.length} names for ${columns.length} columns`);
  const relationColumns = columns.map((column, index) => ({
    ...column,
    name: names?.[index] ?? column.name,
    sql: `${sqlAlias}.c${index}`,
  }));
  return { sql: `(${sql}) AS ${sqlAlias}`, relations: [{ alias, columns: relationColumns }] };
}

function bindJoin(binding: Binding, join: Extract<FromItem, { kind: 'join' }>, outer: Scope): BoundFrom {
  const left = bindFrom(binding, join.left, outer);
  const right = bindFrom(binding, join.right, outer);
  const leftSide = join.type === 'RIGHT' || join.type === 'FULL' ? left.relations.map(withNulls) : left.relations;
  const rightSide = join.type === 'LEFT' || join.type === 'FULL' ? right.relations.map(withNulls) : right.relations;
  const on =
    join.on &&
    bindCondition(binding, join.on, {
      relations: [...left.relations, ...right.relations],
      ctes: outer.ctes,
      parent: outer.parent,
    });
  const word = join.type === 'CROSS' ? 'CROSS JOIN' : join.type === 'INNER' ? 'INNER JOIN' : `${join.type} OUTER JOIN`;
  const rightSql = join.right.kind === 'join' ? `(${right.sql})` : right.sql;
  return { sql: `${left.sql} ${word} ${rightSql}${on ? ` ON ${on}` : ''}`, relations: [...leftSide, ...rightSide] };
}

const withNulls = (relation: Relation): Relation => ({
  ...relation,
  columns: relation.columns.map((column) => ({ ...column, nullable: true })),
});

/** SERIES_GENERATE_INTEGER(increment, from, to), the one table function; `to` is not part of the series. */
function bindTableFunction(binding: Binding, item: Extract<FromItem, { kind: 'table-function' }>): BoundFrom {
  if (item.name !== 'SERIES_GENERATE_INTEGER')
    throw hanaError(328, `${item.name}: ${place(binding.sql, item.at.position)}`);
  if (item.parameters.length !== 3)
    throw hanaError(319, `${item.name} takes 3 parameters, not ${item.parameters.length}`);
  const type = fixed('BIGINT');
  const [step, from, to] = item.parameters.map(
    (parameter) => convert(binding, bindValue(binding, parameter, EMPTY_SCOPE), type).sql,
  );
  const sqlAlias = binding.alias();
  const integer = fixed('INTEGER');
  const columns = ['GENERATED_PERIOD_START', 'GENERATED_PERIOD_END', 'ELEMENT_NUMBER'].map((name, index) => ({
    name,
    sql: `${sqlAlias}.c${index}`,
    type: integer,
    nullable: false,
    origin: { schema: 'SYS', table: item.name },
  }));
  const asInteger = (sql: string): string => `CAST(${sql} AS ${duckDbName(integer)})`;
  const selected = [asInteger('i'), asInteger(`i + ${step}`), asInteger(`(i - ${from}) // ${step} + 1`)].map(
    (sql, index) => `${sql} AS c${index}`,
  );
  return {
    sql: `(SELECT ${selected.join(', ')} FROM range(${from}, ${to}, ${step}) AS r(i)) AS ${sqlAlias}`,
    relations: [{ alias: item.alias ?? item.name, columns }],
  };
}
