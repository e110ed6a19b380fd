import type { Sequence, Table, View } from '../catalog/catalog.ts';
import { type SystemView, systemView } from '../catalog/system-views.ts';
import { hanaError, notSupported, place } from '../errors.ts';
import type { Path } from '../parser/ast.ts';
import type { Binding } from './binding.ts';

export type TableLike = Table | View | { readonly kind: 'system-view'; readonly view: SystemView };

/** The table or view that a path means: a temporary table, one of the schema, else a public synonym. */
export function resolveTable(binding: Binding, path: Path): TableLike {
  const [schema, name] = splitPath(binding, path);
  const temporary = path.parts.length === 1 ? binding.options.temporaryTables.get(name) : undefined;
  if (temporary) {
    binding.noteTemporaryTable(temporary);
    return temporary;
  }
  if (schema === 'SYS' || schema === 'PUBLIC') {
    const view = systemView(name);
    if (!view) throw notFound(binding, path, schema, name);
    return { kind: 'system-view', view };
  }
  requireSchema(binding, schema, path);
  const object = binding.catalog.object(schema, name);
  if (object?.kind === 'table' && object.temporary) binding.noteTemporaryTable(object);
  if (object && object.kind !== 'sequence') return object;
  const synonym = path.parts.length === 1 ? systemView(name) : undefined;
  if (synonym) return { kind: 'system-view', view: synonym };
  throw notFound(binding, path, schema, name);
}

/** A table that a statement changes. Views and system views are refused by name. */
export function resolveBaseTable(binding: Binding, path: Path): Table {
  const table = resolveTable(binding, path);
  if (table.kind === 'table') return table;
  if (table.kind === 'view') throw notSupported(`changing rows through the view ${table.name}`);
  throw hanaError(258, `Not authorized: system view ${table.view.name} can't be changed`);
}

export function resolveSequence(binding: Binding, path: Path): Sequence {
  const [schema, name] = splitPath(binding, path);
  requireSchema(binding, schema, path);
  const object = binding.catalog.object(schema, name);
  if (object?.kind === 'sequence') return object;
  throw hanaError(313, `${name} in schema ${schema}: ${place(binding.sql, path.at.position)}`);
}

/** Schema and name of a path; the current schema when the path has none. */
export function splitPath(binding: Binding, path: Path): [schema: string, name: string] {
  const { parts } = path;
  if (parts.length > 2) throw notSupported(`the database-qualified name ${parts.join('.')}`);
  return parts.length === 2 ? [parts[0]!, parts[1]!] : [binding.schema, parts[0]!];
}

export function requireSchema(binding: Binding, schema: string, path: Path): void {
  if (binding.catalog.schemas.has(schema)) return;
  throw hanaError(362, `${schema}: ${place(binding.sql, path.at.position)}`);
}

const notFound = (binding: Binding, path: Path, schema: string, name: string) =>
  hanaError(259, `Could not find table/view ${name} in schema ${schema}: ${place(binding.sql, path.at.position)}`);
