/** A Task state's `Resource`, taken apart. */
export interface TaskResource {
  readonly kind: TaskKind;
  readonly pattern: TaskPattern;
  /** As in history events: `lambda`, `aws-sdk:s3`. */
  readonly resourceType: string;
  /** As in history events: `invoke`, `startExecution.sync:2`; the ARN of a Lambda function. */
  readonly resource: string;
  /** Of `aws-sdk:<service>:<action>`. */
  readonly service: string;
  readonly action: string;
}

export type TaskKind = 'lambdaFunction' | 'lambdaInvoke' | 'startExecution' | 'putEvents' | 'awsSdk';

/** How long a task takes: until the call answers, until the job it starts ends, or until its token comes back. */
export type TaskPattern = 'requestResponse' | 'sync' | 'sync:2' | 'waitForTaskToken';

/** Reads a `Resource`; the reason in words when the laptop can't run it. */
export const parseResource = (arn: string): TaskResource | string => {
  if (LAMBDA_FUNCTION.test(arn)) {
    return {
      kind: 'lambdaFunction',
      pattern: 'requestResponse',
      resourceType: 'lambda',
      resource: arn,
      service: 'lambda',
      action: 'invoke',
    };
  }
  if (ACTIVITY.test(arn)) return `Activities are not supported: ${arn}. Use a Lambda function or .waitForTaskToken.`;
  const [, service, action, suffix] = OPTIMIZED.exec(arn) ?? AWS_SDK.exec(arn) ?? [];
  if (!service || !action) return `${arn} is no resource that a Task can call.`;
  const pattern = (suffix ?? 'requestResponse') as TaskPattern;
  const isSdk = arn.includes(':::aws-sdk:');
  const table = isSdk ? SDK_RESOURCES : OPTIMIZED_RESOURCES;
  const known = table.get(isSdk ? service : `${service}:${action}`);
  if (!known) {
    const services = [...table.keys()].join(', ');
    return `The laptop does not run ${arn}. ${isSdk ? 'SDK integrations' : 'Integrations'} that it runs: ${services}.`;
  }
  if (!known.patterns.includes(pattern)) return `${service}:${action} does not support the pattern .${pattern}.`;
  return {
    kind: known.kind,
    pattern,
    resourceType: isSdk ? `aws-sdk:${service}` : service,
    resource: suffix ? `${action}.${suffix}` : action,
    service,
    action,
  };
};

const LAMBDA_FUNCTION = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/;
const ACTIVITY = /^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:activity:/;
const OPTIMIZED = /^arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:([a-z]+):([A-Za-z]+)(?:\.(sync:2|sync|waitForTaskToken))?$/;
const AWS_SDK = /^arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:aws-sdk:([a-z0-9]+):([A-Za-z0-9]+)(?:\.(waitForTaskToken))?$/;

interface KnownResource {
  readonly kind: TaskKind;
  readonly patterns: readonly TaskPattern[];
}

const OPTIMIZED_RESOURCES: ReadonlyMap<string, KnownResource> = new Map([
  ['lambda:invoke', { kind: 'lambdaInvoke', patterns: ['requestResponse', 'waitForTaskToken'] }],
  [
    'states:startExecution',
    { kind: 'startExecution', patterns: ['requestResponse', 'sync', 'sync:2', 'waitForTaskToken'] },
  ],
  ['events:putEvents', { kind: 'putEvents', patterns: ['requestResponse', 'waitForTaskToken'] }],
]);

const SDK_RESOURCES: ReadonlyMap<string, KnownResource> = new Map(
  ['eventbridge', 'lambda', 's3', 'sagemaker', 'sfn'].map((service) => [
    service,
    { kind: 'awsSdk', patterns: ['requestResponse', 'waitForTaskToken'] },
  ]),
);
