import { type Catalog, PUBLIC, SYSTEM_USER } from './catalog/catalog.ts';
import { hanaError } from './errors.ts';

interface Target {
  readonly schema: string;
  /** Undefined when the privilege is on the schema itself, such as CREATE ANY. */
  readonly object?: string | undefined;
}

/** 258, naming what is missing, when a user may not do this. */
export function requirePrivilege(catalog: Catalog, user: string, privilege: string, target: Target): void {
  if (hasPrivilege(catalog, user, privilege, target)) return;
  const what = target.object === undefined ? `schema "${target.schema}"` : `"${target.schema}"."${target.object}"`;
  throw hanaError(258, `Not authorized: user ${user} lacks ${privilege} on ${what}`);
}

/** The owner of a schema may do everything in it; everybody else needs a grant, to themselves or to PUBLIC. */
export function hasPrivilege(catalog: Catalog, user: string, privilege: string, target: Target): boolean {
  if (user === SYSTEM_USER || catalog.schemas.get(target.schema)?.owner === user) return true;
  return granted(catalog, user, target).some((grant) => grant.privilege === privilege);
}

/** Whether a user may pass a privilege on. */
export const mayGrant = (catalog: Catalog, user: string, privilege: string, target: Target): boolean =>
  user === SYSTEM_USER ||
  catalog.schemas.get(target.schema)?.owner === user ||
  granted(catalog, user, target).some((grant) => grant.privilege === privilege && grant.grantable);

/** Whether the system views show an object to a user: any privilege on it will do. */
export const isVisible = (catalog: Catalog, user: string, target: Target): boolean =>
  user === SYSTEM_USER ||
  catalog.schemas.get(target.schema)?.owner === user ||
  granted(catalog, user, target).length > 0;

/** Whether the system views show a schema to a user. */
export const isSchemaVisible = (catalog: Catalog, user: string, schema: string): boolean =>
  user === SYSTEM_USER ||
  catalog.schemas.get(schema)?.owner === user ||
  [...catalog.privileges.values()].some((grant) => grant.schema === schema && concerns(grant.grantee, user));

const granted = (catalog: Catalog, user: string, target: Target) =>
  [...catalog.privileges.values()].filter(
    (grant) =>
      grant.schema === target.schema &&
      concerns(grant.grantee, user) &&
      (grant.object === undefined || grant.object === target.object),
  );

const concerns = (grantee: string, user: string): boolean => grantee === user || grantee === PUBLIC;
