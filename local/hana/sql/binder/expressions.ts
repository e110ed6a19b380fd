import { duckDbName, fixed, nvarchar } from '../column-types.ts';
import { textLiteral } from '../duckdb-text.ts';
import { hanaError, notSupported, sqlSyntaxError } from '../errors.ts';
import { physicalPath } from '../names.ts';
import type { Expression } from '../parser/ast.ts';
import { requirePrivilege } from '../privileges.ts';
import { bindArithmetic, bindNegative } from './arithmetic.ts';
import type { Binding } from './binding.ts';
import { type Bound, bound } from './bound.ts';
import { bindCall } from './calls.ts';
import { bindComparison, comparable } from './comparisons.ts';
import { convert, toText, unify } from './conversions.ts';
import { bindLiteral } from './literals.ts';
import { resolveColumn, type Scope } from './scope.ts';
import { resolveSequence } from './tables.ts';

/** Binds an expression that must be a value. */
export function bindValue(binding: Binding, expression: Expression, scope: Scope): Bound {
  const value = bindExpression(binding, expression, scope);
  if (value.condition)
    throw sqlSyntaxError(binding.sql, expression.at.position, expression.at.text, 'a condition is not a value');
  return value;
}

/** Binds an expression that must be a condition; a BOOLEAN value is one. */
export function bindCondition(binding: Binding, expression: Expression, scope: Scope): string {
  const value = bindExpression(binding, expression, scope);
  if (value.condition || value.type?.name === 'BOOLEAN') return value.sql;
  throw sqlSyntaxError(binding.sql, expression.at.position, expression.at.text, 'expected a condition');
}

type Kind = Expression['kind'];
type Binder<K extends Kind> = (binding: Binding, expression: Extract<Expression, { kind: K }>, scope: Scope) => Bound;

function bindExpression(binding: Binding, expression: Expression, scope: Scope): Bound {
  const bind = BINDERS[expression.kind] as Binder<Kind>;
  return bind(binding, expression, scope);
}

const BINDERS: { readonly [K in Kind]: Binder<K> } = {
  literal: (_binding, { literal }) => bindLiteral(literal),
  parameter: (_binding, { index }) => ({ sql: 'NULL', nullable: true, parameter: index }),
  name: (binding, { path }, scope) => resolveColumn(scope, path, binding.sql),
  negative: (binding, { operand }, scope) => bindNegative(binding, bindValue(binding, operand, scope)),
  arithmetic: (binding, { operator, left, right }, scope) =>
    bindArithmetic(binding, operator, bindValue(binding, left, scope), bindValue(binding, right, scope)),
  concatenation: bindConcatenation,
  comparison: (binding, { operator, left, right, at }, scope) => {
    if (left.kind === 'tuple' || right.kind === 'tuple') throw notSupported(`comparing rows with ${at.text}`);
    return bindComparison(binding, operator, bindValue(binding, left, scope), bindValue(binding, right, scope));
  },
  quantified: (binding, { operator, quantifier, left, query }, scope) => {
    const { sql, column } = singleColumn(binding, query, scope);
    const [value, other] = comparable(binding, bindValue(binding, left, scope), column) as [Bound, Bound];
    return condition(`(${value.sql} ${operator} ${quantifier} (SELECT ${other.sql} FROM (${sql}) AS q))`);
  },
  logical: (binding, { operator, operands }, scope) =>
    condition(`(${operands.map((operand) => bindCondition(binding, operand, scope)).join(` ${operator} `)})`),
  not: (binding, { operand }, scope) => condition(`(NOT ${bindCondition(binding, operand, scope)})`),
  between: (binding, { negated, operand, low, high }, scope) => {
    const value = bindValue(binding, operand, scope);
    const [from, to] = [low, high].map((limit) => bindValue(binding, limit, scope)) as [Bound, Bound];
    const conditions = [bindComparison(binding, '>=', value, from).sql, bindComparison(binding, '<=', value, to).sql];
    return condition(`${negated ? 'NOT ' : ''}(${conditions.join(' AND ')})`);
  },
  'in-list': bindInList,
  'in-query': bindInQuery,
  like: (binding, { negated, operand, pattern, escapedBy }, scope) => {
    const [text, like] = [operand, pattern].map((part) => toText(binding, bindValue(binding, part, scope)).sql);
    const escaped = escapedBy ? ` ESCAPE ${toText(binding, bindValue(binding, escapedBy, scope)).sql}` : '';
    return condition(`(${text} ${negated ? 'NOT ' : ''}LIKE ${like}${escaped})`);
  },
  'like-regexpr': (binding, { negated, operand, pattern, flag }, scope) => {
    const [text, regularExpression] = [operand, pattern].map(
      (part) => toText(binding, bindValue(binding, part, scope)).sql,
    );
    const flags = flag ? bindValue(binding, flag, scope).text : '';
    if (flags === undefined || [...flags].some((char) => !'ims'.includes(char)))
      throw notSupported('LIKE_REGEXPR flags other than i, m and s');
    const flagged = flags === '' ? regularExpression : `('(?${flags})' || ${regularExpression})`;
    return condition(`(${negated ? 'NOT ' : ''}regexp_matches(${text}, ${flagged}))`);
  },
  'is-null': (binding, { negated, operand }, scope) => {
    const value = bindValue(binding, operand, scope);
    const typed = value.parameter === undefined ? value : convert(binding, value, nvarchar(5000));
    return condition(`(${typed.sql} IS ${negated ? 'NOT ' : ''}NULL)`);
  },
  exists: (binding, { query }, scope) => condition(`EXISTS (${binding.query(query, scope).sql})`),
  case: bindCase,
  cast: (binding, { operand, type }, scope) => bindCast(binding, bindValue(binding, operand, scope), type),
  call: (binding, call, scope) => bindCall(binding, call, (part) => bindValue(binding, part, scope)),
  subquery: (binding, { query }, scope) => {
    const { sql, column } = singleColumn(binding, query, scope);
    return { sql: `(${sql})`, type: column.type, nullable: true };
  },
  tuple: (binding, { at }) => {
    throw sqlSyntaxError(binding.sql, at.position, at.text, 'a row is not a value');
  },
  sequence: (binding, { path, function: name }) => {
    const sequence = resolveSequence(binding, path);
    requirePrivilege(binding.catalog, binding.user, 'SELECT', { schema: sequence.schema, object: sequence.name });
    const physical = textLiteral(physicalPath(sequence.schema, sequence.name));
    return bound(`${name === 'NEXTVAL' ? 'nextval' : 'currval'}(${physical})`, fixed('BIGINT'));
  },
  default: (binding, { at }) => {
    throw sqlSyntaxError(binding.sql, at.position, at.text, 'DEFAULT stands only among the values of a column');
  },
};

