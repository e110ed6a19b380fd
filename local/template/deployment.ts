import type { DeployedPolicies } from '#local/iam/iam.ts';
import { TemplateError } from './errors.ts';
import { type HttpApi, httpApiOf } from './http-api.ts';
import type { Stack } from './physical-resources.ts';
import { deployedPolicies } from './policies.ts';
import { type ResolvedStack, resolveStack } from './stack.ts';
import type { Template } from './template.ts';

/** What a template deploys, as far as the local cloud has it; plain data. */
export interface Deployment {
  readonly stackName: string;
  readonly policies: DeployedPolicies;
  readonly buckets: readonly string[];
  readonly repositories: readonly { readonly name: string; readonly tagMutability: 'MUTABLE' | 'IMMUTABLE' }[];
  readonly eventBuses: readonly string[];
  readonly rules: readonly Rule[];
  /** By name. */
  readonly functions: Readonly<Record<string, FunctionDefinition>>;
  readonly stateMachines: readonly StateMachine[];
  readonly httpApi: HttpApi | undefined;
  /** ARNs of the resources that have one, by logical id. */
  readonly arns: Readonly<Record<string, string>>;
}

export interface FunctionDefinition {
  /** Such as `functions/api/list-runs/handler.handler`: the file without its ending, and the export. */
  readonly handler: string;
  readonly roleArn: string;
  readonly timeoutSeconds: number;
  readonly memorySizeMb: number;
  readonly reservedConcurrency?: number;
  readonly environment: Readonly<Record<string, string>>;
  /** The queue for events whose attempts all failed. */
  readonly onFailureArn?: string;
}

export interface StateMachine {
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** JSON, its placeholders filled. */
  readonly definition: string;
}

export interface Rule {
  readonly name: string;
  /** Absent for the default bus. */
  readonly busName?: string;
  readonly eventPattern?: string;
  readonly scheduleExpression?: string;
  readonly targets: readonly RuleTarget[];
}

/** In the words of CloudFormation, which are those of EventBridge. */
export interface RuleTarget {
  readonly Id: string;
  readonly Arn: string;
  readonly RoleArn?: string;
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: { readonly InputPathsMap?: Record<string, string>; readonly InputTemplate: string };
  readonly RetryPolicy?: { readonly MaximumRetryAttempts?: number; readonly MaximumEventAgeInSeconds?: number };
  readonly DeadLetterConfig?: { readonly Arn: string };
}

/** @throws TemplateError for a resource that the local cloud doesn't know, by its type. */
export const deploymentOf = (template: Template, stack: Stack): Deployment => {
  for (const [id, { Type }] of Object.entries(template.Resources)) {
    if (!KNOWN_TYPES.includes(Type) && !TYPES_WITHOUT_EFFECT.test(Type)) {
      throw new TemplateError(`The resource ${id} is of the type ${Type}, which the local cloud doesn't know.`);
    }
  }
  const resolved = resolveStack(template, stack);
  return {
    stackName: stack.name,
    policies: deployedPolicies(resolved),
    buckets: namesOf(resolved, 'AWS::S3::Bucket'),
    repositories: resolved.ofType('AWS::ECR::Repository').map(([id, { ImageTagMutability = 'MUTABLE' }]) => ({
      name: resolved.physical(id).name,
      tagMutability: ImageTagMutability as 'MUTABLE' | 'IMMUTABLE',
    })),
    eventBuses: namesOf(resolved, 'AWS::Events::EventBus'),
    rules: resolved
      .ofType('AWS::Events::Rule')
      .map(([id, properties]) => ruleOf(resolved.physical(id).name, properties)),
    functions: functionsOf(resolved),
    stateMachines: resolved.ofType('AWS::StepFunctions::StateMachine').map(([id, properties]) => {
      const { name, ref: arn } = resolved.physical(id);
      return { name, arn, roleArn: properties.RoleArn as string, definition: definitionOf(id, properties) };
    }),
    httpApi: httpApiOf(resolved),
    arns: arnsOf(resolved),
  };
};

