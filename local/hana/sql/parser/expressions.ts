import { type ColumnType, declaredType, isTypeName } from '../column-types.ts';
import { hanaError } from '../errors.ts';
import type { CaseBranch, Expression, Literal } from './ast.ts';
import { parseCall } from './function-calls.ts';
import { isRegister, isReserved } from './reserved-words.ts';
import type { TokenStream } from './token-stream.ts';

/** An expression or a condition; which of the two is allowed where is the binder's business. */
export const parseExpression = (stream: TokenStream): Expression => stream.nested(() => parseLogical(stream, 'OR'));

/** A data type with its sizes, such as DECIMAL(10, 2). */
export function parseType(stream: TokenStream): ColumnType {
  const { token } = stream;
  if (token.kind !== 'word') throw stream.unexpected('expected a data type');
  stream.next();
  const sizes = stream.isOperator('(') ? stream.inParentheses(() => stream.list(() => stream.integer())) : [];
  return declaredType(token.value, sizes);
}

function parseLogical(stream: TokenStream, operator: 'OR' | 'AND'): Expression {
  const operand = (): Expression => (operator === 'OR' ? parseLogical(stream, 'AND') : parseNot(stream));
  const at = stream.token;
  const operands = [operand()];
  while (stream.acceptWord(operator)) operands.push(operand());
  return operands.length === 1 ? operands[0]! : { kind: 'logical', at, operator, operands };
}

function parseNot(stream: TokenStream): Expression {
  const at = stream.token;
  if (!stream.acceptWord('NOT')) return parsePredicate(stream);
  return { kind: 'not', at, operand: stream.nested(() => parseNot(stream)) };
}

const COMPARISONS = ['=', '<>', '!=', '<=', '>=', '<', '>'];

function parsePredicate(stream: TokenStream): Expression {
  const at = stream.token;
  if (stream.isWord('EXISTS')) {
    stream.next();
    return { kind: 'exists', at, query: stream.inParentheses(() => stream.grammar.query(stream)) };
  }
  const left = parseSum(stream);
  const comparison = COMPARISONS.find((operator) => stream.isOperator(operator));
  if (comparison) return parseComparison(stream, left, comparison === '!=' ? '<>' : comparison);
  if (stream.acceptWord('IS')) {
    const negated = stream.acceptWord('NOT');
    stream.expectWord('NULL');
    return { kind: 'is-null', at, negated, operand: left };
  }
  const negated = stream.isWord('NOT') && stream.acceptWord('NOT');
  if (stream.acceptWord('BETWEEN')) {
    const low = parseSum(stream);
    stream.expectWord('AND');
    return { kind: 'between', at, negated, operand: left, low, high: parseSum(stream) };
  }
  if (stream.acceptWord('IN')) return parseIn(stream, left, negated);
  if (stream.acceptWord('LIKE')) {
    const pattern = parseSum(stream);
    const escapedBy = stream.acceptWord('ESCAPE') ? parseSum(stream) : undefined;
    return { kind: 'like', at, negated, operand: left, pattern, escapedBy };
  }
  if (stream.acceptWord('LIKE_REGEXPR')) {
    const pattern = parseSum(stream);
    const flag = stream.acceptWord('FLAG') ? parseSum(stream) : undefined;
    return { kind: 'like-regexpr', at, negated, operand: left, pattern, flag };
  }
  if (negated) throw stream.unexpected('expected BETWEEN, IN, LIKE or LIKE_REGEXPR');
  return left;
}

function parseComparison(stream: TokenStream, left: Expression, operator: string): Expression {
  const at = stream.next();
  for (const [word, quantifier] of [
    ['ANY', 'ANY'],
    ['SOME', 'ANY'],
    ['ALL', 'ALL'],
  ] as const) {
    if (!stream.isWord(word) || stream.ahead(1).value !== '(') continue;
    stream.next();
    return {
      kind: 'quantified',
      at,
      operator,
      quantifier,
      left,
      query: stream.inParentheses(() => stream.grammar.query(stream)),
    };
  }
  return { kind: 'comparison', at, operator, left, right: parseSum(stream) };
}

function parseIn(stream: TokenStream, operand: Expression, negated: boolean): Expression {
  const at = stream.token;
  return stream.inParentheses(() => {
    if (startsQuery(stream)) return { kind: 'in-query', at, negated, operand, query: stream.grammar.query(stream) };
    return { kind: 'in-list', at, negated, operand, items: stream.list(() => parseSum(stream)) };
  });
}

export function parseSum(stream: TokenStream): Expression {
  let left = parseProduct(stream);
  for (;;) {
    const at = stream.token;
    if (stream.isOperator('||')) {
      const operands = [left];
      while (stream.acceptOperator('||')) operands.push(parseProduct(stream));
      left = { kind: 'concatenation', at, operands };
    } else if (stream.isOperator('+') || stream.isOperator('-')) {
      const operator = stream.next().value as '+' | '-';
      left = { kind: 'arithmetic', at, operator, left, right: parseProduct(stream) };
    } else return left;
  }
}

