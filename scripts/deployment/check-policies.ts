import { type Statement, statementsIn, statementsOf } from './policies.ts';
import { alternatives, type Finding, listOf, type Resource, type Template } from './template.ts';

/** Actions that take no resource in IAM, or whose resources nobody can name beforehand; the only ones that may say `*`. */
const ANY_RESOURCE: Readonly<Record<string, string>> = {
  'cloudwatch:PutMetricData': 'has no resources; the namespace is narrowed by a condition',
  'ec2:AssignPrivateIpAddresses': 'Lambda makes the interfaces of a VPC, under ids of its own',
  'ec2:CreateNetworkInterface': 'Lambda makes the interfaces of a VPC, under ids of its own',
  'ec2:DeleteNetworkInterface': 'Lambda makes the interfaces of a VPC, under ids of its own',
  'ec2:DescribeNetworkInterfaces': 'has no resources',
  'ec2:DescribeSubnets': 'has no resources',
  'ec2:UnassignPrivateIpAddresses': 'Lambda makes the interfaces of a VPC, under ids of its own',
  'ecr:GetAuthorizationToken': 'has no resources',
  'logs:CreateLogDelivery': 'has no resources',
  'logs:DeleteLogDelivery': 'has no resources',
  'logs:DescribeLogGroups': 'has no resources where a state machine checks its logging',
  'logs:DescribeResourcePolicies': 'has no resources',
  'logs:GetLogDelivery': 'has no resources',
  'logs:ListLogDeliveries': 'has no resources',
  'logs:PutResourcePolicy': 'has no resources',
  'logs:UpdateLogDelivery': 'has no resources',
  'xray:GetSamplingRules': 'has no resources',
  'xray:GetSamplingTargets': 'has no resources',
  'xray:PutTelemetryRecords': 'has no resources',
  'xray:PutTraceSegments': 'has no resources',
};

/** Looks for permissions that are too wide: of roles, and of the policies that stand at buckets and queues. */
export const checkPolicies = (template: Template): Finding[] =>
  Object.entries(template.Resources).flatMap(([id, resource]) => {
    const { AssumeRolePolicyDocument: trust, ManagedPolicyArns } = resource.Properties ?? {};
    const attached = attachedTo(resource);
    return [
      ...(ELSEWHERE[resource.Type] ?? []).map((problem) => ({ where: id, problem })),
      ...(resource.Type === 'AWS::Lambda::Permission' ? ofPermission(id, resource.Properties ?? {}) : []),
      ...outdated(id, resource, [trust, attached]),
      ...(resource.Type === 'AWS::IAM::Role' ? statementsOf(resource).flatMap((each) => widths(id, each)) : []),
      ...(resource.Type === 'AWS::IAM::Role' ? keyUses(id, resource) : []),
      ...(ManagedPolicyArns
        ? [{ where: id, problem: 'Managed policies grant more than is used; name the actions.' }]
        : []),
      ...(trust ? statementsIn(trust).flatMap((each) => trusts(id, each)) : []),
      ...(attached ? statementsIn(attached).flatMap((each) => attachments(id, each)) : []),
    ];
  });

/** An older version takes `${aws:…}` for text. Serverless's own bucket has a policy without any, and no such variable. */
const outdated = (where: string, { Properties = {} }: Resource, documents: readonly unknown[]): Finding[] => {
  const own = listOf(Properties.Policies as { PolicyDocument: unknown }[]).map(({ PolicyDocument }) => PolicyDocument);
  return [...documents, ...own].some(
    (document) =>
      document &&
      (document as { Version?: unknown }).Version !== '2012-10-17' &&
      where !== 'ServerlessDeploymentBucketPolicy',
  )
    ? [{ where, problem: 'Its policy must be of the Version 2012-10-17.' }]
    : [];
};

/** What the checks of roles would not see, or what opens a door beside them. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    ['AWS::IAM::Policy', 'AWS::IAM::RolePolicy', 'AWS::IAM::ManagedPolicy'].map((type) => [
      type,
      ["A role's permissions stand in the role, where they are compared with its code."],
    ]),
  ),
  ...Object.fromEntries(
    ['AWS::IAM::User', 'AWS::IAM::AccessKey', 'AWS::IAM::Group', 'AWS::IAM::UserPolicy'].map((type) => [
      type,
      ['Nobody signs in to a stage: a key that is made here stands in its template.'],
    ]),
  ),
};

/** The property that has a resource's own policy. */
const POLICY_PROPERTIES = ['PolicyDocument', 'Policy', 'ResourcePolicy', 'RepositoryPolicyText'];

