import { codeNeeds } from './function-needs.ts';
import { jobNeeds } from './job-needs.ts';
import { machineNeeds, machineSettingNeeds } from './machine-needs.ts';
import { ANY, conditionText, differences, type Need, need, resourceTexts } from './needs.ts';
import { grantedActions, roleOf, statementsOf } from './policies.ts';
import { stackNames } from './stack-names.ts';
import { type Finding, type Resource, resourcesOf, type Template } from './template.ts';
import type { CommandFinder } from './used-commands.ts';

/**
 * Compares what each role allows with what is needed: by the code of its function, the states of its machine, the calls of a
 * job, and their settings. Action by action, on which resources, under which condition: no more, no less, no role for two.
 */
export const checkGrants = (template: Template, finder: CommandFinder): Finding[] => {
  const holders = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { id, roleProperty, needs, services } of [
    ...functionHolders(template, finder),
    ...machineHolders(template),
  ]) {
    const [roleId, role] = roleOf(template, roleProperty) ?? [];
    if (!role || roleId === undefined) {
      findings.push({ where: id, problem: 'It has no role of this stack.' });
      continue;
    }
    const holder = holders.get(roleId);
    if (holder) findings.push({ where: id, problem: `It shares the role ${roleId} with ${holder}.` });
    holders.set(roleId, id);
    findings.push(...differences(roleId, statementsOf(role), [...needs, ...keyNeeds(template, needs, services)]));
    findings.push(...networkRights(roleId, role));
  }
  return [...findings, ...jobFindings(template)];
};

interface Holder {
  readonly id: string;
  readonly roleProperty: unknown;
  readonly needs: readonly Need[];
  /** That use the customer's key for it. */
  readonly services: readonly string[];
}

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

const functionHolders = (template: Template, finder: CommandFinder): Holder[] =>
  resourcesOf(template, 'AWS::Lambda::Function').map(([id, properties]) => ({
    id,
    roleProperty: properties.Role,
    services: ['s3', 'secretsmanager'],
    needs: [
      ...codeNeeds(template, finder, id, properties),
      ...['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) =>
        need(action, [`${id.replace(/LambdaFunction$/, '')}LogGroup.Arn`]),
      ),
      ...((properties.TracingConfig as { Mode?: string } | undefined)?.Mode === 'Active'
        ? TRACING.map((action) => need(action, ANY))
        : []),
      ...(properties.VpcConfig ? NETWORK.map((action) => need(action, ANY)) : []),
      ...failureTargets(template, id).map((queue) => need('sqs:SendMessage', [queue])),
    ],
  }));

/** The queues that a function's failed asynchronous events are sent to, under the function's own role. */
const failureTargets = (template: Template, id: string): string[] =>
  resourcesOf(template, 'AWS::Lambda::EventInvokeConfig').flatMap(([, { FunctionName, DestinationConfig }]) => {
    if (!resourceTexts(FunctionName).some((name) => name === `Ref ${id}` || name === `${id}.Arn`)) return [];
    const { OnFailure } = DestinationConfig as { OnFailure?: { Destination: unknown } };
    return OnFailure ? resourceTexts(OnFailure.Destination) : [];
  });

const machineHolders = (template: Template): Holder[] =>
  resourcesOf(template, 'AWS::StepFunctions::StateMachine').map(([id, properties]) => ({
    id,
    roleProperty: properties.RoleArn,
    services: ['s3'],
    needs: [...machineNeeds(template, properties), ...machineSettingNeeds(properties)],
  }));

const jobFindings = (template: Template): Finding[] =>
  Object.entries(jobNeeds(template)).flatMap(([roleId, needs]) => {
    const role = template.Resources[roleId];
    return role ? differences(roleId, statementsOf(role), needs) : [{ where: roleId, problem: 'It is missing.' }];
  });

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

/** With a customer's key S3 and Secrets Manager ask for more, in the caller's name, and for nobody else. */
const keyNeeds = (template: Template, needs: readonly Need[], services: readonly string[]): Need[] => {
  const uses = (pattern: RegExp): boolean => needs.some(({ action }) => pattern.test(action));
  const through = services.map((service) => ({ 'Fn::Sub': `${service}.\${AWS::Region}.amazonaws.com` }));
  const condition = conditionText({ StringEquals: { 'kms:ViaService': through } });
  return [
    ...(uses(/^(s3:GetObject|s3:PutObject|secretsmanager:GetSecretValue)$/) ? ['kms:Decrypt'] : []),
    ...(uses(/^s3:PutObject$/) ? ['kms:GenerateDataKey'] : []),
  ].map((action) => need(action, stackNames(template).key, condition));
};
