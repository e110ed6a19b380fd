import { notSupported } from '../errors.ts';
import type { AlterTableAction, Definition, Path } from './ast.ts';
import { parseColumns } from './modifications.ts';
import { parseQuery } from './queries.ts';
import { parseColumnDefinition, parseConstraint, parseCreateTable, startsConstraint } from './table-definition.ts';
import type { TokenStream } from './token-stream.ts';

/** CREATE … */
export function parseCreate(stream: TokenStream): Definition {
  stream.next();
  const replace = stream.acceptWord('OR', 'REPLACE');
  if (stream.acceptWord('VIEW')) return parseCreateView(stream, replace);
  if (replace) throw notSupported(`CREATE OR REPLACE ${stream.token.value}`);
  const table = parseCreateTable(stream);
  if (table) return table;
  const unique = stream.acceptWord('UNIQUE');
  if (stream.acceptWord('INDEX')) return parseCreateIndex(stream, unique);
  if (unique) throw stream.unexpected('expected INDEX');
  if (stream.acceptWord('SEQUENCE')) {
    return { kind: 'create-sequence', sequence: stream.path(), options: parseSequenceOptions(stream) };
  }
  if (stream.acceptWord('SCHEMA')) {
    const schema = stream.path();
    return { kind: 'create-schema', schema, owner: stream.acceptWord('OWNED', 'BY') ? stream.identifier() : undefined };
  }
  if (stream.acceptWord('USER')) return { kind: 'create-user', ...parseUserAndPassword(stream) };
  throw refused(stream, 'CREATE');
}

function parseCreateView(stream: TokenStream, replace: boolean): Definition {
  const view = stream.path();
  const columns = stream.isOperator('(')
    ? stream.inParentheses(() => stream.list(() => stream.identifier()))
    : undefined;
  const comment = stream.acceptWord('COMMENT') ? stream.string() : undefined;
  stream.expectWord('AS');
  const start = stream.mark;
  const query = parseQuery(stream);
  const text = stream.source(start, stream.mark);
  if (stream.token.kind === 'word' && stream.isWord('WITH'))
    throw notSupported(`CREATE VIEW ... WITH ${stream.ahead(1).text}`);
  return { kind: 'create-view', view, replace, columns, comment, query, text };
}

function parseCreateIndex(stream: TokenStream, unique: boolean): Definition {
  const index = stream.path();
  stream.expectWord('ON');
  const table = stream.path();
  const columns = stream.inParentheses(() =>
    stream.list(() => {
      const column = stream.path();
      if (!stream.acceptWord('ASC')) stream.acceptWord('DESC');
      return column;
    }),
  );
  return { kind: 'create-index', index, unique, table, columns };
}

export function parseSequenceOptions(stream: TokenStream): { start: bigint; increment: bigint } {
  let start = 1n;
  let increment = 1n;
  for (;;) {
    if (stream.acceptWord('START', 'WITH')) start = parseSigned(stream);
    else if (stream.acceptWord('INCREMENT', 'BY')) increment = parseSigned(stream);
    else if (!stream.acceptWord('NO', 'CYCLE') && !stream.acceptWord('NO', 'CACHE')) break;
  }
  if (stream.token.kind === 'word') throw notSupported(`sequence option ${stream.token.value}`);
  return { start, increment };
}

function parseSigned(stream: TokenStream): bigint {
  const negative = stream.acceptOperator('-');
  const value = BigInt(stream.integer());
  return negative ? -value : value;
}

/** `U PASSWORD "secret"`, the only way to authenticate that this engine knows. */
function parseUserAndPassword(stream: TokenStream): { user: Path; password: string } {
  const user = stream.path();
  if (!stream.isWord('PASSWORD')) throw notSupported(`user option ${stream.token.text || 'without PASSWORD'}`);
  stream.next();
  const { kind, value, text } = stream.next();
  if (kind !== 'identifier' && kind !== 'word' && kind !== 'string') throw stream.unexpected('expected a password');
  stream.acceptWord('NO', 'FORCE_FIRST_PASSWORD_CHANGE');
  return { user, password: kind === 'word' ? text : value };
}

