import { notSupported } from '../errors.ts';
import type { ColumnDefinition, CreateTable, Path, SequenceOptions, TableConstraint } from './ast.ts';
import { parseExpression, parseSum, parseType, startsQuery } from './expressions.ts';
import { parseQuery } from './queries.ts';
import type { TokenStream } from './token-stream.ts';

/** `[COLUMN | ROW | [LOCAL | GLOBAL] TEMPORARY …] TABLE …` after CREATE; undefined when it is something else. */
export function parseCreateTable(stream: TokenStream): CreateTable | undefined {
  const temporary = (['LOCAL', 'GLOBAL'] as const).find((scope) => stream.acceptWord(scope, 'TEMPORARY'));
  const type = stream.acceptWord('ROW') ? 'ROW' : 'COLUMN';
  if (type === 'COLUMN') stream.acceptWord('COLUMN');
  if (!stream.acceptWord('TABLE')) {
    if (temporary) throw stream.unexpected('expected TABLE');
    return undefined;
  }
  const table = stream.path();
  const content = parseContent(stream);
  return { kind: 'create-table', table, type, temporary, content, comment: parseTableOptions(stream) };
}

function parseContent(stream: TokenStream): CreateTable['content'] {
  if (stream.acceptWord('LIKE')) return { kind: 'like', path: stream.path(), withData: parseWithData(stream, false) };
  if (stream.isWord('AS') || startsQuery(stream)) return parseAsQuery(stream, undefined);
  const mark = stream.mark;
  const names = parseBareNames(stream);
  if (names && stream.isWord('AS')) return parseAsQuery(stream, names);
  stream.rewind(mark);
  const columns: ColumnDefinition[] = [];
  const constraints: TableConstraint[] = [];
  stream.inParentheses(() =>
    stream.list(() => {
      if (startsConstraint(stream)) constraints.push(parseConstraint(stream));
      else if (stream.isWord('LIKE')) throw notSupported('CREATE TABLE (..., LIKE ...)');
      else columns.push(parseColumnDefinition(stream));
    }),
  );
  return { kind: 'columns', columns, constraints };
}

function parseAsQuery(stream: TokenStream, columns: Path[] | undefined): CreateTable['content'] {
  stream.acceptWord('AS');
  const query = stream.isOperator('(') ? stream.inParentheses(() => parseQuery(stream)) : parseQuery(stream);
  return { kind: 'query', query, columns, withData: parseWithData(stream, true) };
}

/** `(A, B)`: the names of CREATE TABLE … AS; undefined when the parentheses hold definitions. */
function parseBareNames(stream: TokenStream): Path[] | undefined {
  if (!stream.acceptOperator('(')) throw stream.unexpected('expected (');
  const names: Path[] = [];
  for (;;) {
    const at = stream.token;
    const name = stream.optionalIdentifier();
    if (name === undefined) return undefined;
    names.push({ parts: [name], at });
    if (stream.acceptOperator(')')) return names;
    if (!stream.acceptOperator(',')) return undefined;
  }
}

function parseWithData(stream: TokenStream, otherwise: boolean): boolean {
  if (stream.acceptWord('WITH', 'NO', 'DATA')) return false;
  return stream.acceptWord('WITH', 'DATA') || stream.acceptWord('WITHOUT', 'NO', 'DATA') || otherwise;
}

/** Options of storage that change nothing that a statement could see are read; others are refused. */
function parseTableOptions(stream: TokenStream): string | undefined {
  let comment: string | undefined;
  for (;;) {
    if (stream.acceptWord('COMMENT')) comment = stream.string();
    else if (stream.acceptWord('UNLOAD', 'PRIORITY')) stream.integer();
    else if (stream.acceptWord('NO', 'AUTO', 'MERGE') || stream.acceptWord('AUTO', 'MERGE')) continue;
    else if (stream.isWord('ON', 'COMMIT')) parseOnCommit(stream);
    else break;
  }
  if (stream.token.kind === 'word') throw notSupported(`table option ${stream.token.value}`);
  return comment;
}

