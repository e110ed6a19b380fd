import { timingSafeEqual } from 'node:crypto';
import type { ApiRequest } from './request.ts';
import { StatusError } from './status-error.ts';

/** A bearer of a token, and what it may do. */
export interface User {
  readonly name: string;
  readonly token: string;
  readonly allows: (right: Right) => boolean;
}

export interface Right {
  readonly verb: string;
  readonly group: string;
  /** With its subresource, such as `pods/log`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  /** Of the object; undefined for all of a kind, and for one that is to be created, as in RBAC. */
  readonly name?: string | undefined;
}

export type Users = readonly User[];

export const userOf = (users: Users, authorization: string | undefined): User => {
  const token = Buffer.from(/^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '');
  const user = users.find((each) => {
    const expected = Buffer.from(each.token);
    return expected.length === token.length && timingSafeEqual(expected, token);
  });
  if (!user) throw new StatusError(401, 'Unauthorized', 'Unauthorized');
  return user;
};

export const assertAllowed = (user: User, { verb, resource, subresource, namespace, name }: ApiRequest): void => {
  const { group, plural } = resource;
  const right = { verb, group, resource: subresource ? `${plural}/${subresource}` : plural, namespace, name };
  if (user.allows(right)) return;
  // A namespace counts as lying within itself.
  const within = plural === 'namespaces' ? name : namespace;
  const where = within ? `in the namespace "${within}"` : 'at the cluster scope';
  throw new StatusError(
    403,
    'Forbidden',
    `${group ? `${plural}.${group}` : plural}${name ? ` "${name}"` : ''} is forbidden: User "${user.name}" cannot ${verb} ` +
      `resource "${right.resource}" in API group "${group}" ${where}`,
    { ...(name && { name }), group, kind: plural },
  );
};
