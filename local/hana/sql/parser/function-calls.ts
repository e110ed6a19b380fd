import { notSupported } from '../errors.ts';
import type { Expression, FunctionCall, OrderItem, Window } from './ast.ts';
import { parseOrderItems } from './order-items.ts';
import type { TokenStream } from './token-stream.ts';

/** A function call with everything that may follow it, or a special register. */
export function parseCall(stream: TokenStream, form: 'call' | 'register'): Expression {
  const at = stream.next();
  const call: FunctionCall & { at: typeof at } = { ...EMPTY, at, name: at.value };
  if (form === 'register') {
    if (stream.isOperator('(') && stream.ahead(1).value === ')') {
      stream.next();
      stream.next();
    }
    return { ...call, register: true };
  }
  const special = SPECIAL_FORMS[call.name];
  const content = stream.inParentheses((): Partial<FunctionCall> => {
    if (stream.isOperator(')')) return {};
    if (stream.acceptOperator('*')) return { star: true };
    return special ? special(stream) : plainParameters(stream);
  });
  const orderBy = parseWithinGroup(stream) ?? content.orderBy ?? [];
  if (stream.isWord('FILTER') && stream.ahead(1).value === '(')
    throw notSupported('FILTER after an aggregate function');
  return { ...call, ...content, orderBy, over: stream.acceptWord('OVER') ? parseWindow(stream) : undefined };
}

const EMPTY: Omit<FunctionCall, 'name'> = {
  kind: 'call',
  parameters: [],
  named: {},
  register: false,
  star: false,
  distinct: false,
  orderBy: [],
};

function plainParameters(stream: TokenStream): Partial<FunctionCall> {
  const distinct = stream.acceptWord('DISTINCT');
  if (!distinct) stream.acceptWord('ALL');
  const parameters = stream.list(() => stream.grammar.expression(stream));
  if (stream.isWord('RESPECT') || stream.isWord('IGNORE')) throw notSupported(`${stream.token.value} NULLS`);
  return { distinct, parameters, orderBy: stream.acceptWord('ORDER', 'BY') ? parseOrderItems(stream) : [] };
}

/** Functions whose parameters are separated by words. */
const SPECIAL_FORMS: Readonly<Record<string, (stream: TokenStream) => Partial<FunctionCall>>> = {
  /** EXTRACT(YEAR FROM D) */
  EXTRACT(stream) {
    const at = stream.token;
    const field = stream.expectOneOf('YEAR', 'MONTH', 'DAY', 'HOUR', 'MINUTE', 'SECOND');
    stream.expectWord('FROM');
    return {
      parameters: [
        { kind: 'literal', at, literal: { type: 'string', value: field } },
        stream.grammar.expression(stream),
      ],
    };
  },
  /** TRIM([[LEADING | TRAILING | BOTH] ['x'] FROM] S) */
  TRIM(stream) {
    const at = stream.token;
    const side = ['LEADING', 'TRAILING', 'BOTH'].find((word) => stream.acceptWord(word)) ?? 'BOTH';
    const characters = stream.isWord('FROM') ? undefined : stream.grammar.expression(stream);
    const subject = stream.acceptWord('FROM') ? stream.grammar.expression(stream) : undefined;
    const sideLiteral: Expression = { kind: 'literal', at, literal: { type: 'string', value: side } };
    if (subject === undefined) return { parameters: [characters!, sideLiteral] };
    return { parameters: characters ? [subject, sideLiteral, characters] : [subject, sideLiteral] };
  },
  REPLACE_REGEXPR: regularExpression,
  SUBSTRING_REGEXPR: regularExpression,
  SUBSTR_REGEXPR: regularExpression,
  LOCATE_REGEXPR: regularExpression,
  OCCURRENCES_REGEXPR: regularExpression,
};

/** 'pattern' [FLAG f] IN subject [WITH r] [FROM n] [OCCURRENCE n | ALL] [GROUP n] */
function regularExpression(stream: TokenStream): Partial<FunctionCall> {
  stream.acceptWord('START');
  const named: Record<string, Expression> = {};
  const parameters = [stream.grammar.sum(stream)];
  if (stream.acceptWord('FLAG')) named.FLAG = stream.grammar.sum(stream);
  stream.expectWord('IN');
  parameters.push(stream.grammar.sum(stream));
  for (const word of ['WITH', 'FROM', 'OCCURRENCE', 'GROUP']) {
    const at = stream.token;
    if (!stream.acceptWord(word)) continue;
    const all = word === 'OCCURRENCE' && stream.acceptWord('ALL');
    named[word] = all ? { kind: 'literal', at, literal: { type: 'string', value: 'ALL' } } : stream.grammar.sum(stream);
  }
  return { parameters, named };
}

function parseWithinGroup(stream: TokenStream): readonly OrderItem[] | undefined {
  if (!stream.acceptWord('WITHIN')) return undefined;
  stream.expectWord('GROUP');
  return stream.inParentheses(() => {
    stream.expectWord('ORDER', 'BY');
    return parseOrderItems(stream);
  });
}

function parseWindow(stream: TokenStream): Window {
  return stream.inParentheses(() => {
    const partitionBy = stream.acceptWord('PARTITION', 'BY')
      ? stream.list(() => stream.grammar.expression(stream))
      : [];
    const orderBy = stream.acceptWord('ORDER', 'BY') ? parseOrderItems(stream) : [];
    return { partitionBy, orderBy, frame: stream.isOperator(')') ? undefined : parseFrame(stream) };
  });
}

function parseFrame(stream: TokenStream): string {
  if (!stream.isWord('ROWS')) throw notSupported(`window frame ${stream.token.text}`);
  stream.next();
  if (!stream.acceptWord('BETWEEN')) return `ROWS ${parseBound(stream)}`;
  const from = parseBound(stream);
  stream.expectWord('AND');
  return `ROWS BETWEEN ${from} AND ${parseBound(stream)}`;
}

function parseBound(stream: TokenStream): string {
  if (stream.acceptWord('CURRENT', 'ROW')) return 'CURRENT ROW';
  const distance = stream.acceptWord('UNBOUNDED') ? 'UNBOUNDED' : String(stream.integer());
  return `${distance} ${stream.expectOneOf('PRECEDING', 'FOLLOWING')}`;
}
