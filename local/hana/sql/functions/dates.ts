import type { HanaType } from '../../engine.ts';
import { type Bound, bound } from '../binder/bound.ts';
import { family, fixed, varchar } from '../column-types.ts';
import { type Call, type FunctionDefinition, type Functions, scalar, take, typeOf } from './definition.ts';

const INTEGER = fixed('INTEGER');
const BIGINT = fixed('BIGINT');
const DATE = fixed('DATE');
const TIMESTAMP = fixed('TIMESTAMP');

const part = (name: string): FunctionDefinition =>
  scalar(['temporal'], INTEGER, (moment) => `CAST(date_part('${name}', ${moment}) AS INTEGER)`);

/** Entire units between two moments, negative when the second is earlier. */
const between = (unit: string): FunctionDefinition =>
  scalar(
    ['timestamp', 'timestamp'],
    unit === 'second' ? BIGINT : INTEGER,
    (from, to) => `CAST(date_sub('${unit}', ${from}, ${to}) AS ${unit === 'second' ? 'BIGINT' : 'INTEGER'})`,
  );

/** Date and time functions. The server's own time is UTC, as in HANA Cloud. */
export const DATE_FUNCTIONS: Functions = {
  ADD_DAYS: shift((count) => `to_days(CAST(${count} AS INTEGER))`),
  ADD_MONTHS: shift((count) => `to_months(CAST(${count} AS INTEGER))`),
  ADD_YEARS: shift((count) => `to_years(CAST(${count} AS INTEGER))`),
  ADD_SECONDS: scalar(
    ['timestamp', 'number'],
    TIMESTAMP,
    (moment, count) => `(${moment} + to_microseconds(CAST(${count} * 1000000 AS BIGINT)))`,
  ),
  DAYNAME: scalar(['date'], varchar(9), (date) => `upper(dayname(${date}))`),
  MONTHNAME: scalar(['date'], varchar(9), (date) => `upper(monthname(${date}))`),
  DAYOFMONTH: part('day'),
  DAYOFYEAR: part('doy'),
  YEAR: part('year'),
  MONTH: part('month'),
  HOUR: part('hour'),
  MINUTE: part('minute'),
  SECOND: part('second'),
  DAYS_BETWEEN: between('day'),
  MONTHS_BETWEEN: between('month'),
  YEARS_BETWEEN: between('year'),
  SECONDS_BETWEEN: between('second'),
  NANO100_BETWEEN: scalar(
    ['timestamp', 'timestamp'],
    BIGINT,
    (from, to) => `((epoch_us(${to}) - epoch_us(${from})) * 10)`,
  ),
  EXTRACT: { minimum: 2, maximum: 2, bind: bindExtract },
  ISOWEEK: scalar(['date'], varchar(8), (date) => `strftime(${date}, '%G-W%V')`),
  LAST_DAY: scalar(['date'], DATE, (date) => `last_day(${date})`),
  NEXT_DAY: scalar(['date'], DATE, (date) => `(${date} + 1)`),
  QUARTER: scalar(['date', 'integer?'], varchar(7), (date, start = '1') => {
    const shifted = `(${date} - to_months(CAST(${start} - 1 AS INTEGER)))`;
    return `(strftime(${shifted}, '%Y') || '-Q' || quarter(${shifted}))`;
  }),
  /** 1 January is in week 1, weeks begin on Monday. */
  WEEK: scalar(
    ['date'],
    INTEGER,
    (date) => `CAST((dayofyear(${date}) + isodow(date_trunc('year', ${date})) - 2) // 7 + 1 AS INTEGER)`,
  ),
  /** 0 is Monday. */
  WEEKDAY: scalar(['date'], INTEGER, (date) => `CAST(isodow(${date}) - 1 AS INTEGER)`),
  NOW: { minimum: 0, maximum: 0, bind: ({ binding }) => bound(binding.slot({ kind: 'now' }, TIMESTAMP), TIMESTAMP) },
};

function shift(interval: (count: string) => string): FunctionDefinition {
  return {
    minimum: 2,
    maximum: 2,
    bind({ binding, parameters }) {
      const moment = takeMoment(binding, parameters[0]!);
      const count = take(binding, parameters[1]!, 'integer');
      const type = typeOf(moment);
      const name = type.name === 'SECONDDATE' ? 'TIMESTAMP_S' : type.name;
      return bound(
        `CAST((${moment.sql} + ${interval(count.sql)}) AS ${name})`,
        type,
        moment.nullable || count.nullable,
      );
    },
  };
}

/** A date given as text is a date, not a timestamp. */
function takeMoment(binding: Call['binding'], value: Bound): Bound {
  const isDateText = value.text !== undefined && value.text.trim().length <= 10;
  return isDateText || value.parameter !== undefined ? take(binding, value, 'date') : take(binding, value, 'temporal');
}

function bindExtract({ binding, parameters }: Call): Bound {
  const [field, moment] = [parameters[0]!.text!, take(binding, parameters[1]!, 'temporal')];
  return bound(`CAST(date_part('${field.toLowerCase()}', ${moment.sql}) AS INTEGER)`, INTEGER, moment.nullable);
}

/** The current date and time. */
export const DATE_REGISTERS: Functions = Object.fromEntries(
  (
    [
      ['CURRENT_DATE', DATE],
      ['CURRENT_UTCDATE', DATE],
      ['CURRENT_TIME', fixed('TIME')],
      ['CURRENT_UTCTIME', fixed('TIME')],
      ['CURRENT_TIMESTAMP', TIMESTAMP],
      ['CURRENT_UTCTIMESTAMP', TIMESTAMP],
    ] as const satisfies readonly (readonly [string, HanaType])[]
  ).map(([name, type]) => [
    name,
    {
      minimum: 0,
      maximum: 0,
      bind: ({ binding }: Call) => {
        const now = binding.slot({ kind: 'now' }, TIMESTAMP);
        const sql =
          type.name === 'TIMESTAMP'
            ? now
            : `CAST(${type.name === 'TIME' ? `date_trunc('second', ${now})` : now} AS ${type.name})`;
        return bound(sql, type);
      },
    },
  ]),
);

/** Whether an expression is a moment to which days can be added with + and -. */
export const isMoment = (type: HanaType | undefined): boolean =>
  type !== undefined && ['date', 'timestamp'].includes(family(type));
