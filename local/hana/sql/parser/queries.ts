import { notSupported } from '../errors.ts';
import type { Cte, Expression, FromItem, Grouping, Query, QueryBody, Select, SelectItem } from './ast.ts';
import { parseExpression, parseSum } from './expressions.ts';
import { parseOrderItems } from './order-items.ts';
import type { TokenStream } from './token-stream.ts';

/** [WITH …] SELECT … [UNION …] [ORDER BY …] [LIMIT … [OFFSET …]] */
export function parseQuery(stream: TokenStream): Query {
  return stream.nested(() => {
    const at = stream.token;
    const ctes = stream.acceptWord('WITH') ? parseCtes(stream) : [];
    const body = parseSetOperations(stream);
    const orderBy = stream.acceptWord('ORDER', 'BY') ? parseOrderItems(stream) : [];
    const limit = stream.acceptWord('LIMIT') ? parseSum(stream) : undefined;
    const offset = limit && stream.acceptWord('OFFSET') ? parseSum(stream) : undefined;
    if (stream.isWord('OFFSET')) throw stream.unexpected('OFFSET needs LIMIT');
    parseQueryEnd(stream);
    return { at, ctes, body, orderBy, limit, offset };
  });
}

function parseCtes(stream: TokenStream): Cte[] {
  if (stream.isWord('RECURSIVE')) throw notSupported('WITH RECURSIVE');
  return stream.list(() => {
    const name = stream.identifier();
    const columns = stream.isOperator('(') ? parseNames(stream) : undefined;
    stream.expectWord('AS');
    return { name, columns, query: stream.inParentheses(() => parseQuery(stream)) };
  });
}

const parseNames = (stream: TokenStream): string[] =>
  stream.inParentheses(() => stream.list(() => stream.identifier()));

/** FOR UPDATE and its kin are refused; hints are read and have no effect. */
function parseQueryEnd(stream: TokenStream): void {
  if (stream.isWord('FOR')) {
    const what = stream.ahead(1).text.toUpperCase();
    throw notSupported(
      what === 'UPDATE' || what === 'SHARE' ? `SELECT ... FOR ${what} (use LOCK TABLE)` : `SELECT ... FOR ${what}`,
    );
  }
  if (!stream.isWord('WITH', 'HINT')) return;
  stream.next();
  stream.next();
  skipParentheses(stream);
}

function skipParentheses(stream: TokenStream): void {
  stream.expectOperator('(');
  for (let depth = 1; depth > 0; ) {
    const token = stream.next();
    if (token.kind === 'end') throw stream.unexpected('expected )');
    if (token.kind === 'operator') depth += token.value === '(' ? 1 : token.value === ')' ? -1 : 0;
  }
}

/** INTERSECT binds more tightly than UNION and MINUS. */
function parseSetOperations(stream: TokenStream): QueryBody {
  let left = parseIntersections(stream);
  for (;;) {
    const at = stream.token;
    if (stream.acceptWord('UNION')) {
      const all = stream.acceptWord('ALL');
      if (!all) stream.acceptWord('DISTINCT');
      left = {
        kind: 'set-operation',
        at,
        operator: all ? 'UNION ALL' : 'UNION',
        left,
        right: parseIntersections(stream),
      };
    } else if (stream.acceptWord('EXCEPT') || stream.acceptWord('MINUS')) {
      stream.acceptWord('DISTINCT');
      left = { kind: 'set-operation', at, operator: 'EXCEPT', left, right: parseIntersections(stream) };
    } else return left;
  }
}

function parseIntersections(stream: TokenStream): QueryBody {
  let left = parseOperand(stream);
  for (;;) {
    const at = stream.token;
    if (!stream.acceptWord('INTERSECT')) return left;
    stream.acceptWord('DISTINCT');
    left = { kind: 'set-operation', at, operator: 'INTERSECT', left, right: parseOperand(stream) };
  }
}

