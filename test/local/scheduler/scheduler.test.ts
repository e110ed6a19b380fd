import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startScheduler } from '#local/scheduler/scheduler.ts';
import { Schedule } from '#shared/schedules/schedule.ts';
import type { TriggeredRun } from '#shared/triggers/triggered-run.ts';
import { manualClock } from '#test/local/eventbridge/manual-clock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scheduler-'));
});
afterEach(() => rm(folder, { recursive: true }));

const open = async (now: string, ...schedules: object[]) => {
  const clock = manualClock(now);
  const started: TriggeredRun[] = [];
  const scheduler = await startScheduler({
    file: join(folder, 'schedules.json'),
    schedules: schedules.map((schedule) => ({ pipeline: 'flights', schedule: Schedule.parse(schedule) })),
    start: (run) => started.push(run),
    clock,
  });
  return { clock, scheduler, started, times: () => started.map(({ occurrence }) => occurrence) };
};

it('starts runs at their times through a change of the clocks, each by its scheduled time', async () => {
  const { clock, started } = await open('2026-10-24T12:00:00Z', {
    cron: '30 2 * * ? *',
    timezone: 'Europe/Berlin',
    mode: 'score',
    overlap: 'queue',
  });

  clock.advanceTo('2026-10-26T12:00:00Z');

  expect(started.map(({ occurrence }) => occurrence)).toEqual(['2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z']);
  expect(started[0]).toMatchObject({ pipeline: 'flights', mode: 'score', overlap: 'queue', overrides: {} });
});

it('goes on with a rate after a restart from where it began, and makes up for nothing', async () => {
  const first = await open('2026-03-01T00:00:00Z', { rate: '6 hours' });
  first.clock.advanceTo('2026-03-01T07:00:00Z');
  await first.scheduler.close();

  const second = await open('2026-03-01T20:00:00Z', { rate: '6 hours' });
  second.clock.advanceTo('2026-03-02T01:00:00Z');

  expect(first.times()).toEqual(['2026-03-01T00:00:00Z', '2026-03-01T06:00:00Z']);
  expect(second.times()).toEqual(['2026-03-02T00:00:00Z']);
});

it('begins a schedule anew that was changed', async () => {
  await (await open('2026-03-01T00:00:00Z', { rate: '6 hours' })).scheduler.close();

  const { clock, times } = await open('2026-03-01T01:00:00Z', { rate: '7 hours' });
  clock.advanceTo('2026-03-01T02:00:00Z');

  expect(times()).toEqual(['2026-03-01T01:00:00Z']);
});

it('tells what is due next, and forgets a time that has passed', async () => {
  const { clock, scheduler } = await open(
    '2026-03-01T00:00:00Z',
    { cron: '0 6 * * ? *' },
    { at: '2026-03-01T03:00:00' },
  );

  const before = scheduler.upcoming().map(({ due }) => due.toISOString());
  clock.advanceTo('2026-03-01T04:00:00Z');
  const after = scheduler.upcoming().map(({ due }) => due.toISOString());

  expect(before).toEqual(['2026-03-01T03:00:00.000Z', '2026-03-01T06:00:00.000Z']);
  expect(after).toEqual(['2026-03-01T06:00:00.000Z']);
});

it('starts nothing after it was closed', async () => {
  const { clock, scheduler, times } = await open('2026-03-01T00:00:00Z', { cron: '0 6 * * ? *' });

  await scheduler.close();
  clock.advanceTo('2026-03-05T00:00:00Z');

  expect(times()).toEqual([]);
});