function parseOnCommit(stream: TokenStream): void {
  stream.expectWord('ON', 'COMMIT');
  if (stream.isWord('DELETE')) throw notSupported('ON COMMIT DELETE ROWS');
  stream.expectWord('PRESERVE', 'ROWS');
}

/** name type [DEFAULT …] [NOT NULL] [PRIMARY KEY | UNIQUE] [GENERATED … AS IDENTITY] [COMMENT '…'] */
export function parseColumnDefinition(stream: TokenStream): ColumnDefinition {
  const at = stream.token;
  const name = stream.identifier();
  const type = parseType(stream);
  const column: { -readonly [K in keyof ColumnDefinition]: ColumnDefinition[K] } = {
    at,
    name,
    type,
    nullable: true,
    primaryKey: false,
    unique: false,
  };
  for (;;) {
    if (stream.acceptWord('NOT', 'NULL')) column.nullable = false;
    else if (stream.acceptWord('NULL')) column.nullable = true;
    else if (stream.acceptWord('PRIMARY', 'KEY')) column.primaryKey = true;
    else if (stream.acceptWord('UNIQUE')) column.unique = true;
    else if (stream.acceptWord('COMMENT')) column.comment = stream.string();
    else if (stream.acceptWord('DEFAULT')) column.defaultText = parseDefault(stream);
    else if (stream.isWord('GENERATED')) column.identity = parseIdentity(stream);
    else break;
  }
  if (stream.token.kind === 'word') throw notSupported(`column option ${stream.token.value}`);
  return column;
}

/** HANA's defaults are literals and special registers. */
function parseDefault(stream: TokenStream): string {
  const start = stream.mark;
  const expression = parseSum(stream);
  const value = expression.kind === 'negative' ? expression.operand : expression;
  if (value.kind !== 'literal' && !(value.kind === 'call' && value.register))
    throw notSupported('DEFAULT with an expression');
  return stream.source(start, stream.mark);
}

function parseIdentity(stream: TokenStream): SequenceOptions {
  stream.expectWord('GENERATED');
  if (stream.acceptWord('ALWAYS')) {
    throw notSupported(
      stream.isWord('AS', 'IDENTITY') ? 'GENERATED ALWAYS AS IDENTITY (use BY DEFAULT)' : 'generated columns',
    );
  }
  stream.expectWord('BY', 'DEFAULT', 'AS', 'IDENTITY');
  let start = 1n;
  let increment = 1n;
  if (stream.isOperator('(')) {
    stream.inParentheses(() => {
      while (!stream.isOperator(')')) {
        if (stream.acceptWord('START', 'WITH')) start = BigInt(stream.integer());
        else if (stream.acceptWord('INCREMENT', 'BY')) increment = BigInt(stream.integer());
        else throw notSupported(`identity option ${stream.token.text}`);
      }
    });
  }
  return { start, increment };
}

export const startsConstraint = (stream: TokenStream): boolean =>
  stream.isWord('CONSTRAINT') ||
  stream.isWord('PRIMARY', 'KEY') ||
  stream.isWord('FOREIGN', 'KEY') ||
  (stream.isWord('UNIQUE') && stream.ahead(1).value === '(') ||
  (stream.isWord('CHECK') && stream.ahead(1).value === '(');

export function parseConstraint(stream: TokenStream): TableConstraint {
  const name = stream.acceptWord('CONSTRAINT') ? stream.identifier() : undefined;
  if (stream.isWord('FOREIGN')) throw notSupported('FOREIGN KEY');
  if (stream.acceptWord('CHECK')) {
    stream.inParentheses(() => parseExpression(stream));
    throw notSupported('CHECK constraints');
  }
  const kind = stream.acceptWord('UNIQUE') ? 'UNIQUE' : 'PRIMARY KEY';
  if (kind === 'PRIMARY KEY') stream.expectWord('PRIMARY', 'KEY');
  return { kind, name, columns: stream.inParentheses(() => stream.list(() => stream.path())) };
}
