import { HANA_ERRORS } from './errors.ts';

/**
 * HANA's calendar: Gregorian from 1582-10-15 on, Julian before. DuckDB counts Gregorian days throughout, so what is kept
 * on the way between the two is the date as it is written, not the distance in days.
 */

/** HANA's day number of a DuckDB date: 0001-01-01 is 1. */
export const dayNumberOf = (unixDays: number): number => {
  if (unixDays >= GREGORIAN_START) {
    if (unixDays > LAST_DAY) throw outOfRange(unixDays);
    return unixDays + UNIX_DAY_NUMBER;
  }
  if (unixDays < FIRST_DAY) throw outOfRange(unixDays);
  return julianDayNumber(gregorianDate(unixDays));
};

/**
 * The DuckDB date, in days since 1970-01-01, of HANA's day number.
 *
 * @throws HanaError 303 outside of the years 1 to 9999, 7 for a leap day that only the Julian calendar has.
 */
export const unixDaysOf = (dayNumber: number): number => {
  if (dayNumber < 1 || dayNumber > LAST_DAY + UNIX_DAY_NUMBER) {
    throw HANA_ERRORS.invalidDate(`day number ${dayNumber} is outside of the years 0001 to 9999`);
  }
  return dayNumber >= GREGORIAN_START + UNIX_DAY_NUMBER
    ? dayNumber - UNIX_DAY_NUMBER
    : unixDaysOfDate(julianDate(dayNumber));
};

export interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The date as it is written, in the Gregorian calendar that DuckDB uses for all years. */
export const gregorianDate = (unixDays: number): CalendarDate => {
  const sinceMarch0000 = unixDays + 719468;
  const era = Math.floor(sinceMarch0000 / 146097);
  const dayOfEra = sinceMarch0000 - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
};

/**
 * Days since 1970-01-01 of a written date.
 *
 * @throws HanaError 303 for a date that no calendar has, 7 for a Julian leap day such as 1500-02-29.
 */
export const unixDaysOfDate = (date: CalendarDate): number => {
  const { year, month, day } = date;
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) throw HANA_ERRORS.invalidDate(written(date));
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const unixDays = era * 146097 + dayOfEra - 719468;
  const back = gregorianDate(unixDays);
  if (back.month === month && back.day === day) return unixDays;
  if (month === 2 && day === 29 && year < 1582 && year % 4 === 0) {
    throw HANA_ERRORS.notSupported(`${written(date)}, a day of the Julian calendar that this database can't hold`);
  }
  throw HANA_ERRORS.invalidDate(written(date));
};

/** Day number of 1970-01-01. */
export const UNIX_DAY_NUMBER = 719165;
/** 1582-10-15 in days since 1970-01-01. */
export const GREGORIAN_START = -141427;
/** 0001-01-01 and 9999-12-31 in days since 1970-01-01. */
const FIRST_DAY = -719162;
export const LAST_DAY = 2932896;

/** Julian day 1721423 is the day before HANA's day number 1. */
const JULIAN_DAY_OFFSET = 1721423;

const julianDayNumber = ({ year, month, day }: CalendarDate): number => {
  const beforeMarch = Math.floor((14 - month) / 12);
  const shiftedYear = year + 4800 - beforeMarch;
  const shiftedMonth = month + 12 * beforeMarch - 3;
  const julianDay =
    day + Math.floor((153 * shiftedMonth + 2) / 5) + 365 * shiftedYear + Math.floor(shiftedYear / 4) - 32083;
  return julianDay - JULIAN_DAY_OFFSET;
};

const julianDate = (dayNumber: number): CalendarDate => {
  const days = dayNumber + JULIAN_DAY_OFFSET + 32082;
  const years = Math.floor((4 * days + 3) / 1461);
  const dayOfYear = days - Math.floor((1461 * years) / 4);
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const wrapped = Math.floor(shiftedMonth / 10);
  return {
    year: years - 4800 + wrapped,
    month: shiftedMonth + 3 - 12 * wrapped,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
};

const outOfRange = (unixDays: number) =>
  HANA_ERRORS.invalidDate(`day ${unixDays} since 1970-01-01 is outside of the years 0001 to 9999`);

const written = ({ year, month, day }: CalendarDate): string =>
  `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
