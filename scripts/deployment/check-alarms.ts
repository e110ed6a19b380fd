import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deadLetterQueues } from './check-queues.ts';
import { statementsIn } from './policies.ts';
import { alternatives, type Finding, listOf, resourcesOf, type Template, targetOf } from './template.ts';

const ROOT_DIR = join(import.meta.dirname, '..', '..');

interface Alarm {
  readonly Namespace?: unknown;
  readonly MetricName?: unknown;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Statistic?: unknown;
  readonly Threshold?: unknown;
  readonly Period?: unknown;
  readonly EvaluationPeriods?: unknown;
  readonly ComparisonOperator?: unknown;
  readonly TreatMissingData?: unknown;
  readonly AlarmActions?: readonly unknown[];
  readonly ActionsEnabled?: unknown;
  readonly AlarmDescription?: unknown;
}

/** Looks whether somebody hears of what goes wrong: each alarm that is needed is there, can be heard, and is of a metric that exists. */
export const checkAlarms = (template: Template): Finding[] => {
  const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm') as [string, Alarm][];
  return [
    ...alarms.flatMap(([where, alarm]) => ofAlarm(template, alarm).map((problem) => ({ where, problem }))),
    ...unheard(template),
    ...needed(template)
      .filter((need) => !alarms.some(([, alarm]) => isFor(alarm, need)))
      .map(({ where, metric }) => ({ where, problem: `No alarm is on its ${metric}.` })),
    ...(alarms.some(([, { MetricName }]) => MetricName === 'EventsLost')
      ? []
      : [{ where: 'FedML', problem: 'No alarm is on EventsLost: tasks that no event has answered.' }]),
    ...ofDashboards(template),
  ];
};

/** What alarms may be on, and by what each is told apart: an alarm with other dimensions never gets any data. */
const METRICS: Readonly<Record<string, { readonly dimensions: readonly string[]; readonly statistic?: string }>> = {
  'AWS/ApiGateway 5xx': { dimensions: ['ApiId'] },
  'AWS/Lambda Errors': { dimensions: ['FunctionName'] },
  'AWS/Lambda Invocations': { dimensions: ['FunctionName'] },
  'AWS/Lambda Throttles': { dimensions: [] },
  'AWS/SQS ApproximateNumberOfMessagesVisible': { dimensions: ['QueueName'], statistic: 'Maximum' },
  'AWS/SageMaker Invocation5XXErrors': { dimensions: ['EndpointName', 'VariantName'] },
  'AWS/States ExecutionsAborted': { dimensions: ['StateMachineArn'] },
  'AWS/States ExecutionsFailed': { dimensions: ['StateMachineArn'] },
  'AWS/States ExecutionsTimedOut': { dimensions: ['StateMachineArn'] },
  'FedML EventsLost': { dimensions: ['service'] },
  'FedML RunsSucceeded': { dimensions: ['service', 'pipeline', 'mode'] },
};

/** A topic takes what its policy says: alarms of this stack, or nobody hears of any. */
const unheard = (template: Template): Finding[] =>
  resourcesOf(template, 'AWS::SNS::Topic')
    .filter(
      ([id]) =>
        !resourcesOf(template, 'AWS::SNS::TopicPolicy').some(([, { PolicyDocument }]) =>
          statementsIn(PolicyDocument).some(
            ({ effect, actions, resources, principal }) =>
              effect === 'Allow' &&
              actions.includes('sns:Publish') &&
              resources.map(targetOf).includes(id) &&
              (principal as { Service?: unknown } | undefined)?.Service === 'cloudwatch.amazonaws.com',
          ),
        ),
    )
    .map(([where]) => ({ where, problem: "Alarms can't publish to it." }));

/** Above it an alarm tells of errors too late. Lost events are counted by the hour, and a few of them do no harm. */
const MAX_THRESHOLD: Readonly<Record<string, number>> = { EventsLost: 3 };

const ofAlarm = ({ Resources }: Template, alarm: Alarm): string[] => {
  const asksForLess = String(alarm.ComparisonOperator).startsWith('LessThan');
  const actions = listOf(alarm.AlarmActions).flatMap(alternatives);
  const threshold = Number(alarm.Threshold);
  const most = MAX_THRESHOLD[String(alarm.MetricName)] ?? 1;
  const dimensions = (alarm.Dimensions ?? []).map(({ Name }) => Name);
  const metric = METRICS[`${alarm.Namespace} ${alarm.MetricName}`];
  const lookBack = Number(alarm.Period) * Number(alarm.EvaluationPeriods);
  return [
    ...(actions.some(
      (action) => Resources[targetOf(action) ?? '']?.Type === 'AWS::SNS::Topic' || typeof action === 'string',
    )
      ? []
      : ['Nobody hears of it; give it AlarmActions.']),
    ...(String(alarm.ActionsEnabled ?? true) === 'true' ? [] : ['Nobody hears of it; its actions are switched off.']),
    ...(alarm.AlarmDescription ? [] : ["Its description doesn't say what to do."]),
    ...(alarm.TreatMissingData === (asksForLess ? 'breaching' : 'notBreaching')
      ? []
      : [`Without data it must be ${asksForLess ? 'breaching' : 'notBreaching'}.`]),
    ...(asksForLess || alarm.ComparisonOperator === 'GreaterThanOrEqualToThreshold'
      ? []
      : ['It compares the wrong way; use GreaterThanOrEqualToThreshold.']),
    ...(threshold >= 1 && threshold <= most ? [] : [`Its threshold must be from 1 to ${most}.`]),
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    ...(lookBack <= (Number(alarm.Period) >= 3600 ? 604_800 : 86_400)
      ? []
      : ['It looks back further than CloudWatch does.']),
    ...(!asksForLess && lookBack > 3600 ? ['It tells of an error after more than an hour.'] : []),
    ...(metric ? [] : [`Nothing counts ${alarm.Namespace} ${alarm.MetricName}.`]),
    ...(metric && JSON.stringify(dimensions) !== JSON.stringify(metric.dimensions)
      ? [
          `Its metric has the dimensions ${metric.dimensions.join(', ') || 'none'}, not ${dimensions.join(', ') || 'none'}.`,
        ]
      : []),
    ...(metric && alarm.Statistic !== (metric.statistic ?? 'Sum')
      ? [`Its statistic must be ${metric.statistic ?? 'Sum'}.`]
      : []),
    ...(alarm.Namespace === 'FedML' && !emittedMetrics().has(String(alarm.MetricName))
      ? [`No step counts ${alarm.MetricName}.`]
      : []),
  ];
};

