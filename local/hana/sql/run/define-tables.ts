import { tableSql } from '../binder/from.ts';
import { EMPTY_SCOPE } from '../binder/scope.ts';
import type { Column, Table, UniqueConstraint } from '../catalog/catalog.ts';
import { nvarchar } from '../column-types.ts';
import { hanaError, notSupported } from '../errors.ts';
import { physicalName } from '../names.ts';
import type { CreateTable, Path, Query, TableConstraint } from '../parser/ast.ts';
import { requirePrivilege } from '../privileges.ts';
import type { Definer, DefinitionContext } from './definition-context.ts';
import { ALTERATIONS } from './table-alterations.ts';
import {
  checkDefault,
  columnOf,
  constraintName,
  existingColumn,
  existingTable,
  requireDistinct,
  requireFreeName,
  requireOn,
  uniqueConstraint,
} from './table-columns.ts';
import { createTableSql } from './table-sql.ts';

type TableKind = 'create-table' | 'drop-table' | 'alter-table' | 'rename-table' | 'rename-column' | 'truncate';

export const TABLE_DEFINERS: { readonly [K in TableKind]: Definer<K> } = {
  'create-table': createTable,
  'drop-table': async (context, { table: path, cascade }) => {
    if (cascade) throw notSupported('DROP TABLE ... CASCADE (drop the views first)');
    const table = existingTable(context, path);
    requireOn(context, table, 'DROP');
    if (table.temporary !== 'GLOBAL') await context.run(`DROP TABLE ${tableSql(table)}`);
    for (const { identitySequence } of table.columns)
      if (identitySequence) await context.run(`DROP SEQUENCE ${identitySequence}`);
    if (table.temporary === 'LOCAL') context.temporaryTables.delete(table.name);
    else context.catalog.remove(table);
  },
  'alter-table': async (context, { table: path, action }) => {
    const table = existingTable(context, path);
    requireOn(context, table, 'ALTER');
    if (table.temporary) throw notSupported('ALTER TABLE of a temporary table');
    context.catalog.put(await ALTERATIONS[action.kind](context, table, action as never));
  },
  'rename-table': async (context, { table: path, to }) => {
    const table = existingTable(context, path);
    requireOn(context, table, 'ALTER');
    if (table.temporary) throw notSupported('RENAME of a temporary table');
    const name = to.parts.at(-1)!;
    if (to.parts.length > 1 && to.parts[0] !== table.schema) throw notSupported('RENAME TABLE into another schema');
    requireFreeName(context, table.schema, name);
    await context.run(`ALTER TABLE ${tableSql(table)} RENAME TO ${physicalName(name)}`);
    const grants = [...context.catalog.privileges.values()].filter(
      ({ schema, object }) => schema === table.schema && object === table.name,
    );
    context.catalog.remove(table);
    context.catalog.put({ ...table, name });
    for (const grant of grants) context.catalog.grant({ ...grant, object: name });
  },
  'rename-column': async (context, { table: path, column: columnPath, to }) => {
    const table = existingTable(context, path);
    requireOn(context, table, 'ALTER');
    const column = existingColumn(context, table, columnPath);
    const name = to.parts.at(-1)!;
    if (table.columns.some((other) => other.name === name)) throw hanaError(308, name);
    await context.run(
      `ALTER TABLE ${tableSql(table)} RENAME COLUMN ${physicalName(column.name)} TO ${physicalName(name)}`,
    );
    const rename = (names: readonly string[]): string[] => names.map((other) => (other === column.name ? name : other));
    context.catalog.put({
      ...table,
      columns: table.columns.map((other) => (other === column ? { ...column, name } : other)),
      constraints: table.constraints.map((constraint) => ({ ...constraint, columns: rename(constraint.columns) })),
      indexes: table.indexes.map((index) => ({ ...index, columns: rename(index.columns) })),
    });
  },
  truncate: async (context, { table: path }) => {
    const table = existingTable(context, path);
    requireOn(context, table, 'DELETE');
    await context.run(`DELETE FROM ${tableSql(table)}`);
  },
};

