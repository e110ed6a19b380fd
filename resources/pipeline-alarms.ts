import { createHash } from 'node:crypto';
import { listPipelines, loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { endpointNameOf } from '#shared/sagemaker/endpoint.ts';
import { longestGapMs } from '#shared/schedules/longest-gap.ts';
import { type Schedule, scheduleExpression } from '#shared/schedules/schedule.ts';

type Alarm = { readonly Type: 'AWS::CloudWatch::Alarm'; readonly Properties: Readonly<Record<string, unknown>> };

interface Options {
  readonly stage: string;
  readonly topicArn: unknown;
  readonly now: Date;
}

const HOUR_MS = 3_600_000;

/** An alarm looks back over a week at most: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html */
const MAX_HOURS = 168;

/** What a run may take beyond its schedule's next occurrence before that counts as missing. */
const GRACE_HOURS = 3;

/**
 * The alarms that there are one of for each pipeline: its endpoint answers with errors, or one of its schedules brings no
 * success in its period.
 *
 * @throws InvalidPipelineError for mistakes in a pipeline.yml.
 */
export const pipelineAlarms = async (pipelinesDir: string, options: Options): Promise<Record<string, Alarm>> => {
  const alarms: Record<string, Alarm> = {};
  for (const pipeline of await listPipelines(pipelinesDir)) {
    const { deployment, schedule } = await loadDefinition(pipelinesDir, pipeline);
    if (deployment?.target === 'sagemaker') {
      const endpointName = endpointNameOf({ pipeline, stage: options.stage }, deployment);
      alarms[logicalId('EndpointErrors', pipeline)] = endpointAlarm(pipeline, endpointName, options);
    }
    for (const each of schedule) {
      const hours = hoursToLookBack(each, options.now);
      if (hours !== undefined) {
        alarms[logicalId('ScheduleMissed', pipeline, each.mode, String(hours))] = scheduleAlarm(
          pipeline,
          each,
          hours,
          options,
        );
      }
    }
  }
  return alarms;
};

const endpointAlarm = (pipeline: string, endpointName: string, options: Options): Alarm =>
  alarm(`${pipeline}/EndpointErrors`, options, {
    AlarmDescription: `The endpoint ${endpointName} answers with errors. Its log group /aws/sagemaker/Endpoints/${endpointName} has the reason.`,
    Namespace: 'AWS/SageMaker',
    MetricName: 'Invocation5XXErrors',
    Dimensions: [
      { Name: 'EndpointName', Value: endpointName },
      { Name: 'VariantName', Value: 'AllTraffic' },
    ],
    Statistic: 'Sum',
    Period: 300,
    EvaluationPeriods: 2,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching', // nobody asks it
  });

const scheduleAlarm = (pipeline: string, schedule: Schedule, hours: number, options: Options): Alarm => {
  // Whole days, of which the last week has each weekday once.
  const isWeekly = hours > MAX_HOURS - GRACE_HOURS;
  return alarm(`${pipeline}/ScheduleMissed-${schedule.mode}-${hours}h`, options, {
    AlarmDescription:
      `No run of ${pipeline} in mode ${schedule.mode} succeeded for ${hours} hours, though ${scheduleExpression(schedule)} in ` +
      `${schedule.timezone} is due. See the runs that failed, and the dead letters of schedules.`,
    Namespace: 'FedML',
    MetricName: 'RunsSucceeded',
    Dimensions: [
      { Name: 'service', Value: { Ref: 'AWS::StackName' } },
      { Name: 'pipeline', Value: pipeline },
      { Name: 'mode', Value: schedule.mode },
    ],
    Statistic: 'Sum',
    Period: isWeekly ? 86_400 : 3_600,
    EvaluationPeriods: isWeekly ? 7 : hours,
    Threshold: 1,
    ComparisonOperator: 'LessThanThreshold',
    TreatMissingData: 'breaching', // a run that wasn't started tells nothing
  });
};

/** Undefined for a schedule that is due once, or less often than every week. */
const hoursToLookBack = (schedule: Schedule, now: Date): number | undefined => {
  const gapMs = longestGapMs(schedule, now);
  if (gapMs === undefined) return undefined;
  // Setting the clocks back makes a week an hour longer.
  const gapHours = Math.ceil(gapMs / HOUR_MS);
  if (gapHours > MAX_HOURS + 1) return undefined;
  return Math.min(gapHours + GRACE_HOURS, MAX_HOURS);
};

const alarm = (name: string, { topicArn }: Options, properties: Readonly<Record<string, unknown>>): Alarm => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: { AlarmName: { 'Fn::Sub': `\${AWS::StackName}/${name}` }, ...properties, AlarmActions: [topicArn] },
});

/** Letters and digits only; the hash keeps `a-b` apart from `ab`. */
const logicalId = (kind: string, ...parts: string[]): string =>
  `${kind}Alarm${createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 8)}`;