interface Need {
  readonly where: string;
  readonly metric: string;
  readonly namespace: string;
  readonly dimension: string;
}

const isFor = (
  { Namespace, MetricName, Dimensions = [] }: Alarm,
  { where, metric, namespace, dimension }: Need,
): boolean =>
  Namespace === namespace &&
  MetricName === metric &&
  (dimension === '' ? Dimensions.length === 0 : Dimensions.length === 1) &&
  Dimensions.every(({ Name, Value }) => Name === dimension && targetOf(Value) === where);

/** What there must be an alarm on, from what the template has. */
const needed = (template: Template): Need[] => [
  ...[...deadLetterQueues(template)].map((where) => ({
    where,
    metric: 'ApproximateNumberOfMessagesVisible',
    namespace: 'AWS/SQS',
    dimension: 'QueueName',
  })),
  ...[...calledByRules(template)].map((where) => ({
    where,
    metric: 'Errors',
    namespace: 'AWS/Lambda',
    dimension: 'FunctionName',
  })),
  ...outermostMachines(template).flatMap((where) =>
    ['ExecutionsFailed', 'ExecutionsAborted', 'ExecutionsTimedOut'].map((metric) => ({
      where,
      metric,
      namespace: 'AWS/States',
      dimension: 'StateMachineArn',
    })),
  ),
  ...resourcesOf(template, 'AWS::ApiGatewayV2::Api').map(([where]) => ({
    where,
    metric: '5xx',
    namespace: 'AWS/ApiGateway',
    dimension: 'ApiId',
  })),
  // Waiting states live by the sweeper's heartbeats.
  { where: 'SweepTasksLambdaFunction', metric: 'Invocations', namespace: 'AWS/Lambda', dimension: 'FunctionName' },
  { where: 'The account', metric: 'Throttles', namespace: 'AWS/Lambda', dimension: '' },
];

/** A function that a person, a state or a caller waits for tells them of its errors; nobody waits for these. */
const calledByRules = (template: Template): ReadonlySet<string> =>
  new Set(
    resourcesOf(template, 'AWS::Events::Rule')
      .flatMap(([, { Targets }]) => listOf(Targets as { Arn: unknown }[]).map(({ Arn }) => targetOf(Arn)))
      .filter((id): id is string => template.Resources[id ?? '']?.Type === 'AWS::Lambda::Function'),
  );

/** Those that no other machine starts: their failures are the runs'. */
const outermostMachines = (template: Template): string[] => {
  const machines = resourcesOf(template, 'AWS::StepFunctions::StateMachine');
  const started = new Set(
    machines.flatMap(([, { DefinitionSubstitutions = {} }]) =>
      Object.values(DefinitionSubstitutions as object).map(targetOf),
    ),
  );
  return machines.map(([id]) => id).filter((id) => !started.has(id));
};

/** A widget of a metric that nobody emits stays empty, and looks like all is well. */
const ofDashboards = (template: Template): Finding[] =>
  resourcesOf(template, 'AWS::CloudWatch::Dashboard').flatMap(([where, { DashboardBody }]) => {
    const text = JSON.stringify(DashboardBody).replaceAll('\\', '');
    const names = [...text.matchAll(/"FedML","(\w+)"|\{FedML,[\w,]+\} MetricName="(\w+)"/g)].map(([, a, b]) => a ?? b!);
    return names
      .filter((name) => !emittedMetrics().has(name))
      .map((name) => ({ where, problem: `No step counts ${name}.` }));
  });

let emitted: ReadonlySet<string> | undefined;

/** What handlers count: `const counts = ({ rows }: Output) => ({ RowsRead: rows })`. */
const emittedMetrics = (): ReadonlySet<string> => {
  emitted ??= new Set(
    globSync('functions/*/*/handler.ts', { cwd: ROOT_DIR }).flatMap((file) => {
      const [, counted = ''] =
        /const counts = [^>]*=> \(\{([^}]*)\}\)/.exec(readFileSync(join(ROOT_DIR, file), 'utf8')) ?? [];
      return [...counted.matchAll(/(\w+):/g)].map(([, name]) => name!);
    }),
  );
  return emitted;
};
