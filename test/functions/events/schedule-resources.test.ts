import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { scheduleResources } from '#functions/events/schedule-resources.ts';
import { StartTriggeredRunInput } from '#functions/events/start-triggered-run/schema.ts';
import { ROOT } from '#test/statemachines/definitions.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipelines-'));
});
afterEach(() => rm(folder, { recursive: true }));

const given = async (name: string, schedule: string): Promise<void> => {
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, 'train.py'), '');
  await writeFile(
    join(folder, name, 'pipeline.yml'),
    `name: ${name}\nsource: { view: V, key: [ID], target: T }\nschedule:\n${schedule}\n`,
  );
};

const schedules = async () =>
  Object.entries(await scheduleResources(folder)).filter(([, { Type }]) => Type === 'AWS::Scheduler::Schedule');

it('makes one schedule of AWS of each, whose input its function takes', async () => {
  await given(
    'a-b',
    '  - { cron: "30 2 * * ? *", timezone: Europe/Berlin, mode: train, overlap: cancel }\n  - { rate: 6 hours, flexibleWindowMinutes: 0 }',
  );
  await given('ab', '  - { rate: 6 hours }');

  const found = await schedules();

  expect(new Set(found.map(([id]) => id)).size).toBe(3);
  for (const [id] of found) expect(id).toMatch(/^[A-Za-z0-9]+$/);
  expect(found[0]![1].Properties).toMatchObject({
    ScheduleExpression: 'cron(30 2 * * ? *)',
    ScheduleExpressionTimezone: 'Europe/Berlin',
    FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 },
    Target: {
      RetryPolicy: { MaximumEventAgeInSeconds: 3600 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['SchedulesDeadLetterQueue', 'Arn'] } },
    },
  });
  expect(found[1]![1].Properties.FlexibleTimeWindow).toEqual({ Mode: 'OFF' });
  const { Input } = found[0]![1].Properties.Target as { Input: string };
  expect(StartTriggeredRunInput.parse(JSON.parse(Input))).toMatchObject({
    pipeline: 'a-b',
    mode: 'train',
    overlap: 'cancel',
    occurrence: '<aws.scheduler.scheduled-time>',
  });
});

it('refuses a schedule whose overrides its pipeline doesn’t take', async () => {
  await given('tiny', '  - { rate: 6 hours, overrides: { source.view: X } }');

  await expect(schedules()).rejects.toMatchObject({
    name: 'InvalidPipelineError',
    message: expect.stringMatching(/schedule\.0\.overrides.*source\.view: can't be set/s),
  });
});

it('refuses the same schedule twice, with its line', async () => {
  await given('tiny', '  - { rate: 6 hours }\n  - { rate: 6 hours }');

  await expect(schedules()).rejects.toThrow(/pipeline\.yml:3: schedule: has the same schedule twice/);
});

it('is what serverless.yml gets from schedules.cjs', async () => {
  const load = createRequire(import.meta.url)(join(ROOT, 'functions', 'events', 'schedules.cjs')) as () => Promise<{
    Resources: object;
  }>;

  expect((await load()).Resources).toEqual(await scheduleResources(join(ROOT, 'pipelines')));
});