/** Those that `deploymentOf` reads, and those whose names others refer to. */
const KNOWN_TYPES: readonly string[] = [
  ...['AWS::S3::Bucket', 'AWS::S3::BucketPolicy', 'AWS::IAM::Role', 'AWS::ECR::Repository'],
  ...['AWS::Lambda::Function', 'AWS::Lambda::Permission', 'AWS::Lambda::EventInvokeConfig'],
  ...['AWS::Events::EventBus', 'AWS::Events::Rule', 'AWS::StepFunctions::StateMachine'],
  ...['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'AWS::SNS::Topic', 'AWS::SNS::TopicPolicy'],
  ...['AWS::ApiGatewayV2::Api', 'AWS::ApiGatewayV2::Stage', 'AWS::ApiGatewayV2::Route'],
  ...['AWS::ApiGatewayV2::Integration', 'AWS::ApiGatewayV2::Authorizer'],
  ...[
    'AWS::SecretsManager::Secret',
    'AWS::Logs::LogGroup',
    'AWS::Scheduler::ScheduleGroup',
    'AWS::Scheduler::Schedule',
  ],
];

/** What a laptop has no use for: alarms and the network. Neither grants anything. */
const TYPES_WITHOUT_EFFECT = /^AWS::(CloudWatch|EC2)::\w+$/;

/** Of these every resource can be named. */
const TYPES_WITH_ARN: readonly string[] = [
  ...['AWS::S3::Bucket', 'AWS::IAM::Role', 'AWS::ECR::Repository', 'AWS::Lambda::Function', 'AWS::Events::EventBus'],
  ...['AWS::Events::Rule', 'AWS::StepFunctions::StateMachine', 'AWS::SQS::Queue', 'AWS::Scheduler::ScheduleGroup'],
];

const arnsOf = (stack: ResolvedStack): Record<string, string> =>
  Object.fromEntries(
    TYPES_WITH_ARN.flatMap((type) => stack.ofType(type)).map(([id]) => [id, stack.physical(id).attributes.Arn!]),
  );

const namesOf = (stack: ResolvedStack, type: string): string[] =>
  stack.ofType(type).map(([id]) => stack.physical(id).name);

const ruleOf = (name: string, properties: Readonly<Record<string, unknown>>): Rule => {
  const { EventBusName, EventPattern, ScheduleExpression, Targets } = properties as {
    EventBusName?: string;
    EventPattern?: object;
    ScheduleExpression?: string;
    Targets: readonly RuleTarget[];
  };
  return {
    name,
    ...(EventBusName !== undefined && { busName: EventBusName }),
    ...(EventPattern && { eventPattern: JSON.stringify(EventPattern) }),
    ...(ScheduleExpression !== undefined && { scheduleExpression: ScheduleExpression }),
    targets: Targets,
  };
};

const functionsOf = (stack: ResolvedStack): Record<string, FunctionDefinition> => {
  const destinations = Object.fromEntries(
    stack.ofType('AWS::Lambda::EventInvokeConfig').map(([, { FunctionName, DestinationConfig }]) => {
      const { OnFailure } = DestinationConfig as { OnFailure: { Destination: string } };
      return [FunctionName as string, OnFailure.Destination];
    }),
  );
  return Object.fromEntries(
    stack.ofType('AWS::Lambda::Function').map(([id, properties]) => {
      const { name } = stack.physical(id);
      const { Variables } = properties.Environment as { Variables: Readonly<Record<string, unknown>> };
      return [
        name,
        {
          handler: properties.Handler as string,
          roleArn: properties.Role as string,
          timeoutSeconds: properties.Timeout as number,
          memorySizeMb: properties.MemorySize as number,
          ...(properties.ReservedConcurrentExecutions !== undefined && {
            reservedConcurrency: properties.ReservedConcurrentExecutions as number,
          }),
          environment: Object.fromEntries(Object.entries(Variables).map(([key, value]) => [key, String(value)])),
          ...(destinations[name] !== undefined && { onFailureArn: destinations[name] }),
        },
      ];
    }),
  );
};

/** @throws TemplateError for a placeholder without a substitution. */
const definitionOf = (id: string, properties: Readonly<Record<string, unknown>>): string => {
  const { Definition, DefinitionSubstitutions = {} } = properties as {
    Definition: object;
    DefinitionSubstitutions?: Readonly<Record<string, string>>;
  };
  return JSON.stringify(Definition, null, 2).replace(/\$\{(\w+)\}/g, (placeholder, name: string) => {
    const value = DefinitionSubstitutions[name];
    if (value === undefined) throw new TemplateError(`${id} has no substitution for ${placeholder}.`);
    return JSON.stringify(value).slice(1, -1);
  });
};
