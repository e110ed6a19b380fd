import { type Definition, machineActions } from './machine-actions.ts';
import { ANY, type Need, need, resourceTexts } from './needs.ts';
import { hasDistributedMap, stackNames } from './stack-names.ts';
import { type Template, targetOf } from './template.ts';

/** The rights that a state machine's role needs for its states, with their resources. */
export const machineNeeds = (template: Template, properties: Readonly<Record<string, unknown>>): Need[] => {
  const definition = properties.Definition as Definition;
  const names = stackNames(template);
  const self = String(properties.StateMachineName).split('-').at(-1)!;
  const substitutions = Object.entries((properties.DefinitionSubstitutions ?? {}) as Record<string, unknown>);
  const functions = substitutions
    .filter(([name]) => name.endsWith('FunctionArn'))
    .flatMap(([, to]) => resourceTexts(to));
  const children = substitutions.filter(([name]) => name.endsWith('StateMachineArn'));
  const childNames = children.map(([, to]) => {
    const child = template.Resources[targetOf(to) ?? '']?.Properties?.StateMachineName;
    return String(child).split('-').at(-1)!;
  });
  const hasMap = hasDistributedMap(definition);
  const ofChildren = childNames.map((child) => names.below('execution', `${child}:*`));
  const ofMap = hasMap ? [names.below('execution', `${self}/*`)] : [];
  const rule = 'rule/StepFunctionsGetEventsForStepFunctionsExecutionRule';
  const managedRule = [`arn:\${AWS::Partition}:events:\${AWS::Region}:\${AWS::AccountId}:${rule}`];

  const resources: Readonly<Record<string, readonly string[]>> = {
    'lambda:InvokeFunction': functions,
    'states:StartExecution': [
      ...children.flatMap(([, to]) => resourceTexts(to)),
      ...(hasMap ? [names.machine(self)] : []),
    ],
    'states:DescribeExecution': [...ofChildren, ...ofMap],
    'states:StopExecution': [...ofChildren, ...ofMap],
    'states:RedriveExecution': ofMap,
    'events:PutEvents': ['EventBus.Arn'],
    'events:PutTargets': managedRule,
    'events:PutRule': managedRule,
    'events:DescribeRule': managedRule,
    // Plans and lists of parts are records of the run.
    's3:GetObject': [names.objectsIn('runs')],
  };
  return [...machineActions(definition)].map((action) => {
    const needed = resources[action];
    if (!needed) throw new TypeError(`machine-needs.ts doesn't know on what ${action} is needed. Add it there.`);
    return need(action, needed);
  });
};

/** https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy */
const LOG_DELIVERY = [
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
];

const TRACING = [
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
];

/** What a machine's logging and tracing need; none of it takes a resource. */
export const machineSettingNeeds = (properties: Readonly<Record<string, unknown>>): Need[] => [
  ...(properties.LoggingConfiguration ? LOG_DELIVERY.map((action) => need(action, ANY)) : []),
  ...((properties.TracingConfiguration as { Enabled?: boolean } | undefined)?.Enabled
    ? TRACING.map((action) => need(action, ANY))
    : []),
];
