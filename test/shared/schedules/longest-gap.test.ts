import { expect, it } from 'vitest';
import { longestGapMs } from '#shared/schedules/longest-gap.ts';
import { Schedule } from '#shared/schedules/schedule.ts';

const HOUR_MS = 3_600_000;
const FROM = new Date('2026-11-01T00:00:00Z');

it.each([
  [{ rate: '6 hours' }, 6],
  [{ cron: '30 5 * * ? *' }, 24],
  [{ cron: '30 5 * * ? *', timezone: 'Europe/Berlin' }, 25],
  // Berlin's clocks leave half past two out on the last Sunday of March.
  [{ cron: '30 2 * * ? *', timezone: 'Europe/Berlin' }, 47],
  [{ cron: '0 6 ? * MON-FRI *' }, 72],
  [{ cron: '0 3 ? * SUN *' }, 168],
  [{ cron: '0 3 1 * ? *' }, 31 * 24],
  [{ cron: '0 3 1 1 ? 2027' }, undefined],
  [{ at: '2026-12-24T06:00:00' }, undefined],
])('of %j is %s hours', (schedule, hours) => {
  const gapMs = longestGapMs(Schedule.parse(schedule), FROM);

  expect(gapMs).toBe(hours === undefined ? undefined : hours * HOUR_MS);
});
