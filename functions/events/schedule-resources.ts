import { createHash } from 'node:crypto';
import { hasNumber } from '#shared/json/exact-json.ts';
import { listPipelines, loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { type Schedule, scheduleExpression, scheduleId } from '#shared/schedules/schedule.ts';
import { triggeredBy } from '#shared/triggers/triggered-run.ts';

type Resource = { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> };

/** EventBridge Scheduler writes the time in its place. The function gets it late, or twice, and starts one run for it. */
const SCHEDULED_TIME = '<aws.scheduler.scheduled-time>';

/**
 * The schedules of all pipelines as CloudFormation resources. Their role and their queue are in `schedules.yml`.
 *
 * @throws InvalidPipelineError for mistakes in a pipeline.yml.
 */
export const scheduleResources = async (pipelinesDir: string): Promise<Record<string, Resource>> => {
  const resources: Record<string, Resource> = {};
  for (const name of await listPipelines(pipelinesDir)) {
    for (const schedule of (await loadDefinition(pipelinesDir, name)).schedule) {
      resources[logicalId(name, schedule)] = scheduleResource(name, schedule);
    }
  }
  return resources;
};

const FUNCTION_ARN = { 'Fn::GetAtt': ['StartTriggeredRunLambdaFunction', 'Arn'] };
const QUEUE_ARN = { 'Fn::GetAtt': ['SchedulesDeadLetterQueue', 'Arn'] };

const scheduleResource = (pipeline: string, schedule: Schedule): Resource => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: {
    Description: `Runs the pipeline ${pipeline}, mode ${schedule.mode}`,
    GroupName: { Ref: 'ScheduleGroup' },
    ScheduleExpression: scheduleExpression(schedule),
    ScheduleExpressionTimezone: schedule.timezone,
    FlexibleTimeWindow:
      schedule.flexibleWindowMinutes === 0
        ? { Mode: 'OFF' }
        : { Mode: 'FLEXIBLE', MaximumWindowInMinutes: schedule.flexibleWindowMinutes },
    Target: {
      Arn: FUNCTION_ARN,
      RoleArn: { 'Fn::GetAtt': ['SchedulesRole', 'Arn'] },
      Input: inputOf(pipeline, schedule),
      RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 20 },
      DeadLetterConfig: { Arn: QUEUE_ARN },
    },
  },
});

/** Overrides with numbers are sent as text, which whoever reads the event leaves as it is. */
const inputOf = (pipeline: string, schedule: Schedule): string => {
  const run = triggeredBy(pipeline, schedule, SCHEDULED_TIME);
  return JSON.stringify(hasNumber(run.overrides) ? { ...run, overrides: JSON.stringify(run.overrides) } : run);
};

/** Letters and digits only; the hash keeps `a-b` apart from `ab`. */
const logicalId = (pipeline: string, schedule: Schedule): string => {
  const words = pipeline.split('-').map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  const hash = createHash('sha256')
    .update(`${pipeline} ${scheduleId(schedule)}`)
    .digest('hex')
    .slice(0, 8);
  return `${words.join('')}Schedule${hash}`;
};
