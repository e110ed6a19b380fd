import type { JsonRequest, Permission } from '#local/http/aws-json.ts';
import type { Check } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import { stateMachineArn as stateMachineArnOf } from '../arns.ts';
import type { StateMachineStore } from '../store/state-machine-store.ts';
import { rootMachineArn, STATES } from '../tasks/roles.ts';
import type { TaskTokens } from '../tasks/tokens.ts';

interface Context {
  readonly account: Account;
  readonly machines: StateMachineStore;
  readonly tokens: TaskTokens;
}

/** What each operation of Step Functions asks for: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html */
export const permissions = ({ account, machines, tokens }: Context): Readonly<Record<string, Permission>> => {
  const onMachine =
    (action: string): Permission =>
    ({ stateMachineArn }) => [check(action, stateMachineArn, machineTags(machines, stateMachineArn))];
  const onTokensMachine =
    (action: string): Permission =>
    ({ taskToken }) => {
      const machine = tokens.machineOf(String(taskToken));
      return machine === undefined ? [] : [check(action, machine, machineTags(machines, machine))];
    };
  const onTagged =
    (action: string): Permission =>
    ({ resourceArn, tags, tagKeys }) => [
      check(action, resourceArn, { ...machineTags(machines, resourceArn), ...requestTags(tags, tagKeys) }),
    ];
  return {
    CreateStateMachine: ({ name, roleArn, tags }) => {
      const machineArn = stateMachineArnOf(account, String(name));
      const tagged = requestTags(tags);
      return [
        check('CreateStateMachine', machineArn, tagged),
        ...(Array.isArray(tags) && tags.length > 0 ? [check('TagResource', machineArn, tagged)] : []),
        passRole(roleArn),
      ];
    },
    UpdateStateMachine: (input, caller) => [
      ...(onMachine('UpdateStateMachine')(input, caller) as readonly Check[]),
      ...(input.roleArn === undefined ? [] : [passRole(input.roleArn)]),
    ],
    DeleteStateMachine: onMachine('DeleteStateMachine'),
    DescribeStateMachine: onMachine('DescribeStateMachine'),
    DescribeStateMachineForExecution: onExecution('DescribeStateMachineForExecution'),
    ListStateMachines: () => [check('ListStateMachines')],
    ValidateStateMachineDefinition: () => [check('ValidateStateMachineDefinition')],

    StartExecution: onMachine('StartExecution'),
    StartSyncExecution: onMachine('StartSyncExecution'),
    ListExecutions: (input, caller) =>
      input.mapRunArn === undefined
        ? onMachine('ListExecutions')(input, caller)
        : [check('ListExecutions', input.mapRunArn)],
    DescribeExecution: onExecution('DescribeExecution'),
    GetExecutionHistory: onExecution('GetExecutionHistory'),
    StopExecution: onExecution('StopExecution'),
    RedriveExecution: onExecution('RedriveExecution'),

    ListMapRuns: onExecution('ListMapRuns'),
    DescribeMapRun: ({ mapRunArn }) => [check('DescribeMapRun', mapRunArn)],
    UpdateMapRun: ({ mapRunArn }) => [check('UpdateMapRun', mapRunArn)],

    SendTaskSuccess: onTokensMachine('SendTaskSuccess'),
    SendTaskFailure: onTokensMachine('SendTaskFailure'),
    SendTaskHeartbeat: onTokensMachine('SendTaskHeartbeat'),

    TestState: ({ roleArn }) => [check('TestState'), ...(roleArn === undefined ? [] : [passRole(roleArn)])],
    TagResource: onTagged('TagResource'),
    UntagResource: onTagged('UntagResource'),
    ListTagsForResource: onTagged('ListTagsForResource'),
  };
};

const onExecution =
  (action: string): Permission =>
  ({ executionArn }) => [check(action, executionArn)];

/** What isn't an ARN is told as a mistake to those who may ask for everything. */
const check = (action: string, resource: unknown = '*', context?: Check['context']): Check => ({
  action: `states:${action}`,
  resource: typeof resource === 'string' && resource.startsWith('arn:') ? resource : '*',
  ...(context && { context }),
});

const passRole = (roleArn: unknown): Check => ({
  action: 'iam:PassRole',
  resource: typeof roleArn === 'string' && roleArn.startsWith('arn:') ? roleArn : '*',
  context: { 'iam:PassedToService': STATES },
});

const machineTags = ({ machines }: StateMachineStore, machineArn: unknown): Check['context'] => {
  const tags = machines.get(rootMachineArn(String(machineArn)))?.tags ?? {};
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
};

const requestTags = (tags: unknown, keys?: unknown): Record<string, string | readonly string[]> => {
  const sent = (Array.isArray(tags) ? tags : []) as readonly (JsonRequest | null)[];
  const tagKeys = [...sent.map((tag) => String(tag?.key)), ...(Array.isArray(keys) ? keys.map(String) : [])];
  return {
    ...Object.fromEntries(sent.map((tag) => [`aws:RequestTag/${tag?.key}`, String(tag?.value)])),
    ...(tagKeys.length > 0 && { 'aws:TagKeys': tagKeys }),
  };
};
