import { expect, it } from 'vitest';
import { pastSchedules } from '#shared/schedules/past-schedules.ts';
import { Schedule } from '#shared/schedules/schedule.ts';

it('names the schedules that start nothing any more', () => {
  const schedule = [
    { at: '2020-01-01T00:00:00' },
    { at: '2030-01-01T00:00:00' },
    { cron: '0 3 1 1 ? 2021' },
    { rate: '1 day' },
  ].map((each) => Schedule.parse(each));

  expect(pastSchedules({ schedule }, new Date('2026-01-01'))).toEqual([
    expect.stringContaining('schedule.0: at(2020-01-01T00:00:00) is in the past'),
    expect.stringContaining('schedule.2: cron(0 3 1 1 ? 2021) is in the past'),
  ]);
});
