import { createHash } from 'node:crypto';
import type { Account } from '#local/stand-in.ts';

/** What CloudFormation knows of a resource that it has made. */
export interface PhysicalResource {
  readonly name: string;
  /** What `Ref` gives. */
  readonly ref: string;
  /** What `Fn::GetAtt` gives, by attribute. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Stack {
  readonly name: string;
  readonly account: Account;
  /** By logical id: names that a real stack has made up already. */
  readonly names?: Readonly<Record<string, string>>;
}

type Properties = Readonly<Record<string, unknown>>;

interface ResourceType {
  /** The property that names it; without one CloudFormation makes a name up. */
  readonly nameProperty?: string;
  readonly longestName: number;
  readonly describe: (name: string, properties: Properties, arn: ArnOf) => Omit<PhysicalResource, 'name'>;
}

/** An ARN of this account, or with `global` one that names no region, or neither region nor account. */
type ArnOf = (service: string, rest: string, scope?: 'regional' | 'global' | 'bare') => string;

/** The resource as CloudFormation would make it, with a made-up name that stays the same; undefined for an unknown type. */
export const physicalResource = (
  type: string,
  id: string,
  properties: Properties,
  { name: stackName, account, names = {} }: Stack,
): PhysicalResource | undefined => {
  const known = TYPES[type];
  if (!known) return undefined;
  const given = names[id] ?? (known.nameProperty && properties[known.nameProperty]);
  const name = typeof given === 'string' ? given : generatedName(stackName, id, type, known.longestName);
  const arn: ArnOf = (service, rest, scope = 'regional') =>
    `arn:aws:${service}:${scope === 'regional' ? account.region : ''}:${scope === 'bare' ? '' : account.accountId}:${rest}`;
  return { name, ...known.describe(name, properties, arn) };
};

/** `<stack>-<logical id>-<12 characters>`, as CloudFormation makes it; the characters are no random ones here. */
const generatedName = (stackName: string, id: string, type: string, longest: number): string => {
  const suffix = createHash('sha256').update(`${stackName}/${id}`).digest('hex').slice(0, 12).toUpperCase();
  const name = `${`${stackName}-${id}`.slice(0, longest - suffix.length - 1)}-${suffix}`;
  return type === 'AWS::S3::Bucket' ? name.toLowerCase() : name;
};

const byName =
  (service: string, kind: string) =>
  (name: string, _: Properties, arn: ArnOf): Omit<PhysicalResource, 'name'> => ({
    ref: name,
    attributes: { Arn: arn(service, `${kind}${name}`), Name: name },
  });

/** Such as an API: the id is all there is. */
const byId = (name: string): Omit<PhysicalResource, 'name'> => {
  const id = createHash('sha256').update(name).digest('hex').slice(0, 10);
  return { ref: id, attributes: {} };
};

/** Of the network: `sg-` and 17 digits. */
const byEc2Id =
  (prefix: string, attribute: string) =>
  (name: string): Omit<PhysicalResource, 'name'> => {
    const id = `${prefix}-${createHash('sha256').update(name).digest('hex').slice(0, 17)}`;
    return { ref: id, attributes: { [attribute]: id } };
  };

/** Names' lengths: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html */
const TYPES: Readonly<Record<string, ResourceType>> = {
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    longestName: 63,
    describe: (name, _, arn) => ({ ref: name, attributes: { Arn: arn('s3', name, 'bare') } }),
  },
  'AWS::IAM::Role': {
    nameProperty: 'RoleName',
    longestName: 64,
    describe: (name, { Path = '/' }, arn) => ({
      ref: name,
      attributes: { Arn: arn('iam', `role${Path as string}${name}`, 'global') },
    }),
  },
  'AWS::Lambda::Function': {
    nameProperty: 'FunctionName',
    longestName: 64,
    describe: byName('lambda', 'function:'),
  },
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    longestName: 512,
    describe: (name, _, arn) => ({ ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } }),
  },
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    longestName: 80,
    describe: (name, _, arn) => {
      const [, , , region, accountId] = arn('sqs', name).split(':');
      const url = `https://sqs.${region}.amazonaws.com/${accountId}/${name}`;
      return { ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } };
    },
  },
  'AWS::SNS::Topic': {
    nameProperty: 'TopicName',
    longestName: 256,
    describe: (name, _, arn) => ({
      ref: arn('sns', name),
      attributes: { TopicArn: arn('sns', name), TopicName: name },
    }),
  },
  'AWS::Events::EventBus': {
    nameProperty: 'Name',
    longestName: 256,
    describe: byName('events', 'event-bus/'),
  },
  'AWS::Events::Rule': {
    nameProperty: 'Name',
    longestName: 64,
    describe: (name, { EventBusName: bus }, arn) =>
      typeof bus === 'string' && bus !== 'default'
        ? { ref: `${bus}|${name}`, attributes: { Arn: arn('events', `rule/${bus}/${name}`) } }
        : { ref: name, attributes: { Arn: arn('events', `rule/${name}`) } },
  },
  'AWS::StepFunctions::StateMachine': {
    nameProperty: 'StateMachineName',
    longestName: 80,
    describe: (name, _, arn) => ({
      ref: arn('states', `stateMachine:${name}`),
      attributes: { Arn: arn('states', `stateMachine:${name}`), Name: name },
    }),
  },
  'AWS::SecretsManager::Secret': {
    nameProperty: 'Name',
    longestName: 512,
    describe: (name, _, arn) => {
      const suffix = createHash('sha256').update(name).digest('hex').slice(0, 6);
      return { ref: arn('secretsmanager', `secret:${name}-${suffix}`), attributes: {} };
    },
  },
  'AWS::ECR::Repository': {
    nameProperty: 'RepositoryName',
    longestName: 256,
    describe: byName('ecr', 'repository/'),
  },
  'AWS::Scheduler::ScheduleGroup': {
    nameProperty: 'Name',
    longestName: 64,
    describe: byName('scheduler', 'schedule-group/'),
  },
  'AWS::ApiGatewayV2::Api': { longestName: 128, describe: byId },
  'AWS::ApiGatewayV2::Authorizer': { longestName: 128, describe: byId },
  'AWS::ApiGatewayV2::Integration': { longestName: 128, describe: byId },
  'AWS::EC2::SecurityGroup': { longestName: 255, describe: byEc2Id('sg', 'GroupId') },
  'AWS::EC2::Subnet': { longestName: 255, describe: byEc2Id('subnet', 'SubnetId') },
};
