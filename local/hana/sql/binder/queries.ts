import { duckDbName, fixed } from '../column-types.ts';
import { hanaError, notSupported, place } from '../errors.ts';
import type {
  Expression,
  Grouping,
  OrderItem,
  Query,
  QueryBody,
  Select,
  SelectItem,
  SetOperation,
} from '../parser/ast.ts';
import type { Binding } from './binding.ts';
import type { Bound, BoundQuery, OutputColumn } from './bound.ts';
import { orderSuffix } from './calls.ts';
import { commonTypeOf, convert, PARAMETER_DEFAULT } from './conversions.ts';
import { bindCondition, bindValue } from './expressions.ts';
import { bindFrom } from './from.ts';
import { type CteRelation, qualifiedRelations, type Scope } from './scope.ts';

/** A query in DuckDB's SQL. Every name is resolved, every privilege checked and every column has HANA's type. */
export function bindQuery(binding: Binding, query: Query, outer: Scope): BoundQuery {
  const ctes = new Map(outer.ctes);
  const definitions: string[] = [];
  for (const cte of query.ctes) {
    const scope: Scope = { relations: [], ctes: new Map(ctes), parent: outer };
    const { sql, columns } = bindQuery(binding, cte.query, scope);
    const sqlName = binding.alias('w');
    const relation: CteRelation = { sqlName, columns: renamed(columns, cte.columns) };
    ctes.set(cte.name, relation);
    definitions.push(`${sqlName} AS (${sql})`);
  }
  const scope: Scope = { relations: [], ctes, parent: outer };
  const { sql, columns } = bindOrdered(binding, query, scope);
  return { sql: definitions.length > 0 ? `WITH ${definitions.join(', ')} ${sql}` : sql, columns };
}

function bindOrdered(binding: Binding, query: Query, scope: Scope): BoundQuery {
  if (query.body.kind === 'select') return bindSelect(binding, query.body, scope, query);
  const body = bindBody(binding, query.body, scope);
  const order = query.orderBy.map(
    (item) => `${outputPosition(binding, item, body.columns, true)} ${orderSuffix(item)}`,
  );
  return { sql: `${body.sql}${orderBy(order)}${limitOf(binding, query)}`, columns: body.columns };
}

function bindBody(binding: Binding, body: QueryBody, scope: Scope): BoundQuery {
  if (body.kind === 'select') return bindSelect(binding, body, scope);
  if (body.kind === 'nested') {
    const { sql, columns } = bindQuery(binding, body.query, scope);
    return { sql: `(${sql})`, columns };
  }
  return bindSetOperation(binding, body, scope);
}

function bindSetOperation(binding: Binding, operation: SetOperation, scope: Scope): BoundQuery {
  const left = bindBody(binding, operation.left, scope);
  const right = bindBody(binding, operation.right, scope);
  if (left.columns.length !== right.columns.length) {
    const code = right.columns.length > left.columns.length ? 269 : 270;
    throw hanaError(
      code,
      `${operation.operator} of ${left.columns.length} and ${right.columns.length} columns: ${place(binding.sql, operation.at.position)}`,
    );
  }
  const columns = left.columns.map((column, index) => {
    const other = right.columns[index]!;
    return {
      name: column.name,
      type: commonTypeOf([column.type, other.type]),
      nullable: column.nullable || other.nullable,
    };
  });
  const [a, b] = [left, right].map((branch) => castBranch(binding, branch, columns));
  return { sql: `(${a}) ${operation.operator} (${b})`, columns };
}

/** One branch of UNION with its columns converted to the types of the whole. */
function castBranch(binding: Binding, branch: BoundQuery, columns: readonly OutputColumn[]): string {
  const same = branch.columns.every(
    ({ type }, index) => type && columns[index]!.type && duckDbName(type) === duckDbName(columns[index]!.type),
  );
  if (same) return branch.sql;
  const alias = binding.alias();
  const selected = branch.columns.map((column, index) => {
    const { type } = columns[index]!;
    const value: Bound = { sql: `${alias}.c${index}`, type: column.type, nullable: column.nullable };
    return `${type ? convert(binding, value, type).sql : value.sql} AS c${index}`;
  });
  return `SELECT ${selected.join(', ')} FROM (${branch.sql}) AS ${alias}`;
}

/** What ORDER BY and LIMIT of the whole query add to its only SELECT. */
type Tail = Pick<Query, 'orderBy' | 'limit' | 'offset'>;
const NO_TAIL: Tail = { orderBy: [] };

function bindSelect(binding: Binding, select: Select, outer: Scope, tail: Tail = NO_TAIL): BoundQuery {
  const from = select.from && bindFrom(binding, select.from, outer);
  const scope: Scope = { relations: from?.relations ?? [], ctes: outer.ctes, parent: outer.parent };
  const where = select.where && bindCondition(binding, select.where, scope);
  const groups = select.groupBy.map((grouping) => bindGrouping(binding, grouping, scope));
  const outputs = select.items.flatMap((item) => bindItem(binding, item, scope));
  const having = select.having && bindCondition(binding, select.having, scope);
  const columns = outputs.map(({ column }) => column);
  const order = tail.orderBy.map(
    (item) => `${orderTarget(binding, item, outputs, select, scope)} ${orderSuffix(item)}`,
  );
  if (select.top && tail.limit) throw notSupported('TOP together with LIMIT');
  const limit = select.top ? ` LIMIT ${rowCount(binding, select.top)}` : limitOf(binding, tail);
  const sql = [
    `SELECT ${select.distinct ? 'DISTINCT ' : ''}${outputs.map(({ sql }, index) => `${sql} AS c${index}`).join(', ')}`,
    from ? ` FROM ${from.sql}` : '',
    where ? ` WHERE ${where}` : '',
    groups.length > 0 ? ` GROUP BY ${groups.join(', ')}` : '',
    having ? ` HAVING ${having}` : '',
    orderBy(order),
    limit,
  ];
  return { sql: sql.join(''), columns };
}