function parseOperand(stream: TokenStream): QueryBody {
  if (!stream.isOperator('(')) return parseSelect(stream);
  return { kind: 'nested', query: stream.inParentheses(() => parseQuery(stream)) };
}

function parseSelect(stream: TokenStream): Select {
  const at = stream.token;
  stream.expectWord('SELECT');
  const top = stream.acceptWord('TOP') ? parseTop(stream) : undefined;
  const distinct = stream.acceptWord('DISTINCT');
  if (!distinct) stream.acceptWord('ALL');
  const items = stream.list(() => parseSelectItem(stream));
  if (stream.isWord('INTO')) throw notSupported('SELECT ... INTO');
  stream.expectWord('FROM');
  const from = parseFrom(stream);
  const where = stream.acceptWord('WHERE') ? parseExpression(stream) : undefined;
  const groupBy = stream.acceptWord('GROUP', 'BY') ? stream.list(() => parseGrouping(stream)) : [];
  const having = stream.acceptWord('HAVING') ? parseExpression(stream) : undefined;
  return { kind: 'select', at, distinct, top, items, from, where, groupBy, having };
}

function parseTop(stream: TokenStream): Expression {
  const at = stream.token;
  if (at.kind === 'parameter') return { kind: 'parameter', at, index: stream.parameter() };
  return { kind: 'literal', at, literal: { type: 'number', value: String(stream.integer()) } };
}

function parseSelectItem(stream: TokenStream): SelectItem {
  const at = stream.token;
  if (stream.acceptOperator('*')) return { kind: 'star', qualifier: [], at };
  const mark = stream.mark;
  const qualifier = parseQualifiedStar(stream);
  if (qualifier) return { kind: 'star', qualifier, at };
  stream.rewind(mark);
  const expression = parseExpression(stream);
  const end = stream.mark;
  const alias = stream.acceptWord('AS') ? stream.identifier() : stream.optionalIdentifier();
  const own = expression.kind === 'name' ? expression.path.parts.at(-1)! : stream.columnName(mark, end);
  return { kind: 'expression', expression, name: alias ?? own };
}

/** `T.*` or `S.T.*` */
function parseQualifiedStar(stream: TokenStream): string[] | undefined {
  const parts: string[] = [];
  for (;;) {
    const part = stream.optionalIdentifier();
    if (part === undefined || !stream.acceptOperator('.')) return undefined;
    parts.push(part);
    if (stream.acceptOperator('*')) return parts;
  }
}

export function parseFrom(stream: TokenStream): FromItem {
  let left = parseJoins(stream);
  while (stream.acceptOperator(',')) left = { kind: 'join', type: 'CROSS', left, right: parseJoins(stream) };
  return left;
}

function parseJoins(stream: TokenStream): FromItem {
  let left = parseFromItem(stream);
  for (;;) {
    if (stream.isWord('NATURAL')) throw notSupported('NATURAL JOIN');
    if (stream.acceptWord('CROSS', 'JOIN')) {
      left = { kind: 'join', type: 'CROSS', left, right: parseFromItem(stream) };
      continue;
    }
    const type = joinType(stream);
    if (!type) return left;
    const right = parseFromItem(stream);
    if (stream.isWord('USING')) throw notSupported('JOIN ... USING');
    stream.expectWord('ON');
    left = { kind: 'join', type, left, right, on: parseExpression(stream) };
  }
}

/** INNER | LEFT | RIGHT | FULL [OUTER] [MANY TO ONE …] JOIN; cardinalities are only hints to HANA's optimizer. */
function joinType(stream: TokenStream): 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | undefined {
  const type = (['INNER', 'LEFT', 'RIGHT', 'FULL'] as const).find((word) => stream.acceptWord(word));
  if (type && type !== 'INNER') stream.acceptWord('OUTER');
  const cardinality = acceptCardinality(stream);
  if (type === undefined && !cardinality && !stream.isWord('JOIN')) return undefined;
  stream.expectWord('JOIN');
  return type ?? 'INNER';
}

