import { notSupported } from '../errors.ts';
import type {
  Assignment,
  Delete,
  Expression,
  FromItem,
  Insert,
  Merge,
  MergeBranch,
  Path,
  Query,
  Update,
  Upsert,
} from './ast.ts';
import { parseExpression, startsQuery } from './expressions.ts';
import { parseFrom, parseQuery } from './queries.ts';
import type { TokenStream } from './token-stream.ts';

/** INSERT INTO t [(columns)] VALUES (…) | query */
export function parseInsert(stream: TokenStream): Insert {
  const at = stream.next();
  stream.expectWord('INTO');
  const { table, columns, source } = parseTarget(stream);
  return { kind: 'insert', at, table, columns, source };
}

/** UPSERT | REPLACE [INTO] t [(columns)] VALUES (…) [WHERE … | WITH PRIMARY KEY] | query [WITH PRIMARY KEY] */
export function parseUpsert(stream: TokenStream): Upsert {
  const at = stream.next();
  stream.acceptWord('INTO');
  const { table, columns, source } = parseTarget(stream);
  const withPrimaryKey = stream.acceptWord('WITH', 'PRIMARY', 'KEY');
  const where = !withPrimaryKey && stream.acceptWord('WHERE') ? parseExpression(stream) : undefined;
  if (where && 'body' in source) throw stream.unexpected('WHERE belongs to the query');
  return { kind: 'upsert', at, table, columns, source, withPrimaryKey, where };
}

function parseTarget(stream: TokenStream): {
  table: Path;
  columns?: Path[] | undefined;
  source: Expression[] | Query;
} {
  const table = stream.path();
  const columns = stream.isOperator('(') && !startsQuery(stream) ? parseColumns(stream) : undefined;
  if (stream.isWord('OVERRIDING')) throw notSupported('OVERRIDING SYSTEM VALUE');
  if (!stream.acceptWord('VALUES')) return { table, columns, source: parseQuery(stream) };
  const source = stream.inParentheses(() => stream.list(() => parseExpression(stream)));
  if (stream.isOperator(','))
    throw stream.unexpected('HANA takes one row of VALUES; execute the statement with many rows of parameters');
  return { table, columns, source };
}

export const parseColumns = (stream: TokenStream): Path[] =>
  stream.inParentheses(() => stream.list(() => stream.path()));

/** UPDATE t [[AS] alias] SET c = value, … [WHERE …] */
export function parseUpdate(stream: TokenStream): Update {
  stream.next();
  const table = stream.path();
  const alias = parseAlias(stream);
  stream.expectWord('SET');
  const assignments = stream.list(() => parseAssignment(stream));
  if (stream.isWord('FROM')) throw notSupported('UPDATE ... FROM (use MERGE INTO)');
  return { kind: 'update', table, alias, assignments, where: parseWhere(stream) };
}

/** DELETE FROM t [[AS] alias] [WHERE …] */
export function parseDelete(stream: TokenStream): Delete {
  stream.next();
  stream.expectWord('FROM');
  const table = stream.path();
  return { kind: 'delete', table, alias: parseAlias(stream), where: parseWhere(stream) };
}

/** MERGE INTO t [[AS] alias] USING source ON … WHEN [NOT] MATCHED [AND …] THEN … */
export function parseMerge(stream: TokenStream): Merge {
  stream.next();
  if (stream.isWord('DELTA')) throw notSupported('MERGE DELTA');
  stream.expectWord('INTO');
  const table = stream.path();
  const alias = parseAlias(stream);
  stream.expectWord('USING');
  const source: FromItem = parseFrom(stream);
  stream.expectWord('ON');
  const on = parseExpression(stream);
  const branches: MergeBranch[] = [];
  while (stream.isWord('WHEN')) branches.push(parseMergeBranch(stream));
  if (branches.length === 0) throw stream.unexpected('expected WHEN');
  return { kind: 'merge', table, alias, source, on, branches };
}

function parseMergeBranch(stream: TokenStream): MergeBranch {
  const at = stream.next();
  const matched = !stream.acceptWord('NOT');
  stream.expectWord('MATCHED');
  const condition = stream.acceptWord('AND') ? parseExpression(stream) : undefined;
  stream.expectWord('THEN');
  if (matched && stream.acceptWord('DELETE')) return { action: 'delete', condition };
  if (matched) {
    stream.expectWord('UPDATE', 'SET');
    return { action: 'update', condition, assignments: stream.list(() => parseAssignment(stream)) };
  }
  stream.expectWord('INSERT');
  const columns = stream.isOperator('(') ? parseColumns(stream) : undefined;
  stream.expectWord('VALUES');
  return {
    action: 'insert',
    condition,
    columns,
    at,
    values: stream.inParentheses(() => stream.list(() => parseExpression(stream))),
  };
}

function parseAssignment(stream: TokenStream): Assignment {
  if (stream.isOperator('(')) throw notSupported('UPDATE ... SET (columns) = (query)');
  const column = stream.path();
  stream.expectOperator('=');
  return { column, value: parseExpression(stream) };
}

const parseAlias = (stream: TokenStream): string | undefined =>
  stream.acceptWord('AS') ? stream.identifier() : stream.optionalIdentifier();

const parseWhere = (stream: TokenStream): Expression | undefined =>
  stream.acceptWord('WHERE') ? parseExpression(stream) : undefined;
