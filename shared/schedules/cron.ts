/** The next minute after `after` that a cron expression names, both in the time of its place, written as UTC; undefined when there is none any more. */
export type NextMinute = (after: Date) => Date | undefined;

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Names of the values from `least` on. */
  readonly names: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const MINUTE: Field = { name: 'minutes', least: 0, most: 59, names: [] };
const HOUR: Field = { name: 'hours', least: 0, most: 23, names: [] };
const DAY_OF_MONTH: Field = { name: 'day-of-month', least: 1, most: 31, names: [] };
const MONTH: Field = { name: 'month', least: 1, most: 12, names: MONTHS };
const DAY_OF_WEEK: Field = { name: 'day-of-week', least: 1, most: 7, names: WEEKDAYS };
const YEAR: Field = { name: 'year', least: 1970, most: 2199, names: [] };

/**
 * Reads the six fields of EventBridge and its Scheduler: minutes, hours, day-of-month, month, day-of-week (1 is Sunday), year.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 *
 * @throws RangeError that says what is wrong with which field.
 */
export const parseCron = (expression: string): NextMinute => {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== 6) throw new RangeError(`a cron expression has 6 fields, not ${fields.length}`);
  const [minute, hour, dayOfMonth, month, dayOfWeek, year] = fields as [string, string, string, string, string, string];
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw new RangeError('exactly one of day-of-month and day-of-week must be ?');
  }
  const minutes = parseValues(minute, MINUTE);
  const hours = parseValues(hour, HOUR);
  const months = parseValues(month, MONTH);
  const years = parseValues(year, YEAR);
  const daysOf = dayOfWeek === '?' ? parseDayOfMonth(dayOfMonth) : parseDayOfWeek(dayOfWeek);

  const next: NextMinute = (after) => {
    const start = Math.floor(after.getTime() / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
    const first = new Date(start);
    for (const y of years.filter((value) => value >= first.getUTCFullYear())) {
      for (const m of months) {
        if (Date.UTC(y, m) <= start) continue;
        for (const d of daysOf(y, m)) {
          if (Date.UTC(y, m - 1, d + 1) <= start) continue;
          for (const h of hours) {
            const found = minutes.map((value) => Date.UTC(y, m - 1, d, h, value)).find((time) => time >= start);
            if (found !== undefined) return new Date(found);
          }
        }
      }
    }
    return undefined;
  };
  if (!next(new Date(0))) {
    throw new RangeError(
      `never matches: the calendar has no day-of-month ${dayOfMonth} with month ${month}, day-of-week ${dayOfWeek}, year ${year}`,
    );
  }
  return next;
};

const MINUTE_MS = 60_000;

/** The values of a list of `*`, `n`, `n-m` and each with `/step`, in ascending order. */
const parseValues = (text: string, field: Field): readonly number[] => {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [, range = '', from = '', to, step] = PART.exec(part) ?? [];
    if (range === '') throw new RangeError(`${field.name}: ${JSON.stringify(part)} is not a value, a range or a step`);
    const first = range === '*' ? field.least : parseValue(from, field);
    const last = to !== undefined ? parseValue(to, field) : range === '*' || step !== undefined ? field.most : first;
    if (last < first) throw new RangeError(`${field.name}: the range ${range} runs backwards`);
    if (step !== undefined && Number(step) === 0) throw new RangeError(`${field.name}: a step must be at least 1`);
    for (let value = first; value <= last; value += Number(step ?? 1)) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
};

const PART = /^(\*|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/;

const parseValue = (text: string, field: Field): number => {
  const named = field.names.indexOf(text.toUpperCase());
  const value = named >= 0 ? named + field.least : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= field.least && value <= field.most)) {
    const names = field.names.length > 0 ? ` or ${field.names[0]}-${field.names.at(-1)}` : '';
    throw new RangeError(`${field.name}: ${text} is not ${field.least}-${field.most}${names}`);
  }
  return value;
};

/** The days of a month that fit, in ascending order. */
type DaysOf = (year: number, month: number) => readonly number[];

const parseDayOfMonth = (text: string): DaysOf => {
  if (text === 'L') return (year, month) => [daysIn(year, month)];
  const [, near] = /^(\d+)W$/.exec(text) ?? [];
  if (near !== undefined) {
    const day = parseValue(near, DAY_OF_MONTH);
    return (year, month) => (day > daysIn(year, month) ? [] : [nearestWeekday(year, month, day)]);
  }
  const days = parseValues(text, DAY_OF_MONTH);
  return (year, month) => days.filter((day) => day <= daysIn(year, month));
};

const parseDayOfWeek = (text: string): DaysOf => {
  // `L` alone is the last day of the week.
  if (text === 'L') return (year, month) => daysOn(year, month, [7]);
  const [, last] = /^(\w+)L$/.exec(text) ?? [];
  if (last !== undefined) {
    const weekday = parseValue(last, DAY_OF_WEEK);
    return (year, month) => daysOn(year, month, [weekday]).slice(-1);
  }
  const [, nth, count] = /^(\w+)#([1-5])$/.exec(text) ?? [];
  if (nth !== undefined) {
    const weekday = parseValue(nth, DAY_OF_WEEK);
    return (year, month) => daysOn(year, month, [weekday]).slice(Number(count) - 1, Number(count));
  }
  const weekdays = parseValues(text, DAY_OF_WEEK);
  return (year, month) => daysOn(year, month, weekdays);
};

const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** 1 is Sunday. */
const weekdayOf = (year: number, month: number, day: number): number =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;

const daysOn = (year: number, month: number, weekdays: readonly number[]): readonly number[] =>
  Array.from({ length: daysIn(year, month) }, (_, index) => index + 1).filter((day) =>
    weekdays.includes(weekdayOf(year, month, day)),
  );

/** The Monday to Friday nearest to a day, in the same month. */
const nearestWeekday = (year: number, month: number, day: number): number => {
  const weekday = weekdayOf(year, month, day);
  if (weekday === 7) return day > 1 ? day - 1 : day + 2;
  if (weekday === 1) return day < daysIn(year, month) ? day + 1 : day - 2;
  return day;
};
