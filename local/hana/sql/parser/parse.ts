import { notSupported } from '../errors.ts';
import type { Expression, ParsedStatement, Query, Statement } from './ast.ts';
import { parseAlter, parseComment, parseCreate, parseDrop, parseRename, parseTruncate } from './definitions.ts';
import { parseExpression, parseSum, startsQuery } from './expressions.ts';
import { parseDelete, parseInsert, parseMerge, parseUpdate, parseUpsert } from './modifications.ts';
import { parseGrant, parseRevoke } from './privileges.ts';
import { parseQuery } from './queries.ts';
import { parseCancel, parseLock, parseSet, parseUnset } from './session.ts';
import { type Grammar, TokenStream } from './token-stream.ts';

/** Reads one HANA statement. Throws 257 for wrong syntax and 7, by name, for what this engine does not do. */
export function parse(sql: string): ParsedStatement {
  if (PROCEDURE_CALL.test(sql)) throw notSupported('CALL statement');
  const stream = new TokenStream(sql, GRAMMAR);
  const statement = parseStatement(stream);
  stream.expectEnd();
  return { sql, statement, parameterCount: stream.parameterCount };
}

/** Reads the text of a view. */
export function parseQueryText(sql: string): Query {
  const stream = new TokenStream(sql, GRAMMAR);
  const query = parseQuery(stream);
  stream.expectEnd();
  return query;
}

/** Reads the text of a DEFAULT. */
export function parseExpressionText(sql: string): Expression {
  const stream = new TokenStream(sql, GRAMMAR);
  const expression = parseExpression(stream);
  stream.expectEnd();
  return expression;
}

const GRAMMAR: Grammar = { expression: parseExpression, sum: parseSum, query: parseQuery };

const STATEMENTS: Readonly<Record<string, (stream: TokenStream) => Statement>> = {
  INSERT: parseInsert,
  UPSERT: parseUpsert,
  REPLACE: parseUpsert,
  UPDATE: parseUpdate,
  DELETE: parseDelete,
  MERGE: parseMerge,
  CREATE: parseCreate,
  DROP: parseDrop,
  ALTER: (stream) => (stream.isWord('ALTER', 'SYSTEM', 'CANCEL') ? parseCancel(stream) : parseAlter(stream)),
  RENAME: parseRename,
  TRUNCATE: parseTruncate,
  COMMENT: parseComment,
  GRANT: parseGrant,
  REVOKE: parseRevoke,
  SET: parseSet,
  UNSET: parseUnset,
  LOCK: parseLock,
  COMMIT: (stream) => bare(stream, { kind: 'commit' }),
  ROLLBACK: (stream) => bare(stream, { kind: 'rollback' }),
};

/** How ODBC, JDBC and Python's callproc write a call: `{ CALL P(?) }`, `{ ? = CALL F(?) }`. */
const PROCEDURE_CALL = /^\s*\{\s*(?:\?\s*=\s*)?CALL\b/i;

/** Statements that HANA has and this engine refuses by name. */
const REFUSED = new Set(
  `CALL DO EXPLAIN CONNECT EXPORT IMPORT LOAD UNLOAD ANALYZE BACKUP RECOVER SAVEPOINT RELEASE VALIDATE REFRESH
  BEGIN DECLARE EXEC EXECUTE COPY ATTACH DETACH INSTALL PRAGMA VACUUM CHECKPOINT USE`.split(/\s+/),
);

function parseStatement(stream: TokenStream): Statement {
  const { token } = stream;
  if (startsQuery(stream)) return { kind: 'query', query: parseQuery(stream) };
  if (token.kind !== 'word') throw stream.unexpected();
  const parseOne = STATEMENTS[token.value];
  if (parseOne) return parseOne(stream);
  if (REFUSED.has(token.value)) throw notSupported(`${token.value} statement`);
  throw stream.unexpected();
}

function bare(stream: TokenStream, statement: Statement): Statement {
  stream.next();
  stream.acceptWord('WORK');
  if (stream.token.kind === 'word') throw notSupported(`${statement.kind.toUpperCase()} ${stream.token.value}`);
  return statement;
}
