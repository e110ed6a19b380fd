import { IAM_ACTIONS } from './iam-actions.ts';
import { type Definition, machineActions } from './machine-actions.ts';
import { grantedActions, roleOf, statementsOf } from './policies.ts';
import { type Finding, type Resource, resourcesOf, type Template, targetOf } from './template.ts';
import type { CommandFinder } from './used-commands.ts';

/**
 * Compares what each function and state machine may do with what its code, its states and its settings need: no more,
 * no fewer, and no role for two.
 */
export const checkGrants = (template: Template, finder: CommandFinder): Finding[] => {
  const holders = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { id, roleProperty, needs } of [...functionNeeds(template, finder), ...machineNeeds(template)]) {
    const [roleId, role] = roleOf(template, roleProperty) ?? [];
    if (!role || roleId === undefined) {
      findings.push({ where: id, problem: 'It has no role of this stack.' });
      continue;
    }
    const holder = holders.get(roleId);
    if (holder) findings.push({ where: id, problem: `It shares the role ${roleId} with ${holder}.` });
    holders.set(roleId, id);
    findings.push(...differences(roleId, grantedActions(role), new Set([...needs, ...keyActions(needs)])));
    findings.push(...networkRights(roleId, role));
  }
  return findings;
};

interface Holder {
  readonly id: string;
  readonly roleProperty: unknown;
  readonly needs: readonly string[];
}

const differences = (where: string, granted: ReadonlySet<string>, needed: ReadonlySet<string>): Finding[] => [
  ...[...needed]
    .filter((action) => !granted.has(action))
    .map((action) => ({ where, problem: `${action} is used and not allowed.` })),
  ...[...granted]
    .filter((action) => !needed.has(action))
    .map((action) => ({ where, problem: `${action} is allowed and not used.` })),
];

/** Interfaces are Lambda's to make; the function's own code must not be able to. */
const networkRights = (where: string, role: Resource): Finding[] => {
  const denied = statementsOf(role)
    .filter(({ effect, condition }) => effect === 'Deny' && condition.ArnEquals?.['lambda:SourceFunctionArn'])
    .flatMap(({ actions }) => actions);
  const open = [...grantedActions(role)].filter((action) => action.startsWith('ec2:') && !denied.includes(action));
  return open.length === 0
    ? []
    : [{ where, problem: `The function's own code may call ${open.join(', ')}; deny it by lambda:SourceFunctionArn.` }];
};

const functionNeeds = (template: Template, { commandsOf }: CommandFinder): Holder[] => {
  const failureTargets = asynchronousFailureTargets(template);
  return resourcesOf(template, 'AWS::Lambda::Function').map(([id, properties]) => ({
    id,
    roleProperty: properties.Role,
    needs: [
      ...commandsOf(sourceOf(String(properties.Handler))).flatMap(actionsOf),
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      ...((properties.TracingConfig as { Mode?: string } | undefined)?.Mode === 'Active' ? TRACING : []),
      ...(properties.VpcConfig ? NETWORK : []),
      ...(failureTargets.has(id) ? ['sqs:SendMessage'] : []),
    ],
  }));
};

/** `functions/training/train-model/handler.handler` is the export `handler` of this source. */
const sourceOf = (handler: string): string => `${handler.slice(0, handler.lastIndexOf('.'))}.ts`;

const actionsOf = (command: string): readonly string[] => {
  const actions = IAM_ACTIONS[command];
  if (!actions) throw new TypeError(`iam-actions.ts doesn't know what ${command} needs. Add it there.`);
  return actions;
};

/** Functions whose failed asynchronous events are sent to a queue, under the function's own role. */
const asynchronousFailureTargets = (template: Template): ReadonlySet<string | undefined> =>
  new Set(
    resourcesOf(template, 'AWS::Lambda::EventInvokeConfig').map(([, { FunctionName }]) => targetOf(FunctionName)),
  );

const machineNeeds = (template: Template): Holder[] =>
  resourcesOf(template, 'AWS::StepFunctions::StateMachine').map(([id, properties]) => ({
    id,
    roleProperty: properties.RoleArn,
    needs: [
      ...machineActions(properties.Definition as Definition),
      ...(properties.LoggingConfiguration ? LOG_DELIVERY : []),
      ...((properties.TracingConfiguration as { Enabled?: boolean } | undefined)?.Enabled
        ? [...TRACING, 'xray:GetSamplingRules', 'xray:GetSamplingTargets']
        : []),
    ],
  }));

const TRACING = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions */
const NETWORK = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

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

/** With a customer's key S3 and Secrets Manager ask for more, in the caller's name. */
const keyActions = (needs: readonly string[]): string[] => [
  ...(needs.some((action) => /^(s3:GetObject|s3:PutObject|secretsmanager:GetSecretValue)$/.test(action))
    ? ['kms:Decrypt']
    : []),
  ...(needs.includes('s3:PutObject') ? ['kms:GenerateDataKey'] : []),
];
