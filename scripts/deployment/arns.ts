import type { Resource, Template } from './template.ts';

/** An account that a template is imagined to be deployed to. */
const PSEUDO_PARAMETERS: Readonly<Record<string, string>> = {
  'AWS::AccountId': '123456789012',
  'AWS::Partition': 'aws',
  'AWS::Region': 'ap-southeast-1', // as long as any region's name
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Where a type has its name, and the ARN that it becomes a part of. Types that others can't name in a policy are left out. */
const NAMED_TYPES: Readonly<
  Record<string, { readonly property: string; readonly arn: string; readonly maxLength: number }>
> = {
  'AWS::CloudWatch::Alarm': { property: 'AlarmName', arn: 'cloudwatch:R:A:alarm:NAME', maxLength: 255 },
  'AWS::CloudWatch::Dashboard': { property: 'DashboardName', arn: 'cloudwatch::A:dashboard/NAME', maxLength: 255 },
  'AWS::ECR::Repository': { property: 'RepositoryName', arn: 'ecr:R:A:repository/NAME', maxLength: 256 },
  'AWS::Events::EventBus': { property: 'Name', arn: 'events:R:A:event-bus/NAME', maxLength: 256 },
  'AWS::Events::Rule': { property: 'Name', arn: 'events:R:A:rule/NAME', maxLength: 64 },
  'AWS::Lambda::Function': { property: 'FunctionName', arn: 'lambda:R:A:function:NAME', maxLength: 64 },
  'AWS::Logs::LogGroup': { property: 'LogGroupName', arn: 'logs:R:A:log-group:NAME', maxLength: 512 },
  'AWS::S3::Bucket': { property: 'BucketName', arn: 's3:::NAME', maxLength: 63 },
  'AWS::SNS::Topic': { property: 'TopicName', arn: 'sns:R:A:NAME', maxLength: 256 },
  'AWS::SQS::Queue': { property: 'QueueName', arn: 'sqs:R:A:NAME', maxLength: 80 },
  'AWS::Scheduler::ScheduleGroup': { property: 'Name', arn: 'scheduler:R:A:schedule-group/NAME', maxLength: 64 },
  'AWS::StepFunctions::StateMachine': {
    property: 'StateMachineName',
    arn: 'states:R:A:stateMachine:NAME',
    maxLength: 80,
  },
};

/** Types whose `Ref` is their ARN. */
const REF_IS_ARN = new Set(['AWS::SNS::Topic', 'AWS::SecretsManager::Secret', 'AWS::StepFunctions::StateMachine']);

/** What a template's names and ARNs come to. */
export interface Names {
  /** The text of a value, with intrinsic functions computed; undefined where that takes the real account. */
  readonly textOf: (value: unknown) => string | undefined;
  readonly nameOf: (id: string) => string | undefined;
  readonly arnOf: (id: string) => string | undefined;
}

/** The property that has a resource's name, and the longest name that its service takes; undefined where none is needed. */
export const nameRuleOf = (type: string): { readonly property: string; readonly maxLength: number } | undefined =>
  NAMED_TYPES[type];

export const namesIn = (
  { Resources }: Template,
  stackName: string,
  parameters: Readonly<Record<string, string>> = {},
): Names => {
  const given: Readonly<Record<string, string>> = {
    ...PSEUDO_PARAMETERS,
    ...parameters,
    'AWS::StackName': stackName,
    'AWS::StackId': `arn:aws:cloudformation:ap-southeast-1:123456789012:stack/${stackName}/${idOf(stackName)}-51ca-11ee-8c99-0242ac120002`,
  };

  const nameOf = (id: string): string | undefined => {
    const resource = Resources[id];
    if (!resource) return undefined;
    const property = resource.Type === 'AWS::IAM::Role' ? 'RoleName' : NAMED_TYPES[resource.Type]?.property;
    return (property && textOf(resource.Properties?.[property])) ?? generatedName(stackName, id, resource);
  };

  const arnOf = (id: string): string | undefined => {
    const resource = Resources[id];
    const name = nameOf(id);
    if (!resource || name === undefined) return undefined;
    const { Type, Properties = {} } = resource;
    if (Type === 'AWS::IAM::Role') return `arn:aws:iam::123456789012:role${Properties.Path ?? '/'}${name}`;
    if (Type === 'AWS::SecretsManager::Secret') return arn('secretsmanager:R:A:secret:NAME', name);
    const bus = Type === 'AWS::Events::Rule' ? textOf(Properties.EventBusName) : undefined;
    const template = NAMED_TYPES[Type]?.arn;
    return template && arn(template, bus === undefined ? name : `${bus}/${name}`);
  };

  const referenceTo = (id: string): string | undefined =>
    given[id] ?? (REF_IS_ARN.has(Resources[id]?.Type ?? '') ? arnOf(id) : nameOf(id));

  const attributeOf = (path: string): string | undefined => {
    const [id, attribute = ''] = path.split('.');
    if (attribute === 'Arn') return arnOf(id!);
    return attribute.endsWith('Name') ? nameOf(id!) : undefined;
  };

  const textOf = (value: unknown): string | undefined => {
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    if (typeof value !== 'object' || value === null) return undefined;
    const [key, content] = Object.entries(value)[0] ?? [];
    return key === undefined ? undefined : INTRINSICS[key]?.(content as never);
  };

  const INTRINSICS: Readonly<Record<string, (content: never) => string | undefined>> = {
    Ref: (id: string) => referenceTo(id),
    'Fn::GetAtt': (content: string | [string, string]) =>
      attributeOf(typeof content === 'string' ? content : content.join('.')),
    'Fn::Sub': (content: string | [string, Record<string, unknown>]) => {
      const [text, own] = typeof content === 'string' ? [content, {} as Record<string, unknown>] : content;
      return joined(
        text.split(/(\$\{[^}]+\})/).map((part) => {
          const [, name] = /^\$\{([^}]+)\}$/.exec(part) ?? [];
          if (name === undefined) return part;
          if (Object.hasOwn(own, name)) return textOf(own[name]);
          return name.includes('.') ? attributeOf(name) : referenceTo(name);
        }),
        '',
      );
    },
    'Fn::Join': ([separator, parts]: [string, unknown[]]) => joined(parts.map(textOf), separator),
    'Fn::Select': ([index, list]: [number, unknown]) => listOfTexts(list)?.[index],
    'Fn::If': ([, whenTrue, whenFalse]: [string, unknown, unknown]) => textOf(whenTrue) ?? textOf(whenFalse),
  };

  const listOfTexts = (value: unknown): readonly (string | undefined)[] | undefined => {
    if (Array.isArray(value)) return value.map(textOf);
    const [separator, text] = (value as { 'Fn::Split'?: [string, unknown] })['Fn::Split'] ?? [];
    return separator === undefined ? undefined : textOf(text)?.split(separator);
  };

  return { textOf, nameOf, arnOf };
};

const arn = (template: string, name: string): string =>
  `arn:aws:${template
    .replace(':R:', ':ap-southeast-1:')
    .replace(':A:', ':123456789012:')
    .replace('NAME', () => name)}`;

/** Eight digits that differ from stack to stack. */
const idOf = (stackName: string): string =>
  [...stackName]
    .reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7)
    .toString(16)
    .padStart(8, '0');

/** CloudFormation's own names: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html */
const generatedName = (stackName: string, id: string, { Type }: Resource): string =>
  Type === 'AWS::SecretsManager::Secret' ? `${id}-${idOf(stackName)}-a1b2c3` : `${stackName}-${id}-A1B2C3D4E5F6`;

const joined = (parts: readonly (string | undefined)[], separator: string): string | undefined =>
  parts.includes(undefined) ? undefined : parts.join(separator);
