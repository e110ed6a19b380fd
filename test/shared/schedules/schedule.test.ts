import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextDue, Schedule, scheduleExpression, scheduleId } from '#shared/schedules/schedule.ts';
import { instantOf, localTime } from '#shared/schedules/time-zone.ts';

const CREATED = new Date('2026-01-01T00:00:00Z');

/** The next times after an instant, as ISO text. */
const dues = (schedule: object, after: string, count: number): string[] => {
  const parsed = Schedule.parse(schedule);
  const found: string[] = [];
  let from = new Date(after);
  for (let index = 0; index < count; index += 1) {
    const due = nextDue(parsed, from, CREATED);
    if (!due) break;
    found.push(due.toISOString().replace('.000Z', 'Z'));
    from = due;
  }
  return found;
};

describe('a cron schedule in a time zone', () => {
  it('keeps its hour when the clocks change', () => {
    expect(dues({ cron: '0 6 * * ? *', timezone: 'Europe/Berlin' }, '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T05:00:00Z',
      '2026-03-29T04:00:00Z',
      '2026-03-30T04:00:00Z',
    ]);
  });

  it('leaves out the day on which its time doesn’t exist', () => {
    expect(dues({ cron: '30 2 * * ? *', timezone: 'Europe/Berlin' }, '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00Z',
      '2026-03-30T00:30:00Z',
      '2026-03-31T00:30:00Z',
    ]);
  });

  it('comes once, the first time, on the day on which its time comes twice', () => {
    expect(dues({ cron: '30 2 * * ? *', timezone: 'Europe/Berlin' }, '2026-10-24T12:00:00Z', 3)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
      '2026-10-27T01:30:00Z',
    ]);
  });

  it('doesn’t come a second time for who begins to look between the two', () => {
    expect(dues({ cron: '30 2 * * ? *', timezone: 'Europe/Berlin' }, '2026-10-25T01:10:00Z', 1)).toEqual([
      '2026-10-26T01:30:00Z',
    ]);
  });

  it('of every quarter of an hour is silent for the hour that is repeated', () => {
    expect(dues({ cron: '0/15 * * * ? *', timezone: 'Europe/Berlin' }, '2026-10-25T00:40:00Z', 2)).toEqual([
      '2026-10-25T00:45:00Z',
      '2026-10-25T02:00:00Z',
    ]);
  });

  it.each([
    ['America/New_York', '30 2 * * ? *', '2026-03-07T12:00:00Z', '2026-03-09T06:30:00Z'],
    ['America/New_York', '30 1 * * ? *', '2026-10-31T12:00:00Z', '2026-11-01T05:30:00Z'],
    ['Australia/Lord_Howe', '15 2 * * ? *', '2026-10-03T00:00:00Z', '2026-10-04T15:15:00Z'],
    ['Asia/Kolkata', '0 6 * * ? *', '2026-03-07T12:00:00Z', '2026-03-08T00:30:00Z'],
    ['Pacific/Apia', '0 0 1 1 ? *', '2026-03-07T12:00:00Z', '2026-12-31T11:00:00Z'],
    ['UTC', '0 6 ? * MON *', '2026-03-07T12:00:00Z', '2026-03-09T06:00:00Z'],
  ])('is due in %s by %s', (timezone, cron, after, expected) => {
    expect(dues({ cron, timezone }, after, 1)).toEqual([expected]);
  });
});

describe('a rate', () => {
  it('begins with its creation and counts from there', () => {
    expect(dues({ rate: '36 hours' }, '2025-12-31T23:59:59Z', 3)).toEqual([
      '2026-01-01T00:00:00Z',
      '2026-01-02T12:00:00Z',
      '2026-01-04T00:00:00Z',
    ]);
  });

  it('counts days of 24 hours through a change of the clocks', () => {
    expect(dues({ rate: '1 day', timezone: 'Europe/Berlin' }, '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T00:00:00Z',
      '2026-03-30T00:00:00Z',
    ]);
  });
});

