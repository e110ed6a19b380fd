import { notSupported } from '../errors.ts';
import type { Definition, GrantTarget, Path } from './ast.ts';
import type { TokenStream } from './token-stream.ts';

/** GRANT privilege, … ON [SCHEMA] object TO user [WITH GRANT OPTION] */
export function parseGrant(stream: TokenStream): Definition {
  stream.next();
  const { privileges, target } = parsePrivilegesOn(stream);
  stream.expectWord('TO');
  const grantee = parseGrantee(stream);
  return { kind: 'grant', privileges, target, grantee, grantable: stream.acceptWord('WITH', 'GRANT', 'OPTION') };
}

/** REVOKE privilege, … ON [SCHEMA] object FROM user */
export function parseRevoke(stream: TokenStream): Definition {
  stream.next();
  const { privileges, target } = parsePrivilegesOn(stream);
  stream.expectWord('FROM');
  return { kind: 'revoke', privileges, target, grantee: parseGrantee(stream), grantable: false };
}

const PRIVILEGES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'ALTER', 'DROP', 'INDEX'];

function parsePrivilegesOn(stream: TokenStream): { privileges: string[]; target: GrantTarget } {
  const privileges = stream.acceptWord('ALL', 'PRIVILEGES')
    ? [...PRIVILEGES]
    : stream.list(() => {
        if (stream.acceptWord('CREATE', 'ANY')) return 'CREATE ANY';
        const privilege = PRIVILEGES.find((word) => stream.acceptWord(word));
        if (!privilege) throw notSupported(`privilege or role ${stream.token.text}`);
        return privilege;
      });
  if (!stream.isWord('ON')) throw notSupported(`granting ${privileges.join(', ')} without an object`);
  stream.next();
  const schemaWide = stream.acceptWord('SCHEMA');
  return { privileges, target: { schemaWide, path: stream.path() } };
}

function parseGrantee(stream: TokenStream): Path {
  if (stream.isWord('ROLE')) throw notSupported('roles');
  return stream.path();
}
