import type { JsonRequest, Permission } from '#local/http/aws-json.ts';
import type { Check } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import { busArn, DEFAULT_BUS } from './rules.ts';
import { EVENTS } from './targets.ts';

/** What each operation asks for: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html */
export const permissions = (account: Account): Readonly<Record<string, Permission>> => {
  const onBus =
    (action: string): Permission =>
    ({ Name }) => [check(action, busResource(account, Name))];
  const onRule =
    (action: string, ruleMember: 'Name' | 'Rule' = 'Name'): Permission =>
    ({ EventBusName, ...input }) => [
      check(action, ruleResource(account, input[ruleMember], EventBusName), {
        'events:creatorAccount': account.accountId,
      }),
    ];
  return {
    PutEvents: ({ Entries }) =>
      records(Entries).map(({ EventBusName, Source, DetailType }) =>
        check('PutEvents', busResource(account, EventBusName), {
          ...(typeof Source === 'string' && { 'events:source': Source }),
          ...(typeof DetailType === 'string' && { 'events:detail-type': DetailType }),
        }),
      ),
    TestEventPattern: () => [check('TestEventPattern')],

    CreateEventBus: onBus('CreateEventBus'),
    DescribeEventBus: onBus('DescribeEventBus'),
    DeleteEventBus: onBus('DeleteEventBus'),
    ListEventBuses: () => [check('ListEventBuses')],

    PutRule: ({ Name, EventBusName, EventPattern, RoleArn }) => [
      check('PutRule', ruleResource(account, Name, EventBusName), {
        'events:creatorAccount': account.accountId,
        ...patternContext(EventPattern),
      }),
      ...passRole([RoleArn]),
    ],
    DescribeRule: onRule('DescribeRule'),
    EnableRule: onRule('EnableRule'),
    DisableRule: onRule('DisableRule'),
    DeleteRule: onRule('DeleteRule'),
    ListRules: () => [check('ListRules')],

    PutTargets: ({ Rule, EventBusName, Targets }) => [
      check('PutTargets', ruleResource(account, Rule, EventBusName), {
        'events:creatorAccount': account.accountId,
        'events:TargetArn': records(Targets).map(({ Arn }) => String(Arn)),
      }),
      ...passRole(records(Targets).map(({ RoleArn }) => RoleArn)),
    ],
    RemoveTargets: onRule('RemoveTargets', 'Rule'),
    ListTargetsByRule: onRule('ListTargetsByRule', 'Rule'),
  };
};

const check = (action: string, resource = '*', context?: Check['context']): Check => ({
  action: `events:${action}`,
  resource,
  ...(context && { context }),
});

const busResource = (account: Account, nameOrArn: unknown = DEFAULT_BUS): string =>
  String(nameOrArn).startsWith('arn:') ? String(nameOrArn) : busArn(account, String(nameOrArn));

/** `…:rule/<rule>` on the default bus, `…:rule/<bus>/<rule>` on all others. */
const ruleResource = (account: Account, name: unknown, bus: unknown): string => {
  const [prefix, busName] = busResource(account, bus).split(':event-bus/');
  return `${prefix}:rule/${busName === DEFAULT_BUS ? '' : `${busName}/`}${name}`;
};

const passRole = (roleArns: readonly unknown[]): Check[] =>
  [...new Set(roleArns)]
    .filter((roleArn) => roleArn !== undefined)
    .map((roleArn) => ({
      action: 'iam:PassRole',
      resource: String(roleArn).startsWith('arn:') ? String(roleArn) : '*',
      context: { 'iam:PassedToService': EVENTS },
    }));

/** A rule's pattern may name the sources and detail types that its maker is limited to. */
const patternContext = (pattern: unknown): Record<string, readonly string[]> => {
  const { source, 'detail-type': detailType } = parsed(pattern);
  const texts = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  return {
    ...(texts(source).length > 0 && { 'events:source': texts(source) }),
    ...(texts(detailType).length > 0 && { 'events:detail-type': texts(detailType) }),
  };
};

const parsed = (pattern: unknown): JsonRequest => {
  try {
    return (JSON.parse(String(pattern)) ?? {}) as JsonRequest;
  } catch {
    return {}; // the operation tells what is wrong with it
  }
};

const records = (value: unknown): readonly JsonRequest[] =>
  (Array.isArray(value) ? value : []).filter((item) => typeof item === 'object' && item !== null);
