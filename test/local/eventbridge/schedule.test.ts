import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSchedule } from '#local/eventbridge/schedule.ts';

const CREATED = new Date('2026-01-01T00:00:30Z');

/** The next times as ISO 8601; fewer than `count` where the schedule ends. */
const next = (expression: string, after: string, count: number): string[] => {
  const nextDue = parseSchedule(expression);
  const found: string[] = [];
  for (let time = nextDue(new Date(after), CREATED); time && found.length < count; time = nextDue(time, CREATED)) {
    found.push(time.toISOString());
  }
  return found;
};

const iso = (text: string): string => new Date(text).toISOString();

describe('cron', () => {
  it.each<[expression: string, after: string, expected: readonly string[]]>([
    ['cron(0 10 * * ? *)', '2026-03-01T10:00:00Z', ['2026-03-02T10:00Z']],
    ['cron(0 10 * * ? *)', '2026-03-01T09:59:59Z', ['2026-03-01T10:00Z']],
    ['cron(15 12 * * ? *)', '2026-12-31T12:15:00Z', ['2027-01-01T12:15Z']],
    [
      'cron(0/15 * * * ? *)',
      '2026-03-01T10:05:10Z',
      ['2026-03-01T10:15Z', '2026-03-01T10:30Z', '2026-03-01T10:45Z', '2026-03-01T11:00Z'],
    ],
    ['cron(*/20 8-9 * * ? *)', '2026-03-01T09:30:00Z', ['2026-03-01T09:40Z', '2026-03-02T08:00Z']],
    [
      'cron(10-30/10 0 * * ? *)',
      '2026-03-01T00:00:00Z',
      ['2026-03-01T00:10Z', '2026-03-01T00:20Z', '2026-03-01T00:30Z', '2026-03-02T00:10Z'],
    ],
    ['cron(0,30 6,18 * * ? *)', '2026-03-01T06:10:00Z', ['2026-03-01T06:30Z', '2026-03-01T18:00Z']],
    ['cron(0 18 ? * MON-FRI *)', '2026-11-27T18:00:00Z', ['2026-11-30T18:00Z']],
    ['cron(0 18 ? * 1 *)', '2026-11-24T00:00:00Z', ['2026-11-29T18:00Z']],
    ['cron(0 18 ? * 2,sat *)', '2026-11-24T00:00:00Z', ['2026-11-28T18:00Z', '2026-11-30T18:00Z']],
    ['cron(0 8 1 * ? *)', '2026-11-24T00:00:00Z', ['2026-12-01T08:00Z', '2027-01-01T08:00Z']],
    ['cron(0 8 31 * ? *)', '2026-01-31T08:00:00Z', ['2026-03-31T08:00Z', '2026-05-31T08:00Z']],
    ['cron(0 8 L * ? *)', '2026-01-31T08:00:00Z', ['2026-02-28T08:00Z', '2026-03-31T08:00Z', '2026-04-30T08:00Z']],
    ['cron(0 8 L 2 ? *)', '2027-03-01T00:00:00Z', ['2028-02-29T08:00Z', '2029-02-28T08:00Z']],
    ['cron(0 8 29 FEB ? *)', '2026-01-01T00:00:00Z', ['2028-02-29T08:00Z', '2032-02-29T08:00Z']],
    ['cron(0 0 29 2 ? *)', '2096-03-01T00:00:00Z', ['2104-02-29T00:00Z']],
    ['cron(0 8 3W * ? *)', '2026-10-01T00:00:00Z', ['2026-10-02T08:00Z', '2026-11-03T08:00Z', '2026-12-03T08:00Z']],
    ['cron(0 8 1W * ? *)', '2026-08-01T00:00:00Z', ['2026-08-03T08:00Z']],
    ['cron(0 8 31W * ? *)', '2026-05-01T00:00:00Z', ['2026-05-29T08:00Z', '2026-07-31T08:00Z']],
    ['cron(0 8 ? * 3#2 *)', '2026-11-01T00:00:00Z', ['2026-11-10T08:00Z', '2026-12-08T08:00Z']],
    ['cron(0 8 ? * FRI#5 *)', '2026-11-01T00:00:00Z', ['2027-01-29T08:00Z']],
    ['cron(0 8 ? * 6L *)', '2026-11-01T00:00:00Z', ['2026-11-27T08:00Z', '2026-12-25T08:00Z']],
    ['cron(0 8 ? * L *)', '2026-11-24T00:00:00Z', ['2026-11-28T08:00Z']],
    ['cron(0 12 * JAN-MAR/2 ? *)', '2026-01-31T12:00:00Z', ['2026-03-01T12:00Z']],
    ['cron(30 23 31 12 ? 2026-2027)', '2026-01-01T00:00:00Z', ['2026-12-31T23:30Z', '2027-12-31T23:30Z']],
    ['cron(0 0 1 1 ? 2025)', '2026-01-01T00:00:00Z', []],
  ])('%s after %s', (expression, after, expected) => {
    expect(next(expression, after, Math.max(1, expected.length))).toEqual(expected.map(iso));
  });

  it.each([
    ['cron(0 10 * * ?)', /6 fields, not 5/],
    ['cron(0 0 31 2 ? *)', /never matches/],
    ['cron(0 10 * * * *)', /exactly one of day-of-month and day-of-week must be \?/],
    ['cron(0 10 ? * ? *)', /exactly one of/],
    ['cron(60 10 * * ? *)', /minutes: 60 is not 0-59/],
    ['cron(0 24 * * ? *)', /hours: 24 is not 0-23/],
    ['cron(0 0 0 * ? *)', /day-of-month: 0 is not 1-31/],
    ['cron(0 0 ? * 0 *)', /day-of-week: 0 is not 1-7 or SUN-SAT/],
    ['cron(0 0 ? * MON#6 *)', /day-of-week: "MON#6" is not/],
    ['cron(0 0 ? FOO MON *)', /month: FOO is not 1-12 or JAN-DEC/],
    ['cron(0 0 1 1 ? 1969)', /year: 1969 is not 1970-2199/],
    ['cron(30-10 0 1 1 ? *)', /minutes: the range 30-10 runs backwards/],
    ['cron(0/0 0 1 1 ? *)', /minutes: a step must be at least 1/],
    ['cron(0 0 1,3W * ? *)', /day-of-month: 3W is not/],
    ['cron(, 0 1 1 ? *)', /minutes: "" is not a value/],
    ['every day', /it must be rate\(<value> <unit>\) or cron/],
  ])('%s is refused', (expression, reason) => {
    expect(() => parseSchedule(expression)).toThrow(
      expect.objectContaining({ name: 'ValidationException', message: expect.stringMatching(reason) }),
    );
  });

  it('names a later whole minute that fits, whatever the field values', () => {
    const time = fc.date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(time, fc.nat(59), fc.nat(23), fc.integer({ min: 1, max: 31 }), (after, minute, hour, day) => {
        const due = parseSchedule(`cron(${minute} ${hour} ${day} * ? *)`)(after, CREATED)!;

        expect(due.getTime()).toBeGreaterThan(after.getTime());
        expect([due.getUTCMinutes(), due.getUTCHours(), due.getUTCDate()]).toEqual([minute, hour, day]);
        expect(due.getUTCSeconds()).toBe(0);
      }),
    );
  });
});

describe('rate', () => {
  it.each([
    ['rate(1 minute)', '2026-01-01T00:00:30Z', '2026-01-01T00:01:30Z'],
    ['rate(5 minutes)', '2026-01-01T00:07:00Z', '2026-01-01T00:10:30Z'],
    ['rate(5 minutes)', '2026-01-01T00:10:30Z', '2026-01-01T00:15:30Z'],
    ['rate(1 hour)', '2025-12-31T00:00:00Z', '2026-01-01T01:00:30Z'],
    ['rate(2 days)', '2026-01-02T00:00:00Z', '2026-01-03T00:00:30Z'],
  ])('%s after %s is due at %s, counted from the rule’s creation', (expression, after, expected) => {
    expect(parseSchedule(expression)(new Date(after), CREATED)).toEqual(new Date(expected));
  });

  it.each([
    'rate(0 minutes)',
    'rate(1 minutes)',
    'rate(5 minute)',
    'rate(5 seconds)',
    'rate(-1 hours)',
    'rate(1.5 hours)',
  ])('%s is refused', (expression) => {
    expect(() => parseSchedule(expression)).toThrow(/a rate is 1 minute/);
  });
});
