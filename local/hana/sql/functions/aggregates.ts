import type { HanaType } from '../../engine.ts';
import { type Bound, bound } from '../binder/bound.ts';
import { toText, unify } from '../binder/conversions.ts';
import { decimal, duckDbName, fixed, isFloating, isInteger, nvarchar } from '../column-types.ts';
import { hanaError } from '../errors.ts';
import { type Call, type FunctionDefinition, type Functions, take, typeOf } from './definition.ts';

const BIGINT = fixed('BIGINT');
const DOUBLE = fixed('DOUBLE');

/** Aggregate and window functions. */
export const AGGREGATE_FUNCTIONS: Functions = {
  COUNT: {
    minimum: 0,
    maximum: 1,
    allows: { distinct: true, over: true, star: true },
    bind: (call) => {
      if (!call.star && call.parameters.length === 0) throw hanaError(257, 'COUNT needs * or an expression');
      const what = call.star
        ? '*'
        : `${call.distinct ? 'DISTINCT ' : ''}${take(call.binding, call.parameters[0]!, 'any').sql}`;
      return bound(`count(${what})${call.over}`, BIGINT);
    },
  },
  SUM: aggregate('sum', 'number', sumType),
  AVG: aggregate('avg', 'number', averageType),
  MIN: aggregate('min', 'any', typeOf),
  MAX: aggregate('max', 'any', typeOf),
  MEDIAN: aggregate('median', 'number', averageType),
  STDDEV: aggregate('stddev_samp', 'double', () => DOUBLE),
  STDDEV_SAMP: aggregate('stddev_samp', 'double', () => DOUBLE),
  STDDEV_POP: aggregate('stddev_pop', 'double', () => DOUBLE),
  VAR: aggregate('var_samp', 'double', () => DOUBLE),
  VAR_SAMP: aggregate('var_samp', 'double', () => DOUBLE),
  VAR_POP: aggregate('var_pop', 'double', () => DOUBLE),
  CORR: {
    minimum: 2,
    maximum: 2,
    allows: { over: true },
    bind: ({ binding, parameters, over }) => {
      const [x, y] = parameters.map((parameter) => take(binding, parameter, 'double').sql);
      return bound(`corr(${x}, ${y})${over}`, DOUBLE, true);
    },
  },
  STRING_AGG: { minimum: 1, maximum: 2, allows: { orderBy: true, over: true }, bind: bindStringAgg },
  FIRST_VALUE: ordered('first', 'first_value'),
  LAST_VALUE: ordered('last', 'last_value'),
  NTH_VALUE: {
    minimum: 2,
    maximum: 2,
    allows: { over: true },
    bind: (call) => {
      const value = take(call.binding, call.parameters[0]!, 'any');
      return bound(
        `nth_value(${value.sql}, ${take(call.binding, call.parameters[1]!, 'integer').sql})${needOver(call)}`,
        typeOf(value),
        true,
      );
    },
  },
  PERCENTILE_CONT: percentile('quantile_cont'),
  PERCENTILE_DISC: percentile('quantile_disc'),
  GROUPING: {
    minimum: 1,
    maximum: 1,
    bind: ({ parameters }) => bound(`CAST(grouping(${parameters[0]!.sql}) AS INTEGER)`, fixed('INTEGER')),
  },
  ROW_NUMBER: ranking('row_number', BIGINT),
  RANK: ranking('rank', BIGINT),
  DENSE_RANK: ranking('dense_rank', BIGINT),
  CUME_DIST: ranking('cume_dist', DOUBLE),
  PERCENT_RANK: ranking('percent_rank', DOUBLE),
  NTILE: {
    minimum: 1,
    maximum: 1,
    allows: { over: true },
    bind: (call) => bound(`ntile(${take(call.binding, call.parameters[0]!, 'integer').sql})${needOver(call)}`, BIGINT),
  },
  LAG: neighbour('lag'),
  LEAD: neighbour('lead'),
};

