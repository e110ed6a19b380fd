import { tableSql } from '../binder/from.ts';
import { renamed } from '../binder/queries.ts';
import { EMPTY_SCOPE } from '../binder/scope.ts';
import { type Catalog, type SchemaObject, SYSTEM_USER, type Table } from '../catalog/catalog.ts';
import { nvarchar } from '../column-types.ts';
import { hanaError, notSupported, place } from '../errors.ts';
import { checkIdentifier, physicalName, physicalPath, physicalSchema } from '../names.ts';
import type { Path } from '../parser/ast.ts';
import { requirePrivilege } from '../privileges.ts';
import type { Definer, DefinitionContext } from './definition-context.ts';
import { existingTable, requireFreeName } from './table-columns.ts';

type ObjectKind =
  | 'create-view'
  | 'drop-view'
  | 'create-index'
  | 'drop-index'
  | 'create-sequence'
  | 'drop-sequence'
  | 'create-schema'
  | 'drop-schema'
  | 'comment';

export const OBJECT_DEFINERS: { readonly [K in ObjectKind]: Definer<K> } = {
  'create-view': async (context, { view: path, replace, columns: names, comment, query, text }) => {
    const [schema, name] = context.locate(path);
    const before = context.catalog.object(schema, name);
    requirePrivilege(context.catalog, context.user, 'CREATE ANY', { schema });
    if (before && (!replace || before.kind !== 'view')) requireFreeName(context, schema, name);
    if (before) requirePrivilege(context.catalog, context.user, 'DROP', { schema, object: name });
    // Who creates the view needs the rights that its owner will lend to every reader.
    context.binding.query(query, EMPTY_SCOPE);
    const owner = context.catalog.schemas.get(schema)?.owner ?? SYSTEM_USER;
    const body = context.binding.forView(context.binding.sql, owner, context.binding.schema);
    const columns = renamed(body.query(query, EMPTY_SCOPE).columns, names);
    const twice = columns.find(
      (column, index) => columns.findIndex(({ name: other }) => other === column.name) !== index,
    );
    if (twice) throw hanaError(272, twice.name);
    context.catalog.put({
      kind: 'view',
      schema,
      name,
      text,
      searchSchema: context.binding.schema,
      oid: before?.oid ?? context.catalog.nextOid(),
      createTime: Date.now(),
      columns: columns.map((column) => ({
        name: column.name,
        type: column.type ?? nvarchar(1),
        nullable: column.nullable,
      })),
      ...(comment === undefined ? {} : { comment }),
    });
  },
  'drop-view': async (context, { view: path, cascade }) => {
    if (cascade) throw notSupported('DROP VIEW ... CASCADE (drop the views on it first)');
    const view = existing(context, path, 'view', 321);
    requirePrivilege(context.catalog, context.user, 'DROP', { schema: view.schema, object: view.name });
    context.catalog.remove(view);
  },
  'create-index': async (context, { index: path, unique, table: tablePath, columns: paths }) => {
    const table = existingTable(context, tablePath);
    requirePrivilege(context.catalog, context.user, 'INDEX', { schema: table.schema, object: table.name });
    const name = path.parts.at(-1)!;
    if (indexOwner(context.catalog, table.schema, name)) throw hanaError(289, name);
    const columns = paths.map((column) => {
      const found = table.columns.find((other) => other.name === column.parts.at(-1));
      if (!found) throw hanaError(260, `${column.parts.join('.')}: ${place(context.binding.sql, column.at.position)}`);
      return found.name;
    });
    // A plain index would only slow DuckDB's changes down; a unique one is a constraint and must exist.
    if (unique)
      await context.run(
        `CREATE UNIQUE INDEX ${indexSql(table, name)} ON ${tableSql(table)} (${columns.map(physicalName).join(', ')})`,
      );
    context.catalog.put({ ...table, indexes: [...table.indexes, { name, columns, unique }] });
  },
  'drop-index': async (context, { index: path }) => {
    const [schema, name] = context.locate(path);
    const table = indexOwner(context.catalog, schema, name);
    if (!table) throw hanaError(261, name);
    requirePrivilege(context.catalog, context.user, 'INDEX', { schema, object: table.name });
    const index = table.indexes.find((candidate) => candidate.name === name)!;
    if (index.unique) await context.run(`DROP INDEX ${physicalSchema(schema)}.${indexSql(table, name)}`);
    context.catalog.put({ ...table, indexes: table.indexes.filter((candidate) => candidate !== index) });
  },
  'create-sequence': async (context, { sequence: path, options }) => {
    const [schema, name] = context.locate(path);
    requirePrivilege(context.catalog, context.user, 'CREATE ANY', { schema });
    if (context.catalog.object(schema, name)) throw hanaError(322, name);
    const { start, increment } = options;
    await context.run(`CREATE SEQUENCE ${physicalPath(schema, name)} START ${start} INCREMENT ${increment}`);
    context.catalog.put({
      kind: 'sequence',
      schema,
      name,
      oid: context.catalog.nextOid(),
      createTime: Date.now(),
      start: `${start}`,
      increment: `${increment}`,
    });
  },
  'drop-sequence': async (context, { sequence: path }) => {
    const sequence = existing(context, path, 'sequence', 313);
    requirePrivilege(context.catalog, context.user, 'DROP', { schema: sequence.schema, object: sequence.name });
    await context.run(`DROP SEQUENCE ${physicalPath(sequence.schema, sequence.name)}`);
    context.catalog.remove(sequence);
  },
  'create-schema': async (context, { schema: path, owner = context.user }) => {
    if (context.user !== SYSTEM_USER) throw hanaError(258, `Not authorized: user ${context.user} lacks CREATE SCHEMA`);
    if (!context.catalog.users.has(owner) && owner !== SYSTEM_USER) throw hanaError(332, owner);
    await createSchema(context, path.parts.at(-1)!, owner);
  },
  'drop-schema': async (context, { schema: path, cascade }) => {
    const name = path.parts.at(-1)!;
    const schema = context.catalog.schemas.get(name);
    if (!schema) throw hanaError(362, name);
    if (context.user !== SYSTEM_USER && schema.owner !== context.user)
      throw hanaError(258, `Not authorized: user ${context.user} does not own schema ${name}`);
    if (!cascade && context.catalog.objectsOf(name).length > 0)
      throw hanaError(2048, `schema ${name} is not empty (DROP SCHEMA ... CASCADE)`);
    await dropSchema(context, name);
  },
  comment: async (context, { on, path, comment }) => {
    const objectPath: Path = on === 'COLUMN' ? { parts: path.parts.slice(0, -1), at: path.at } : path;
    if (on === 'VIEW') {
      const view = existing(context, objectPath, 'view', 321);
      requirePrivilege(context.catalog, context.user, 'ALTER', { schema: view.schema, object: view.name });
      return context.catalog.put({ ...view, comment });
    }
    const table = existingTable(context, objectPath);
    requirePrivilege(context.catalog, context.user, 'ALTER', { schema: table.schema, object: table.name });
    if (on === 'TABLE') return context.catalog.put({ ...table, comment });
    const name = path.parts.at(-1)!;
    if (!table.columns.some((column) => column.name === name))
      throw hanaError(260, `${name}: ${place(context.binding.sql, path.at.position)}`);
    context.catalog.put({
      ...table,
      columns: table.columns.map((column) => (column.name === name ? { ...column, comment } : column)),
    });
  },
};