describe('a time', () => {
  it('comes once', () => {
    const schedule = { at: '2026-12-24T06:00:00', timezone: 'Europe/Berlin' };

    expect(dues(schedule, '2026-03-01T00:00:00Z', 5)).toEqual(['2026-12-24T05:00:00Z']);
  });
});

describe('the clocks of a zone', () => {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Africa/Casablanca',
  ];

  it('show at the instant of a time that time, and there is no earlier one', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('2000-01-01T00:00:00Z'), max: new Date('2037-01-01T00:00:00Z'), noInvalidDate: true }),
        fc.constantFrom(...zones),
        (date, zone) => {
          const instant = new Date(Math.floor(date.getTime() / 60_000) * 60_000);
          const local = localTime(instant, zone);
          const found = instantOf(local, zone)!;
          expect(localTime(found, zone)).toEqual(local);
          expect(found.getTime()).toBeLessThanOrEqual(instant.getTime());
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('Schedule', () => {
  it.each([
    [{}, /exactly one of cron, rate and at/],
    [{ cron: '0 6 * * ? *', rate: '1 day' }, /exactly one/],
    [{ cron: '0 6 * * *' }, /6 fields, not 5/],
    [{ cron: '0 25 * * ? *' }, /hours: 25 is not 0-23/],
    [{ rate: '1 days' }, /a rate is/],
    [{ rate: '10 seconds' }, /a rate is/],
    [{ at: '2026-03-29T02:30:00', timezone: 'Europe/Berlin' }, /doesn't exist in Europe\/Berlin/],
    [{ at: '2026-03-29T02:30:00Z' }, /without a zone/],
    [{ at: '2026-13-29T02:30:00' }, /no time of the calendar/],
    [{ cron: '0 6 * * ? *', timezone: 'Europe/Berlinn' }, /is not a time zone/],
    [{ cron: '0 6 * * ? *', timezone: 'Europe/Berlinn' }, /Did you mean \\"Europe\/Berlin\\"/],
    [{ cron: '0 6 * * ? *', timezone: 'europe/berlin' }, /must be spelled as in the IANA database: Europe\/Berlin/],
    [{ cron: '0 6 * * ? *', timezone: 'utc' }, /must be spelled as in the IANA database: UTC/],
    [{ cron: '0 6 * * ? *', timezone: 'US/EASTERN' }, /must be spelled as in the IANA database: US\/Eastern/],
    [{ cron: '0 6 * * ? *', timezone: 'Etc/Utc' }, /must be spelled as in the IANA database: Etc\/UTC/],
    [{ cron: '0 6 * * ? *', timezone: 'localtime' }, /is not a time zone/],
    [{ cron: '0 6 * * ? *', timezone: '' }, /is not a time zone/],
    [{ cron: '0 6 * * ? *', timezone: '+02:00' }, /is not a time zone/],
    [{ cron: '0 6 * * ? *', overlap: 'wait' }, /skip/],
    [{ rate: '1 day', mode: 'all' }, /full/],
  ])('refuses %o', (schedule, message) => {
    expect(Schedule.safeParse(schedule).error?.message).toMatch(message);
  });

  it.each([
    [{ cron: '0 6 * * ? *' }, 'cron(0 6 * * ? *)'],
    [{ rate: '5 minutes' }, 'rate(5 minutes)'],
    [{ at: '2026-12-24T06:00:00' }, 'at(2026-12-24T06:00:00)'],
  ])('writes %o as %s', (schedule, expression) => {
    expect(scheduleExpression(Schedule.parse(schedule))).toBe(expression);
  });

  it('is the same for the same runs at the same times, whatever happens when they overlap', () => {
    const idOf = (schedule: object) => scheduleId(Schedule.parse(schedule));

    expect(idOf({ rate: '1 day', overlap: 'queue' })).toBe(idOf({ rate: '1 day' }));
    expect(idOf({ rate: '1 day', mode: 'score' })).not.toBe(idOf({ rate: '1 day' }));
  });
});