function aggregate(
  name: string,
  kind: 'number' | 'double' | 'any',
  result: (value: Bound) => HanaType,
): FunctionDefinition {
  return {
    minimum: 1,
    maximum: 1,
    allows: { distinct: true, over: true },
    bind: ({ binding, parameters, distinct, over }) => {
      const value = take(binding, parameters[0]!, kind);
      const type = result(value);
      return bound(
        `CAST(${name}(${distinct ? 'DISTINCT ' : ''}${value.sql})${over} AS ${duckDbName(type)})`,
        type,
        true,
      );
    },
  };
}

/** A sum of integers is a BIGINT (314 when it does not fit). */
function sumType(value: Bound): HanaType {
  const type = typeOf(value);
  if (isInteger(type)) return BIGINT;
  return isFloating(type) ? DOUBLE : decimal(38, type.scale);
}

/** The average of exact numbers is exact to six digits or more. */
function averageType(value: Bound): HanaType {
  const type = typeOf(value);
  return isFloating(type) ? DOUBLE : decimal(38, Math.max(6, type.scale));
}

function bindStringAgg({ binding, parameters, orderBy, over }: Call): Bound {
  const text = toText(binding, parameters[0]!);
  const separator = parameters[1] ? take(binding, parameters[1], 'text').sql : "''";
  return bound(
    `string_agg(${text.sql}, ${separator}${orderBy ? ` ORDER BY ${orderBy}` : ''})${over}`,
    nvarchar(5000),
    true,
  );
}

/** FIRST_VALUE(x ORDER BY y) as an aggregate, FIRST_VALUE(x) OVER (…) as a window function. */
function ordered(aggregateName: string, windowName: string): FunctionDefinition {
  return {
    minimum: 1,
    maximum: 1,
    allows: { orderBy: true, over: true },
    bind: ({ binding, parameters, orderBy, over, name }) => {
      const value = take(binding, parameters[0]!, 'any');
      if (!over && !orderBy) throw hanaError(257, `${name} needs ORDER BY or OVER`);
      const sql = over ? `${windowName}(${value.sql})${over}` : `${aggregateName}(${value.sql} ORDER BY ${orderBy})`;
      return bound(sql, typeOf(value), true);
    },
  };
}

/** PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x) [OVER (…)] */
function percentile(name: string): FunctionDefinition {
  return {
    minimum: 1,
    maximum: 1,
    allows: { orderBy: true, over: true },
    bind: ({ binding, parameters, orderBy, over, name: hanaName }) => {
      if (!orderBy) throw hanaError(257, `${hanaName} needs WITHIN GROUP (ORDER BY ...)`);
      const [column, direction] = splitDirection(orderBy);
      const fraction = take(binding, parameters[0]!, 'double').sql;
      const sql = `${name}(${column}, ${direction === 'DESC' ? `1 - ${fraction}` : fraction})${over}`;
      return bound(`CAST(${sql} AS DOUBLE)`, DOUBLE, true);
    },
  };
}

/** The one item of ORDER BY, without the direction that the binder wrote behind it. */
function splitDirection(orderBy: string): [column: string, direction: 'ASC' | 'DESC'] {
  for (const direction of ['ASC', 'DESC'] as const) {
    const end = orderBy.lastIndexOf(` ${direction} NULLS `);
    if (end > 0 && !orderBy.slice(end).includes(',')) return [orderBy.slice(0, end), direction];
  }
  return [orderBy, 'ASC'];
}

function ranking(name: string, type: HanaType): FunctionDefinition {
  return { minimum: 0, maximum: 0, allows: { over: true }, bind: (call) => bound(`${name}()${needOver(call)}`, type) };
}

function neighbour(name: string): FunctionDefinition {
  return {
    minimum: 1,
    maximum: 3,
    allows: { over: true },
    bind: (call) => {
      const value = take(call.binding, call.parameters[0]!, 'any');
      const distance = call.parameters[1] ? take(call.binding, call.parameters[1], 'integer').sql : '1';
      const [, otherwise] = call.parameters[2] ? unify(call.binding, [value, call.parameters[2]]) : [];
      const sql = `${name}(${value.sql}, ${distance}${otherwise ? `, ${otherwise.sql}` : ''})${needOver(call)}`;
      return bound(sql, typeOf(value), true);
    },
  };
}

function needOver(call: Call): string {
  if (!call.over) throw hanaError(257, `${call.name} needs OVER (...)`);
  return call.over;
}