async function createTable(context: DefinitionContext, statement: CreateTable): Promise<void> {
  const isLocal = statement.temporary === 'LOCAL' || statement.table.parts.at(-1)!.startsWith('#');
  if (isLocal !== statement.table.parts.at(-1)!.startsWith('#'))
    throw hanaError(397, `the name of a local temporary table starts with #`);
  const [schema, name] = isLocal
    ? [context.binding.schema, statement.table.parts.at(-1)!]
    : context.locate(statement.table);
  if (isLocal && context.temporaryTables.has(name)) throw hanaError(288, name);
  if (!isLocal) {
    requirePrivilege(context.catalog, context.user, 'CREATE ANY', { schema });
    requireFreeName(context, schema, name);
  }
  const oid = context.catalog.nextOid();
  const { columns, constraints, fill } = contentOf(context, statement, oid, schema);
  const table: Table = {
    kind: 'table',
    schema,
    name,
    oid,
    createTime: Date.now(),
    type: statement.type,
    columns,
    constraints,
    indexes: [],
    ...(isLocal ? { temporary: 'LOCAL' as const } : statement.temporary ? { temporary: 'GLOBAL' as const } : {}),
    ...(statement.comment === undefined ? {} : { comment: statement.comment }),
  };
  for (const column of columns) checkDefault(context, column);
  if (table.temporary !== 'GLOBAL') {
    await createSequences(context, statement, columns);
    await context.run(createTableSql(table, tableSql(table)));
    if (fill) await context.run(`INSERT INTO ${tableSql(table)} ${fill}`);
  } else if (fill) throw notSupported('CREATE GLOBAL TEMPORARY TABLE with data');
  if (isLocal) context.temporaryTables.set(name, table);
  else context.catalog.put(table);
}

interface Content {
  readonly columns: readonly Column[];
  readonly constraints: readonly UniqueConstraint[];
  /** The query that fills the table. */
  readonly fill?: string | undefined;
}

function contentOf(context: DefinitionContext, statement: CreateTable, oid: number, schema: string): Content {
  const { content } = statement;
  if (content.kind === 'query') return fromQuery(context, content.query, content.columns, content.withData);
  if (content.kind === 'like') return likeTable(context, content.path, content.withData, oid);
  const columns = content.columns.map((definition) => columnOf(definition, schema, oid));
  requireDistinct(columns.map(({ name }) => name));
  const own = content.columns.flatMap(({ name, primaryKey, unique, at }): TableConstraint[] =>
    primaryKey || unique ? [{ kind: primaryKey ? 'PRIMARY KEY' : 'UNIQUE', columns: [{ parts: [name], at }] }] : [],
  );
  const constraints = [...own, ...content.constraints].map((constraint, index) =>
    uniqueConstraint(context, columns, constraint, oid, index),
  );
  if (constraints.filter(({ primaryKey }) => primaryKey).length > 1)
    throw hanaError(257, 'a table has one PRIMARY KEY');
  const key = constraints.find(({ primaryKey }) => primaryKey)?.columns ?? [];
  return {
    columns: columns.map((column) => (key.includes(column.name) ? { ...column, nullable: false } : column)),
    constraints,
  };
}

function fromQuery(
  context: DefinitionContext,
  query: Query,
  names: readonly Path[] | undefined,
  withData: boolean,
): Content {
  const { sql, columns: outputs } = context.binding.query(query, EMPTY_SCOPE);
  if (names && names.length !== outputs.length)
    throw hanaError(names.length > outputs.length ? 269 : 270, 'the names do not match the columns of the query');
  const columns = outputs.map(({ name, type, nullable }, index): Column => {
    const known = type ?? nvarchar(1);
    return { name: names?.[index]?.parts.at(-1) ?? name, type: { declared: known.name, ...known }, nullable };
  });
  requireDistinct(columns.map(({ name }) => name));
  if (!withData) return { columns, constraints: [] };
  if (context.binding.slots.length > 0)
    throw notSupported('the current time and session variables in CREATE TABLE ... AS (insert them instead)');
  return { columns, constraints: [], fill: sql };
}

function likeTable(context: DefinitionContext, path: Path, withData: boolean, oid: number): Content {
  const model = existingTable(context, path);
  if (model.temporary !== 'LOCAL')
    requirePrivilege(context.catalog, context.user, 'SELECT', { schema: model.schema, object: model.name });
  const columns = model.columns.map(({ identitySequence, ...column }) => column);
  const constraints = model.constraints.map((constraint, index) => ({
    ...constraint,
    name: constraintName(oid, index, constraint.primaryKey),
  }));
  return { columns, constraints, fill: withData ? `SELECT * FROM ${tableSql(model)}` : undefined };
}

async function createSequences(
  context: DefinitionContext,
  statement: CreateTable,
  columns: readonly Column[],
): Promise<void> {
  if (statement.content.kind !== 'columns') return;
  for (const [index, { identity }] of statement.content.columns.entries()) {
    if (identity)
      await context.run(
        `CREATE SEQUENCE ${columns[index]!.identitySequence} START ${identity.start} INCREMENT ${identity.increment}`,
      );
  }
}