const condition = (sql: string): Bound => ({ sql, type: fixed('BOOLEAN'), nullable: true, condition: true });

function bindConcatenation(
  binding: Binding,
  { operands }: Extract<Expression, { kind: 'concatenation' }>,
  scope: Scope,
): Bound {
  const texts = operands.map((operand) => toText(binding, bindValue(binding, operand, scope)));
  const length = texts.reduce((sum, text) => sum + (text.type?.length ?? 1), 0);
  return bound(
    `(${texts.map(({ sql }) => sql).join(' || ')})`,
    nvarchar(length),
    texts.some(({ nullable }) => nullable),
  );
}

/** `CAST(x AS NVARCHAR(3))` cuts the text, as HANA does. */
function bindCast(binding: Binding, value: Bound, type: Parameters<typeof convert>[2]): Bound {
  const given = value.type ? value : convert(binding, value, value.parameter === undefined ? type : nvarchar(5000));
  const converted = convert(binding, given, type);
  const cut = duckDbName(type) === 'VARCHAR' && type.length < (given.type?.length ?? 0) && type.length <= 5000;
  return bound(cut ? `left(${converted.sql}, ${type.length})` : converted.sql, type, converted.nullable);
}

function bindInList(binding: Binding, expression: Extract<Expression, { kind: 'in-list' }>, scope: Scope): Bound {
  const { negated, operand, items } = expression;
  const not = negated ? 'NOT ' : '';
  if (operand.kind === 'tuple') {
    const alternatives = items.map((item) => rowEquals(binding, operand.items, item, scope));
    return condition(`(${not}(${alternatives.join(' OR ')}))`);
  }
  const [value, ...others] = comparable(binding, ...[operand, ...items].map((item) => bindValue(binding, item, scope)));
  return condition(`(${value!.sql} ${not}IN (${others.map(({ sql }) => sql).join(', ')}))`);
}

function rowEquals(binding: Binding, left: readonly Expression[], right: Expression, scope: Scope): string {
  if (right.kind !== 'tuple' || right.items.length !== left.length)
    throw hanaError(269, 'the rows of IN differ in length');
  const equalities = left.map(
    (item, index) =>
      bindComparison(binding, '=', bindValue(binding, item, scope), bindValue(binding, right.items[index]!, scope)).sql,
  );
  return `(${equalities.join(' AND ')})`;
}

function bindInQuery(binding: Binding, expression: Extract<Expression, { kind: 'in-query' }>, scope: Scope): Bound {
  const { operand, query, negated } = expression;
  const left = operand.kind === 'tuple' ? operand.items : [operand];
  const { sql, columns } = binding.query(query, scope);
  if (columns.length !== left.length)
    throw hanaError(columns.length > left.length ? 269 : 270, 'the query of IN has another number of columns');
  const pairs = left.map((item, index) => {
    const column = { sql: `q.c${index}`, type: columns[index]!.type, nullable: columns[index]!.nullable };
    return comparable(binding, bindValue(binding, item, scope), column) as [Bound, Bound];
  });
  const values = pairs.map(([value]) => value.sql).join(', ');
  const selected = pairs.map(([, column]) => column.sql).join(', ');
  return condition(`((${values}) ${negated ? 'NOT ' : ''}IN (SELECT ${selected} FROM (${sql}) AS q))`);
}

function bindCase(binding: Binding, expression: Extract<Expression, { kind: 'case' }>, scope: Scope): Bound {
  const { operand, branches, otherwise } = expression;
  const conditions = operand
    ? branches.map(
        ({ when }) =>
          bindComparison(binding, '=', bindValue(binding, operand, scope), bindValue(binding, when, scope)).sql,
      )
    : branches.map(({ when }) => bindCondition(binding, when, scope));
  const results = [...branches.map(({ result }) => result), ...(otherwise ? [otherwise] : [])];
  const values = unify(
    binding,
    results.map((result) => bindValue(binding, result, scope)),
  );
  const whens = conditions.map((when, index) => `WHEN ${when} THEN ${values[index]!.sql}`).join(' ');
  const last = otherwise ? ` ELSE ${values.at(-1)!.sql}` : '';
  return bound(`CASE ${whens}${last} END`, values[0]!.type!, !otherwise || values.some(({ nullable }) => nullable));
}

function singleColumn(
  binding: Binding,
  query: Extract<Expression, { kind: 'subquery' }>['query'],
  scope: Scope,
): { sql: string; column: Bound } {
  const { sql, columns } = binding.query(query, scope);
  if (columns.length > 1) throw hanaError(269, 'a query used as a value yields one column');
  const [column] = columns as [(typeof columns)[number]];
  return { sql, column: { sql: 'q.c0', type: column.type, nullable: true } };
}
