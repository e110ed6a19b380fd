import { checked, defaultValue, needsCheck } from '../binder/assignments.ts';
import { convert } from '../binder/conversions.ts';
import { tableSql } from '../binder/from.ts';
import { EMPTY_SCOPE } from '../binder/scope.ts';
import { resolveTable } from '../binder/tables.ts';
import type { Column, Table, UniqueConstraint } from '../catalog/catalog.ts';
import { primaryKeyOf } from '../catalog/catalog.ts';
import { duckDbName, nvarchar } from '../column-types.ts';
import { hanaError, notSupported, place } from '../errors.ts';
import { physicalName, physicalSchema } from '../names.ts';
import type { AlterTableAction, ColumnDefinition, CreateTable, Path, Query, TableConstraint } from '../parser/ast.ts';
import { requirePrivilege } from '../privileges.ts';
import type { Definer, DefinitionContext } from './definitions.ts';
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
  if (context.binding.slots.some(({ source }) => source.kind === 'parameter'))
    throw notSupported('parameters in CREATE TABLE ... AS');
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

function columnOf(definition: ColumnDefinition, schema: string, oid: number): Column {
  const { name, type, nullable, defaultText, comment, identity } = definition;
  return {
    name,
    type,
    nullable,
    ...(defaultText === undefined ? {} : { defaultText }),
    ...(comment === undefined ? {} : { comment }),
    ...(identity
      ? { identitySequence: `${physicalSchema(schema)}.${physicalName(`_SYS_SEQUENCE_${oid}_${name}`)}` }
      : {}),
  };
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

/** A default that can't be evaluated is an error of the definition, not of the first INSERT. */
function checkDefault({ binding }: DefinitionContext, column: Column): void {
  if (column.defaultText !== undefined) defaultValue(binding, column);
}

const constraintName = (oid: number, index: number, primaryKey: boolean): string =>
  `_SYS_TREE_CS_#${oid}_#${index}${primaryKey ? '_#P0' : ''}`;

function uniqueConstraint(
  context: DefinitionContext,
  columns: readonly Column[],
  { kind, name, columns: paths }: TableConstraint,
  oid: number,
  index: number,
): UniqueConstraint {
  const names = paths.map((path) => path.parts.at(-1)!);
  const missing = paths.find((path) => !columns.some((column) => column.name === path.parts.at(-1)));
  if (missing) throw hanaError(260, `${missing.parts.join('.')}: ${place(context.binding.sql, missing.at.position)}`);
  requireDistinct(names);
  return {
    name: name ?? constraintName(oid, index, kind === 'PRIMARY KEY'),
    columns: names,
    primaryKey: kind === 'PRIMARY KEY',
  };
}

function requireDistinct(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw hanaError(272, twice);
}

type Alteration<K extends AlterTableAction['kind']> = (
  context: DefinitionContext,
  table: Table,
  action: Extract<AlterTableAction, { kind: K }>,
) => Promise<Table>;

const ALTERATIONS: { readonly [K in AlterTableAction['kind']]: Alteration<K> } = {
  'add-columns': async (context, table, { columns: definitions }) => {
    const added = definitions.map((definition) => columnOf(definition, table.schema, table.oid));
    const unusual = definitions.find(({ primaryKey, unique, identity }) => primaryKey || unique || identity);
    if (unusual) throw notSupported(`ALTER TABLE ADD of the key or identity column ${unusual.name}`);
    for (const column of added) {
      if (table.columns.some(({ name }) => name === column.name)) throw hanaError(308, column.name);
      await addColumn(context, table, column);
    }
    requireDistinct(added.map(({ name }) => name));
    return { ...table, columns: [...table.columns, ...added] };
  },
  'drop-columns': async (context, table, { columns: paths }) => {
    const dropped = paths.map((path) => existingColumn(context, table, path));
    for (const column of dropped) {
      const used = [...table.constraints, ...table.indexes].some(({ columns }) => columns.includes(column.name));
      if (used) throw notSupported(`dropping ${column.name}, which a key or an index uses`);
      if (dropped.length >= table.columns.length) throw notSupported('dropping all columns of a table');
      await context.run(`ALTER TABLE ${tableSql(table)} DROP COLUMN ${physicalName(column.name)}`);
    }
    return { ...table, columns: table.columns.filter((column) => !dropped.includes(column)) };
  },
  'alter-columns': async (context, table, { columns: definitions }) => {
    let columns = table.columns;
    for (const definition of definitions) {
      const path: Path = { parts: [definition.name], at: definition.at };
      const before = existingColumn(context, table, path);
      const after = { ...before, ...columnOf(definition, table.schema, table.oid) };
      checkDefault(context, after);
      await alterColumn(context, table, before, after);
      columns = columns.map((column) => (column === before ? after : column));
    }
    return { ...table, columns };
  },
  'add-constraint': async (context, table, { constraint }) => {
    const added = uniqueConstraint(context, table.columns, constraint, table.oid, table.constraints.length);
    if (!added.primaryKey) throw notSupported('ALTER TABLE ADD CONSTRAINT ... UNIQUE (create a unique index)');
    if (primaryKeyOf(table).length > 0) throw hanaError(257, `${table.name} has a PRIMARY KEY already`);
    await context.run(`ALTER TABLE ${tableSql(table)} ADD PRIMARY KEY (${added.columns.map(physicalName).join(', ')})`);
    const columns = table.columns.map((column) =>
      added.columns.includes(column.name) ? { ...column, nullable: false } : column,
    );
    return { ...table, columns, constraints: [...table.constraints, added] };
  },
};

async function addColumn(context: DefinitionContext, table: Table, column: Column): Promise<void> {
  const value = defaultValue(context.binding, column);
  if (
    !column.nullable &&
    column.defaultText === undefined &&
    (await context.exists(`SELECT 1 FROM ${tableSql(table)}`))
  ) {
    throw hanaError(287, `${column.name}: the table has rows and the column no DEFAULT`);
  }
  if (context.binding.slots.length > 0) throw notSupported('ALTER TABLE ADD with the current time as DEFAULT');
  await context.run(
    `ALTER TABLE ${tableSql(table)} ADD COLUMN ${physicalName(column.name)} ${duckDbName(column.type)}`,
  );
  if (column.defaultText !== undefined)
    await context.run(`UPDATE ${tableSql(table)} SET ${physicalName(column.name)} = ${checked(column, value)}`);
}

/** A longer text needs no work in DuckDB; another type converts the rows, and what does not fit is an error. */
async function alterColumn(context: DefinitionContext, table: Table, before: Column, after: Column): Promise<void> {
  const sql = physicalName(before.name);
  if (duckDbName(before.type) !== duckDbName(after.type)) {
    const converted = convert(context.binding, { sql, type: before.type, nullable: true }, after.type).sql;
    await context.run(
      `ALTER TABLE ${tableSql(table)} ALTER COLUMN ${sql} TYPE ${duckDbName(after.type)} USING ${converted}`,
    );
  }
  if (!needsCheck(after, { sql, type: after.type, nullable: true })) return;
  await context.exists(
    `SELECT 1 FROM ${tableSql(table)} WHERE (${checked(after, { sql, type: after.type, nullable: true })}) IS NULL`,
  );
}

export function existingTable(context: DefinitionContext, path: Path): Table {
  const table = resolveTable(context.binding, path);
  if (table.kind === 'table') return table;
  const name = table.kind === 'view' ? table.name : table.view.name;
  throw hanaError(259, `${name} is a view: ${place(context.binding.sql, path.at.position)}`);
}

function existingColumn(context: DefinitionContext, table: Table, path: Path): Column {
  const column = table.columns.find(({ name }) => name === path.parts.at(-1));
  if (!column) throw hanaError(260, `${path.parts.join('.')}: ${place(context.binding.sql, path.at.position)}`);
  return column;
}

function requireOn({ catalog, user }: DefinitionContext, table: Table, privilege: string): void {
  if (table.temporary !== 'LOCAL')
    requirePrivilege(catalog, user, privilege, { schema: table.schema, object: table.name });
}

export function requireFreeName({ catalog }: DefinitionContext, schema: string, name: string): void {
  if (catalog.object(schema, name)) throw hanaError(288, `${name}: there is such an object in schema ${schema}`);
}