/** The policies that say who else may use a resource. */
const attachedTo = ({ Type, Properties = {} }: Resource): unknown => {
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-eventbuspolicy.html
  if (Type === 'AWS::Events::EventBusPolicy') {
    const { Statement = { Effect: 'Allow', Principal: Properties.Principal } } = Properties;
    return { Version: '2012-10-17', Statement };
  }
  return POLICY_PROPERTIES.map((name) => Properties[name]).find((document) => typeof document === 'object');
};

const ofPermission = (where: string, { Principal, SourceArn }: Record<string, unknown>): Finding[] => {
  if (!/^[\w.-]+\.amazonaws\.com$/.test(String(Principal)))
    return [{ where, problem: 'Only services may call a function of this stack.' }];
  return SourceArn === undefined ? [{ where, problem: `${Principal} may call it for anybody; add SourceArn.` }] : [];
};

/** What SageMaker's own roles do with a key goes on in volumes and grants; of all others S3 and Secrets Manager ask for it. */
const usesKeyDirectly = ({ actions, condition }: Statement): boolean =>
  actions.some((action) => action.startsWith('kms:')) &&
  !isBoundBy(condition, 'kms:ViaService') &&
  !isBoundBy(condition, 'kms:GrantIsForAWSResource');

const isOfSageMaker = (trust: unknown): boolean => JSON.stringify(trust ?? '').includes('sagemaker.amazonaws.com');

const keyUses = (where: string, resource: Resource): Finding[] =>
  isOfSageMaker(resource.Properties?.AssumeRolePolicyDocument) || !statementsOf(resource).some(usesKeyDirectly)
    ? []
    : [{ where, problem: 'It may use the key for anything; add kms:ViaService.' }];

const widths = (where: string, statement: Statement): Finding[] => {
  const { effect, actions, resources, condition, negations } = statement;
  if (effect !== 'Allow') return [];
  const wildcards = actions.filter((action) => action.includes('*'));
  const unbound = resources.some((resource) => alternatives(resource).includes('*'))
    ? actions.filter((action) => !Object.hasOwn(ANY_RESOURCE, action))
    : [];
  const passes = actions.includes('iam:PassRole') && !condition.StringEquals?.['iam:PassedToService'];
  return [
    ...wildcards.map((action) => ({ where, problem: `The action ${action} is a wildcard; name the actions.` })),
    ...unbound.map((action) => ({ where, problem: `${action} is allowed on every resource; name them.` })),
    ...(passes ? [{ where, problem: 'iam:PassRole needs the condition iam:PassedToService.' }] : []),
    ...(resources.length === 0 ? [{ where, problem: 'A statement names no resource.' }] : []),
    ...negations.map((name) => ({ where, problem: `${name} allows what nobody thought of.` })),
  ];
};

/** Lambda takes its role only for functions of the account; other services are told for whom they may. */
const trusts = (where: string, { principal, condition }: Statement): Finding[] => {
  const services = listOf((principal as { Service?: string | string[] } | undefined)?.Service);
  const missing = ['aws:SourceAccount', 'aws:SourceArn'].filter((key) => !isBoundBy(condition, key));
  return [
    ...(services.length === 0 ? [{ where, problem: 'Only services may take a role of this stack.' }] : []),
    ...(services.some((service) => service !== 'lambda.amazonaws.com') && missing.length > 0
      ? [{ where, problem: `${services.join(', ')} may take it for others' resources; add ${missing.join(' and ')}.` }]
      : []),
  ];
};

const isBoundBy = (condition: Statement['condition'], key: string): boolean =>
  Object.values(condition).some((tests) => Object.hasOwn(tests, key));

const attachments = (where: string, { effect, principal, condition, negations }: Statement): Finding[] => {
  if (effect === 'Deny') return [];
  const isAnybody =
    (principal === '*' || Object.values(principal ?? {}).includes('*')) &&
    !isBoundBy(condition, 'aws:PrincipalAccount');
  const isService = (principal as { Service?: string } | undefined)?.Service !== undefined;
  const isBound = ['aws:SourceAccount', 'aws:SourceArn'].some((key) => isBoundBy(condition, key));
  return [
    ...(isAnybody ? [{ where, problem: 'It is open to anybody.' }] : []),
    ...(isService && !isBound
      ? [{ where, problem: 'It is open to a service for any account; add aws:SourceArn.' }]
      : []),
    ...negations.map((name) => ({ where, problem: `${name} allows what nobody thought of.` })),
  ];
};