function parseProduct(stream: TokenStream): Expression {
  let left = parseSigned(stream);
  while (stream.isOperator('*') || stream.isOperator('/')) {
    const at = stream.next();
    left = { kind: 'arithmetic', at, operator: at.value as '*' | '/', left, right: parseSigned(stream) };
  }
  return left;
}

function parseSigned(stream: TokenStream): Expression {
  const at = stream.token;
  if (stream.acceptOperator('+')) return stream.nested(() => parseSigned(stream));
  if (stream.acceptOperator('-')) return { kind: 'negative', at, operand: stream.nested(() => parseSigned(stream)) };
  return parsePrimary(stream);
}

function parsePrimary(stream: TokenStream): Expression {
  const { token } = stream;
  const literal = parseLiteral(stream);
  if (literal) return { kind: 'literal', at: token, literal };
  if (token.kind === 'parameter') return { kind: 'parameter', at: token, index: stream.parameter() };
  if (stream.isOperator('(')) return stream.nested(() => parseParentheses(stream));
  if (stream.acceptWord('CASE')) return parseCase(stream, token);
  if (stream.isWord('CAST') && stream.ahead(1).value === '(') return parseCast(stream);
  if (stream.isWord('DEFAULT')) {
    stream.next();
    return { kind: 'default', at: token };
  }
  if (token.kind === 'word' && isRegister(token.value)) return parseCall(stream, 'register');
  if (token.kind === 'word' && stream.ahead(1).value === '(' && stream.ahead(1).kind === 'operator')
    return parseCall(stream, 'call');
  return parseName(stream);
}

function parseLiteral(stream: TokenStream): Literal | undefined {
  const { token } = stream;
  if (token.kind === 'string' || token.kind === 'number' || token.kind === 'binary') {
    stream.next();
    return { type: token.kind, value: token.value };
  }
  if (stream.acceptWord('NULL')) return { type: 'null' };
  if (stream.acceptWord('TRUE')) return { type: 'boolean', value: true };
  if (stream.acceptWord('FALSE')) return { type: 'boolean', value: false };
  for (const type of ['DATE', 'TIME', 'TIMESTAMP'] as const) {
    if (!stream.isWord(type) || stream.ahead(1).kind !== 'string') continue;
    stream.next();
    return { type, value: stream.string() };
  }
  return undefined;
}

function parseParentheses(stream: TokenStream): Expression {
  const at = stream.token;
  return stream.inParentheses(() => {
    if (startsQuery(stream)) return { kind: 'subquery', at, query: stream.grammar.query(stream) };
    const items = stream.list(() => parseExpression(stream));
    return items.length === 1 ? items[0]! : { kind: 'tuple', at, items };
  });
}

/** Whether a query starts here, perhaps inside more parentheses. */
export function startsQuery(stream: TokenStream): boolean {
  let offset = 0;
  while (stream.ahead(offset).kind === 'operator' && stream.ahead(offset).value === '(') offset += 1;
  const { kind, value } = stream.ahead(offset);
  return kind === 'word' && (value === 'SELECT' || (value === 'WITH' && offset === 0));
}

function parseCase(stream: TokenStream, at: Expression['at']): Expression {
  const operand = stream.isWord('WHEN') ? undefined : parseExpression(stream);
  const branches: CaseBranch[] = [];
  while (stream.acceptWord('WHEN')) {
    const when = parseExpression(stream);
    stream.expectWord('THEN');
    branches.push({ when, result: parseExpression(stream) });
  }
  if (branches.length === 0) throw stream.unexpected('expected WHEN');
  const otherwise = stream.acceptWord('ELSE') ? parseExpression(stream) : undefined;
  stream.expectWord('END');
  return { kind: 'case', at, operand, branches, otherwise };
}

function parseCast(stream: TokenStream): Expression {
  const at = stream.next();
  return stream.inParentheses(() => {
    const operand = parseExpression(stream);
    stream.expectWord('AS');
    if (stream.token.kind === 'word' && !isTypeName(stream.token.value)) throw hanaError(264, stream.token.text);
    return { kind: 'cast', at, operand, type: parseType(stream) };
  });
}

function parseName(stream: TokenStream): Expression {
  const at = stream.token;
  if (at.kind === 'word' && isReserved(at.value)) throw stream.unexpected();
  const path = stream.path();
  const last = path.parts.at(-1)!;
  if (path.parts.length > 1 && (last === 'NEXTVAL' || last === 'CURRVAL')) {
    return { kind: 'sequence', at, path: { parts: path.parts.slice(0, -1), at }, function: last };
  }
  return { kind: 'name', at, path };
}
