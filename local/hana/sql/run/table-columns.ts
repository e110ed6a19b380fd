import { defaultValue } from '../binder/assignments.ts';
import { resolveTable } from '../binder/tables.ts';
import type { Column, Table, UniqueConstraint } from '../catalog/catalog.ts';
import { hanaError, place } from '../errors.ts';
import { physicalName, physicalSchema } from '../names.ts';
import type { ColumnDefinition, Path, TableConstraint } from '../parser/ast.ts';
import { requirePrivilege } from '../privileges.ts';
import type { DefinitionContext } from './definition-context.ts';

export function columnOf(definition: ColumnDefinition, schema: string, oid: number): Column {
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

/** A default that can't be evaluated is an error of the definition, not of the first INSERT. */
export function checkDefault({ binding }: DefinitionContext, column: Column): void {
  if (column.defaultText !== undefined) defaultValue(binding, column);
}

export const constraintName = (oid: number, index: number, primaryKey: boolean): string =>
  `_SYS_TREE_CS_#${oid}_#${index}${primaryKey ? '_#P0' : ''}`;

export function uniqueConstraint(
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

export function requireDistinct(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw hanaError(272, twice);
}

export function existingTable(context: DefinitionContext, path: Path): Table {
  const table = resolveTable(context.binding, path);
  if (table.kind === 'table') return table;
  const name = table.kind === 'view' ? table.name : table.view.name;
  throw hanaError(259, `${name} is a view: ${place(context.binding.sql, path.at.position)}`);
}

export function existingColumn(context: DefinitionContext, table: Table, path: Path): Column {
  const column = table.columns.find(({ name }) => name === path.parts.at(-1));
  if (!column) throw hanaError(260, `${path.parts.join('.')}: ${place(context.binding.sql, path.at.position)}`);
  return column;
}

export function requireOn({ catalog, user }: DefinitionContext, table: Table, privilege: string): void {
  if (table.temporary !== 'LOCAL')
    requirePrivilege(catalog, user, privilege, { schema: table.schema, object: table.name });
}

export function requireFreeName({ catalog }: DefinitionContext, schema: string, name: string): void {
  if (catalog.object(schema, name)) throw hanaError(288, `${name}: there is such an object in schema ${schema}`);
}
