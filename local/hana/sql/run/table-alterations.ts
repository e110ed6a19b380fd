import { checked, defaultValue, needsCheck } from '../binder/assignments.ts';
import { convert } from '../binder/conversions.ts';
import { tableSql } from '../binder/from.ts';
import type { Column, Table } from '../catalog/catalog.ts';
import { primaryKeyOf } from '../catalog/catalog.ts';
import { duckDbName } from '../column-types.ts';
import { hanaError, notSupported } from '../errors.ts';
import { physicalName } from '../names.ts';
import type { AlterTableAction, Path } from '../parser/ast.ts';
import type { DefinitionContext } from './definition-context.ts';
import { checkDefault, columnOf, existingColumn, requireDistinct, uniqueConstraint } from './table-columns.ts';

type Alteration<K extends AlterTableAction['kind']> = (
  context: DefinitionContext,
  table: Table,
  action: Extract<AlterTableAction, { kind: K }>,
) => Promise<Table>;

/** What ALTER TABLE can do; each answers with the table as it is then. */
export const ALTERATIONS: { readonly [K in AlterTableAction['kind']]: Alteration<K> } = {
  'add-columns': async (context, table, { columns: definitions }) => {
    const added = definitions.map((definition) => columnOf(definition, table.schema, table.oid));
    const unusual = definitions.find(({ primaryKey, unique, identity }) => primaryKey || unique || identity);
    if (unusual) throw notSupported(`ALTER TABLE ADD of the key or identity column ${unusual.name}`);
    requireDistinct(added.map(({ name }) => name));
    for (const column of added) {
      if (table.columns.some(({ name }) => name === column.name)) throw hanaError(308, column.name);
      await addColumn(context, table, column);
    }
    const defaults = added.filter(({ defaultText }) => defaultText !== undefined);
    if (defaults.length > 0) await fillColumns(context, table, defaults);
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
  if (
    !column.nullable &&
    column.defaultText === undefined &&
    (await context.exists(`SELECT 1 FROM ${tableSql(table)}`))
  ) {
    throw hanaError(287, `${column.name}: the table has rows and the column no DEFAULT`);
  }
  await context.run(
    `ALTER TABLE ${tableSql(table)} ADD COLUMN ${physicalName(column.name)} ${duckDbName(column.type)}`,
  );
}

/** The rows that are there get the defaults. */
async function fillColumns(context: DefinitionContext, table: Table, columns: readonly Column[]): Promise<void> {
  const assignments = columns.map(
    (column) => `${physicalName(column.name)} = ${checked(column, defaultValue(context.binding, column))}`,
  );
  if (context.binding.slots.length > 0) throw notSupported('ALTER TABLE ADD with the current time as DEFAULT');
  await context.run(`UPDATE ${tableSql(table)} SET ${assignments.join(', ')}`);
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
