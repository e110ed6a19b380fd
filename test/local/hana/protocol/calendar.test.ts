import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dayNumberOf, gregorianDate, unixDaysOf, unixDaysOfDate } from '#local/hana/protocol/calendar.ts';

const days = (text: string): number => Date.parse(`${text}T00:00:00Z`) / 86_400_000;

it.each([
  ['0001-01-01', 1],
  ['1582-10-04', 577737],
  ['1582-10-15', 577738],
  ['1970-01-01', 719165],
  ['9999-12-31', 3652061],
])('numbers %s as day %i', (date, dayNumber) => {
  expect(dayNumberOf(days(date))).toBe(dayNumber);
  expect(unixDaysOf(dayNumber)).toBe(days(date));
});

it('keeps every date as it is written, there and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: days('0001-01-01'), max: days('9999-12-31') }), (day) => {
      fc.pre(day < days('1582-10-05') || day >= days('1582-10-15'));
      expect(unixDaysOf(dayNumberOf(day))).toBe(day);
      expect(unixDaysOfDate(gregorianDate(day))).toBe(day);
    }),
    { numRuns: 5000 },
  );
});

it('numbers days without a gap, the Julian leap days aside', () => {
  for (let dayNumber = 577_000; dayNumber < 578_000; dayNumber++)
    expect(dayNumberOf(unixDaysOf(dayNumber))).toBe(dayNumber);
});

it('agrees with JavaScript on how a date is written', () => {
  fc.assert(
    fc.property(fc.integer({ min: days('0001-01-01'), max: days('9999-12-31') }), (day) => {
      const { year, month, date } = ((d: Date) => ({
        year: d.getUTCFullYear(),
        month: d.getUTCMonth() + 1,
        date: d.getUTCDate(),
      }))(new Date(day * 86_400_000));
      expect(gregorianDate(day)).toEqual({ year, month, day: date });
    }),
  );
});

it.each([[0], [-5], [3652062]])('refuses day number %i', (dayNumber) => {
  expect(() => unixDaysOf(dayNumber)).toThrow(expect.objectContaining({ code: 303 }));
});

it('refuses a leap day that only the Julian calendar has, by its date', () => {
  const julianLeapDay = dayNumberOf(days('1500-02-28')) + 1;

  expect(() => unixDaysOf(julianLeapDay)).toThrow(
    expect.objectContaining({ code: 7, message: expect.stringContaining('1500-02-29') }),
  );
});

it.each([
  [{ year: 2023, month: 2, day: 29 }],
  [{ year: 2023, month: 13, day: 1 }],
  [{ year: 0, month: 1, day: 1 }],
  [{ year: 10_000, month: 1, day: 1 }],
])('refuses the date %o', (date) => {
  expect(() => unixDaysOfDate(date)).toThrow(expect.objectContaining({ code: 303 }));
});
