import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pipelineAlarms } from '../../resources/pipeline-alarms.ts';

const TINY = join(import.meta.dirname, '..', 'pipelines', 'tiny');
const OPTIONS = { stage: 'dev', topicArn: 'topic', now: new Date('2026-11-01T00:00:00Z') };

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipelines-'));
});

afterEach(() => rm(folder, { recursive: true }));

const alarmsOf = async (pipeline: string, more: string) => {
  await cp(TINY, join(folder, pipeline), { recursive: true });
  const file = join(folder, pipeline, 'pipeline.yml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, `${text.replace('name: tiny', `name: ${pipeline}`)}\n${more}`);
  return Object.values(await pipelineAlarms(folder, OPTIONS)).map(({ Properties }) => Properties);
};

describe('the alarm on a schedule', () => {
  it.each([
    ['{ cron: "30 5 * * ? *", mode: score }', { Period: 3600, EvaluationPeriods: 27 }],
    ['{ rate: "6 hours" }', { Period: 3600, EvaluationPeriods: 9 }],
    ['{ cron: "0 3 ? * SUN *" }', { Period: 86_400, EvaluationPeriods: 7 }],
  ])('of %s looks back over its period', async (schedule, expected) => {
    const alarms = await alarmsOf('nightly', `schedule:\n  - ${schedule}\n`);

    const alarm = alarms.find(({ MetricName }) => MetricName === 'RunsSucceeded');
    expect(alarm).toMatchObject({ ...expected, Threshold: 1, TreatMissingData: 'breaching', AlarmActions: ['topic'] });
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    expect(Number(alarm!.Period) * Number(alarm!.EvaluationPeriods)).toBeLessThanOrEqual(604_800);
  });

  it('asks for runs of its pipeline and mode', async () => {
    const [alarm] = (await alarmsOf('nightly', 'schedule:\n  - { rate: "1 day", mode: score }\n')).filter(
      ({ MetricName }) => MetricName === 'RunsSucceeded',
    );

    expect(alarm).toMatchObject({
      AlarmName: { 'Fn::Sub': '${AWS::StackName}/nightly/ScheduleMissed-score-27h' },
      Dimensions: [
        { Name: 'service', Value: { Ref: 'AWS::StackName' } },
        { Name: 'pipeline', Value: 'nightly' },
        { Name: 'mode', Value: 'score' },
      ],
    });
  });

  it('is left out where an alarm cannot look back that far, and where the schedule is due once', async () => {
    const alarms = await alarmsOf(
      'nightly',
      'schedule:\n  - { cron: "0 3 1 * ? *" }\n  - { at: "2030-01-01T00:00:00" }\n',
    );

    expect(alarms.filter(({ MetricName }) => MetricName === 'RunsSucceeded')).toEqual([]);
  });
});

it("hears of errors of a pipeline's endpoint in this stage", async () => {
  const [alarm] = (await alarmsOf('flights', '')).filter(({ Namespace }) => Namespace === 'AWS/SageMaker');

  expect(alarm).toMatchObject({
    MetricName: 'Invocation5XXErrors',
    Dimensions: [
      { Name: 'EndpointName', Value: 'flights-dev' },
      { Name: 'VariantName', Value: 'AllTraffic' },
    ],
    TreatMissingData: 'notBreaching',
  });
});