function existing<K extends SchemaObject['kind']>(
  context: DefinitionContext,
  path: Path,
  kind: K,
  code: number,
): Extract<SchemaObject, { kind: K }> {
  const [schema, name] = context.locate(path);
  const object = context.catalog.object(schema, name);
  if (object?.kind !== kind) throw hanaError(code, `${name}: ${place(context.binding.sql, path.at.position)}`);
  return object as Extract<SchemaObject, { kind: K }>;
}

const indexSql = (table: Table, name: string): string => physicalName(`${table.oid}.${name}`);

const indexOwner = (catalog: Catalog, schema: string, name: string): Table | undefined =>
  catalog
    .objectsOf(schema)
    .find((object): object is Table => object.kind === 'table' && object.indexes.some((index) => index.name === name));

/** A schema in the catalog and in DuckDB. */
export async function createSchema({ catalog, run }: DefinitionContext, name: string, owner: string): Promise<void> {
  checkIdentifier(name);
  if (catalog.schemas.has(name) || name === 'SYS' || name === 'PUBLIC') throw hanaError(386, name);
  await run(`CREATE SCHEMA ${physicalSchema(name)}`);
  catalog.schemas.set(name, { name, owner, createTime: Date.now() });
}

/** A schema with everything in it. */
export async function dropSchema({ catalog, run }: DefinitionContext, name: string): Promise<void> {
  await run(`DROP SCHEMA ${physicalSchema(name)} CASCADE`);
  for (const object of catalog.objectsOf(name)) catalog.remove(object);
  for (const [key, { schema }] of catalog.privileges) if (schema === name) catalog.privileges.delete(key);
  catalog.schemas.delete(name);
}