interface Output {
  readonly sql: string;
  /** The expression without the cast to its result type. */
  readonly plain: string;
  readonly column: OutputColumn;
}

function bindItem(binding: Binding, item: SelectItem, scope: Scope): Output[] {
  if (item.kind === 'expression') {
    const value = bindValue(binding, item.expression, scope);
    const typed = value.parameter === undefined ? value : convert(binding, value, PARAMETER_DEFAULT);
    return [output(typed, item.name)];
  }
  const relations = item.qualifier.length > 0 ? qualifiedRelations(scope, item.qualifier) : scope.relations;
  if (relations.length === 0)
    throw hanaError(260, `${item.qualifier.join('.')}.*: ${place(binding.sql, item.at.position)}`);
  return relations.flatMap(({ columns }) => columns.map((column) => output(column, column.name)));
}

/** A plain column keeps its type; anything else is cast, so that DuckDB yields exactly what the metadata say. */
function output(value: Bound, name: string): Output {
  const { sql, type, nullable, origin } = value;
  const exact = origin !== undefined || type === undefined;
  return {
    sql: exact ? sql : `CAST(${sql} AS ${duckDbName(type)})`,
    plain: sql,
    column: { name, type, nullable, origin },
  };
}

function bindGrouping(binding: Binding, grouping: Grouping, scope: Scope): string {
  if (grouping.kind === 'expression') return bindGroup(binding, grouping.expression, scope);
  const sets = grouping.sets.map((set) => {
    const parts = set.map((expression) => bindGroup(binding, expression, scope));
    return parts.length === 1 ? parts[0]! : `(${parts.join(', ')})`;
  });
  return `${grouping.kind} (${sets.join(', ')})`;
}

/** A number in GROUP BY would be a position in DuckDB; HANA has no such thing. */
function bindGroup(binding: Binding, expression: Expression, scope: Scope): string {
  if (expression.kind === 'literal') throw notSupported('GROUP BY a literal');
  return bindValue(binding, expression, scope).sql;
}

/** ORDER BY looks for an output column's name or number first, then for a column of FROM. */
function orderTarget(
  binding: Binding,
  item: OrderItem,
  outputs: readonly Output[],
  select: Select,
  scope: Scope,
): string {
  const position = outputPosition(
    binding,
    item,
    outputs.map(({ column }) => column),
    false,
  );
  if (position !== undefined) return position;
  const { sql } = bindValue(binding, item.expression, scope);
  const same = outputs.findIndex(({ plain }) => plain === sql);
  if (same >= 0) return String(same + 1);
  if (select.distinct) throw hanaError(280, `with DISTINCT: ${place(binding.sql, item.expression.at.position)}`);
  return sql;
}

function outputPosition(
  binding: Binding,
  { expression }: OrderItem,
  columns: readonly OutputColumn[],
  required: boolean,
): string | undefined {
  const at = place(binding.sql, expression.at.position);
  if (expression.kind === 'literal' && expression.literal.type === 'number') {
    const position = Number(expression.literal.value);
    if (!Number.isInteger(position) || position < 1 || position > columns.length)
      throw hanaError(280, `${expression.literal.value}: ${at}`);
    return String(position);
  }
  const name = expression.kind === 'name' && expression.path.parts.length === 1 ? expression.path.parts[0] : undefined;
  const index = columns.findIndex((column) => column.name === name);
  if (index >= 0) return String(index + 1);
  if (required) throw hanaError(name ? 260 : 280, `${name ?? 'ORDER BY of a UNION takes names and numbers'}: ${at}`);
  return undefined;
}

const orderBy = (items: readonly string[]): string => (items.length > 0 ? ` ORDER BY ${items.join(', ')}` : '');

function limitOf(binding: Binding, { limit, offset }: Tail): string {
  if (!limit) return '';
  return ` LIMIT ${rowCount(binding, limit)}${offset ? ` OFFSET ${rowCount(binding, offset)}` : ''}`;
}

function rowCount(binding: Binding, expression: Expression): string {
  if (expression.kind === 'parameter') return binding.parameter(expression.index, fixed('INTEGER')).sql;
  if (expression.kind === 'literal' && expression.literal.type === 'number')
    return String(BigInt(Math.trunc(Number(expression.literal.value))));
  throw notSupported('TOP, LIMIT and OFFSET with anything but a number or a parameter');
}

export function renamed(columns: readonly OutputColumn[], names: readonly string[] | undefined): OutputColumn[] {
  if (names && names.length !== columns.length)
    throw hanaError(names.length > columns.length ? 269 : 270, `${names.length} names for ${columns.length} columns`);
  return columns.map((column, index) => ({ ...column, name: names?.[index] ?? column.name }));
}