/** DROP … */
export function parseDrop(stream: TokenStream): Definition {
  stream.next();
  if (!stream.acceptWord('COLUMN')) stream.acceptWord('ROW');
  if (stream.acceptWord('TABLE')) return { kind: 'drop-table', table: stream.path(), cascade: parseCascade(stream) };
  if (stream.acceptWord('VIEW')) return { kind: 'drop-view', view: stream.path(), cascade: parseCascade(stream) };
  if (stream.acceptWord('INDEX')) return { kind: 'drop-index', index: stream.path() };
  if (stream.acceptWord('SEQUENCE')) return { kind: 'drop-sequence', sequence: stream.path() };
  if (stream.acceptWord('SCHEMA')) return { kind: 'drop-schema', schema: stream.path(), cascade: parseCascade(stream) };
  if (stream.acceptWord('USER')) return { kind: 'drop-user', user: stream.path(), cascade: parseCascade(stream) };
  throw refused(stream, 'DROP');
}

/** CASCADE is the default for tables and views, as in HANA. */
function parseCascade(stream: TokenStream): boolean {
  if (stream.acceptWord('RESTRICT')) return false;
  return stream.acceptWord('CASCADE');
}

/** ALTER … */
export function parseAlter(stream: TokenStream): Definition {
  stream.next();
  if (stream.acceptWord('USER')) return { kind: 'alter-user', ...parseUserAndPassword(stream) };
  if (!stream.acceptWord('COLUMN')) stream.acceptWord('ROW');
  if (!stream.acceptWord('TABLE')) throw refused(stream, 'ALTER');
  return { kind: 'alter-table', table: stream.path(), action: parseAlterAction(stream) };
}

function parseAlterAction(stream: TokenStream): AlterTableAction {
  if (stream.acceptWord('ADD')) {
    if (startsConstraint(stream)) return { kind: 'add-constraint', constraint: parseConstraint(stream) };
    if (!stream.isOperator('(')) throw notSupported(`ALTER TABLE ... ADD ${stream.token.text.toUpperCase()}`);
    return { kind: 'add-columns', columns: parseDefinitions(stream) };
  }
  if (stream.acceptWord('ALTER') && stream.isOperator('('))
    return { kind: 'alter-columns', columns: parseDefinitions(stream) };
  if (stream.acceptWord('DROP') && stream.isOperator('('))
    return { kind: 'drop-columns', columns: parseColumns(stream) };
  throw notSupported(`ALTER TABLE ... ${stream.source(stream.mark - 1, stream.mark + 1).toUpperCase()}`);
}

const parseDefinitions = (stream: TokenStream) =>
  stream.inParentheses(() => stream.list(() => parseColumnDefinition(stream)));

/** RENAME TABLE a TO b, RENAME COLUMN t.a TO b */
export function parseRename(stream: TokenStream): Definition {
  stream.next();
  if (stream.acceptWord('TABLE')) {
    const table = stream.path();
    stream.expectWord('TO');
    return { kind: 'rename-table', table, to: stream.path() };
  }
  if (!stream.acceptWord('COLUMN')) throw refused(stream, 'RENAME');
  const path = stream.path();
  if (path.parts.length < 2) throw stream.unexpected('expected table.column');
  stream.expectWord('TO');
  return {
    kind: 'rename-column',
    table: { parts: path.parts.slice(0, -1), at: path.at },
    column: { parts: path.parts.slice(-1), at: path.at },
    to: stream.path(),
  };
}

export function parseTruncate(stream: TokenStream): Definition {
  stream.next();
  stream.expectWord('TABLE');
  return { kind: 'truncate', table: stream.path() };
}

/** COMMENT ON TABLE | VIEW | COLUMN … IS 'text' */
export function parseComment(stream: TokenStream): Definition {
  stream.next();
  stream.expectWord('ON');
  const on = stream.expectOneOf('TABLE', 'VIEW', 'COLUMN');
  const path = stream.path();
  stream.expectWord('IS');
  return { kind: 'comment', on, path, comment: stream.string() };
}

function refused(stream: TokenStream, verb: string): Error {
  const { token } = stream;
  return token.kind === 'word' ? notSupported(`${verb} ${token.value}`) : stream.unexpected();
}
