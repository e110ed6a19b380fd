import { notSupported } from '../errors.ts';
import type { SessionStatement } from './ast.ts';
import type { TokenStream } from './token-stream.ts';

/** SET SCHEMA s, SET 'key' = 'value', SET TRANSACTION … */
export function parseSet(stream: TokenStream): SessionStatement {
  stream.next();
  if (stream.acceptWord('SCHEMA')) return { kind: 'set-schema', schema: stream.path() };
  if (stream.acceptWord('TRANSACTION')) return parseSetTransaction(stream);
  stream.acceptWord('SESSION');
  if (stream.token.kind !== 'string') throw notSupported(`SET ${stream.token.text.toUpperCase()}`);
  const name = stream.string();
  stream.expectOperator('=');
  return { kind: 'set-variable', name, value: stream.string() };
}

/** UNSET [SESSION] 'key' */
export function parseUnset(stream: TokenStream): SessionStatement {
  stream.next();
  stream.acceptWord('SESSION');
  return { kind: 'unset-variable', name: stream.string() };
}

function parseSetTransaction(stream: TokenStream): SessionStatement {
  if (stream.acceptWord('ISOLATION', 'LEVEL')) {
    if (stream.acceptWord('READ', 'COMMITTED')) return { kind: 'set-isolation', level: 'READ COMMITTED' };
    if (stream.acceptWord('REPEATABLE', 'READ')) return { kind: 'set-isolation', level: 'REPEATABLE READ' };
    stream.expectWord('SERIALIZABLE');
    return { kind: 'set-isolation', level: 'SERIALIZABLE' };
  }
  if (stream.acceptWord('READ', 'ONLY')) return { kind: 'set-access', readOnly: true };
  if (stream.acceptWord('READ', 'WRITE')) return { kind: 'set-access', readOnly: false };
  if (stream.acceptWord('AUTOCOMMIT', 'DDL')) return { kind: 'set-autocommit-ddl', on: parseSwitch(stream) };
  if (stream.acceptWord('DDL')) return { kind: 'set-ddl', allowed: parseSwitch(stream) };
  throw notSupported(`SET TRANSACTION ${stream.token.text.toUpperCase()}`);
}

const parseSwitch = (stream: TokenStream): boolean => {
  if (stream.acceptWord('ON')) return true;
  stream.expectWord('OFF');
  return false;
};

/** LOCK TABLE t IN EXCLUSIVE MODE [WAIT seconds | NOWAIT] */
export function parseLock(stream: TokenStream): SessionStatement {
  stream.next();
  stream.expectWord('TABLE');
  const table = stream.path();
  stream.expectWord('IN');
  if (!stream.isWord('EXCLUSIVE', 'MODE'))
    throw notSupported(`LOCK TABLE ... IN ${stream.token.text.toUpperCase()} MODE`);
  stream.expectWord('EXCLUSIVE', 'MODE');
  if (stream.acceptWord('NOWAIT')) return { kind: 'lock-table', table, waitSeconds: 0 };
  return { kind: 'lock-table', table, waitSeconds: stream.acceptWord('WAIT') ? stream.integer() : undefined };
}

/** ALTER SYSTEM CANCEL [WORK IN] SESSION 'id', which clients send from a second connection. */
export function parseCancel(stream: TokenStream): SessionStatement {
  stream.expectWord('ALTER', 'SYSTEM', 'CANCEL');
  stream.acceptWord('WORK', 'IN');
  stream.expectWord('SESSION');
  return { kind: 'cancel-session', connectionId: stream.string() };
}