function acceptCardinality(stream: TokenStream): boolean {
  if (!stream.isWord('MANY') && !stream.isWord('ONE') && !stream.isWord('EXACT')) return false;
  const side = (): void => {
    stream.acceptWord('EXACT');
    stream.expectOneOf('MANY', 'ONE');
  };
  side();
  stream.expectWord('TO');
  side();
  return true;
}

function parseFromItem(stream: TokenStream): FromItem {
  if (stream.isWord('LATERAL')) throw notSupported('LATERAL');
  if (stream.isOperator('(')) return parseFromParentheses(stream);
  const at = stream.token;
  if (at.kind === 'word' && stream.ahead(1).value === '(' && stream.ahead(1).kind === 'operator') {
    stream.next();
    const parameters = stream.inParentheses(() =>
      stream.isOperator(')') ? [] : stream.list(() => parseExpression(stream)),
    );
    return { kind: 'table-function', name: at.value, parameters, alias: parseAlias(stream), at };
  }
  const path = stream.path();
  for (const words of [['FOR', 'SYSTEM_TIME'], ['FOR', 'APPLICATION_TIME'], ['TABLESAMPLE']]) {
    if (stream.isWord(...words)) throw notSupported(words.join(' '));
  }
  if (stream.isOperator('(')) throw notSupported('parameterized views and qualified table functions');
  if (stream.isWord('PARTITION') && stream.ahead(1).value === '(') throw notSupported('table PARTITION (...)');
  return { kind: 'table', path, ...parseAliasAndColumns(stream) };
}

function parseFromParentheses(stream: TokenStream): FromItem {
  const mark = stream.mark;
  stream.expectOperator('(');
  const isQuery = stream.isWord('SELECT') || stream.isWord('WITH') || stream.isOperator('(');
  if (isQuery) {
    stream.rewind(mark);
    const query = tryQuery(stream);
    if (query) return { kind: 'derived', query, ...parseAliasAndColumns(stream) };
  }
  stream.rewind(mark);
  return stream.inParentheses(() => stream.nested(() => parseFrom(stream)));
}

/** `((SELECT …) UNION …)` is a query, `((A JOIN B …) JOIN C …)` is not: only parsing tells. */
function tryQuery(stream: TokenStream): Query | undefined {
  let offset = 0;
  while (stream.ahead(offset).value === '(' && stream.ahead(offset).kind === 'operator') offset += 1;
  const start = stream.ahead(offset);
  const selects = start.kind === 'word' && (start.value === 'SELECT' || start.value === 'WITH');
  return selects ? stream.inParentheses(() => parseQuery(stream)) : undefined;
}

function parseAlias(stream: TokenStream): string | undefined {
  return stream.acceptWord('AS')
    ? stream.identifier()
    : NOT_AN_ALIAS.has(stream.token.value)
      ? undefined
      : stream.optionalIdentifier();
}

/** Words that follow a table and are no alias, though HANA does not reserve them. */
const NOT_AN_ALIAS = new Set(['MANY', 'ONE', 'EXACT', 'PARTITION']);

function parseAliasAndColumns(stream: TokenStream): { alias?: string | undefined; columns?: string[] | undefined } {
  const alias = parseAlias(stream);
  return { alias, columns: alias !== undefined && stream.isOperator('(') ? parseNames(stream) : undefined };
}

function parseGrouping(stream: TokenStream): Grouping {
  const kind = stream.acceptWord('GROUPING', 'SETS')
    ? 'GROUPING SETS'
    : (['ROLLUP', 'CUBE'] as const).find((word) => stream.acceptWord(word));
  if (!kind) return { kind: 'expression', expression: parseExpression(stream) };
  const sets = stream.inParentheses(() => stream.list(() => parseGroupingSet(stream)));
  return { kind, sets };
}

function parseGroupingSet(stream: TokenStream): Expression[] {
  if (!stream.isOperator('(')) return [parseExpression(stream)];
  return stream.inParentheses(() => (stream.isOperator(')') ? [] : stream.list(() => parseExpression(stream))));
}
