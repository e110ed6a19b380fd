import { resolveTable } from '../binder/tables.ts';
import { PUBLIC, SYSTEM_USER } from '../catalog/catalog.ts';
import { hanaError, notSupported } from '../errors.ts';
import { checkIdentifier } from '../names.ts';
import type { Access, Path } from '../parser/ast.ts';
import { mayGrant } from '../privileges.ts';
import { createSchema, dropSchema } from './define-objects.ts';
import type { Definer, DefinitionContext } from './definition-context.ts';

type AccessKind = 'create-user' | 'alter-user' | 'drop-user' | 'grant' | 'revoke';

export const ACCESS_DEFINERS: { readonly [K in AccessKind]: Definer<K> } = {
  'create-user': async (context, { user: path, password }) => {
    requireSystem(context, 'USER ADMIN');
    await createUser(context, nameOf(path), password);
  },
  'alter-user': async (context, { user: path, password }) => {
    const name = nameOf(path);
    if (name !== context.user) requireSystem(context, 'USER ADMIN');
    const user = context.catalog.users.get(name);
    if (!user) throw hanaError(332, name);
    context.catalog.users.set(name, { ...user, password });
  },
  'drop-user': async (context, { user: path, cascade }) => {
    requireSystem(context, 'USER ADMIN');
    const name = nameOf(path);
    if (!context.catalog.users.has(name) || name === SYSTEM_USER) throw hanaError(332, name);
    const schemas = [...context.catalog.schemas.values()]
      .filter(({ owner }) => owner === name)
      .map((schema) => schema.name);
    const occupied = schemas.find((schema) => context.catalog.objectsOf(schema).length > 0);
    if (occupied !== undefined && !cascade)
      throw hanaError(2048, `user ${name} owns objects in schema ${occupied} (DROP USER ... CASCADE)`);
    for (const schema of schemas) await dropSchema(context, schema);
    for (const [key, { grantee }] of context.catalog.privileges)
      if (grantee === name) context.catalog.privileges.delete(key);
    context.catalog.users.delete(name);
  },
  grant: async (context, statement) => {
    const { schema, object, grantee } = access(context, statement);
    if (grantee !== PUBLIC && !context.catalog.users.has(grantee)) throw hanaError(332, grantee);
    for (const privilege of statement.privileges) {
      requireGrantable(context, privilege, { schema, object });
      context.catalog.grant({
        grantee,
        grantor: context.user,
        privilege,
        schema,
        object,
        grantable: statement.grantable,
      });
    }
  },
  revoke: async (context, statement) => {
    const { schema, object, grantee } = access(context, statement);
    for (const privilege of statement.privileges) {
      requireGrantable(context, privilege, { schema, object });
      context.catalog.revoke({ grantee, privilege, schema, object });
    }
  },
};

/** A user with a schema of the same name, as HANA makes one. */
async function createUser(context: DefinitionContext, name: string, password: string): Promise<void> {
  checkIdentifier(name);
  if (context.catalog.users.has(name) || name === PUBLIC) throw hanaError(331, name);
  context.catalog.users.set(name, { name, password, createTime: Date.now() });
  await createSchema(context, name, name);
}

function nameOf(path: Path): string {
  if (path.parts.length !== 1) throw notSupported(`the user name ${path.parts.join('.')}`);
  return path.parts[0]!;
}

function requireSystem({ user }: DefinitionContext, privilege: string): void {
  if (user !== SYSTEM_USER) throw hanaError(258, `Not authorized: user ${user} lacks ${privilege}`);
}

function access(context: DefinitionContext, { target, grantee }: Access) {
  if (target.schemaWide) {
    const schema = nameOf(target.path);
    if (!context.catalog.schemas.has(schema)) throw hanaError(362, schema);
    return { schema, object: undefined, grantee: nameOf(grantee) };
  }
  const table = resolveTable(context.binding, target.path);
  if (table.kind === 'system-view') throw notSupported(`GRANT on the system view ${table.view.name}`);
  if (table.kind === 'table' && table.temporary === 'LOCAL') throw notSupported('GRANT on a local temporary table');
  return { schema: table.schema, object: table.name, grantee: nameOf(grantee) };
}

function requireGrantable(
  { catalog, user }: DefinitionContext,
  privilege: string,
  target: { schema: string; object?: string | undefined },
): void {
  if (mayGrant(catalog, user, privilege, target)) return;
  const what = target.object === undefined ? `schema "${target.schema}"` : `"${target.schema}"."${target.object}"`;
  throw hanaError(258, `Not authorized: user ${user} may not grant or revoke ${privilege} on ${what}`);
}
