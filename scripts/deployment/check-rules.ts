import { namesIn } from './arns.ts';
import { roleOf, type Statement, statementsIn, statementsOf } from './policies.ts';
import { type Finding, listOf, resourcesOf, type Template, targetOf } from './template.ts';

/**
 * Looks at the targets of rules and schedules: whether they may be called, and where an event goes that they don't take.
 */
export const checkRules = (template: Template): Finding[] => [...ofRules(template), ...ofSchedules(template)];

const ofRules = (template: Template): Finding[] => {
  const { textOf, arnOf } = namesIn(template, 'stack');
  const callers = resourcesOf(template, 'AWS::Lambda::Permission')
    .filter(([, { Principal }]) => Principal === 'events.amazonaws.com')
    .map(([, { FunctionName, SourceArn }]) => `${targetOf(FunctionName)} ${textOf(SourceArn)}`);
  const senders = resourcesOf(template, 'AWS::SQS::QueuePolicy').flatMap(([, { PolicyDocument }]) =>
    statementsIn(PolicyDocument)
      .filter(({ effect, actions }) => effect === 'Allow' && actions.includes('sqs:SendMessage'))
      .flatMap(({ resources, condition }) =>
        resources.flatMap((queue) =>
          listOf(condition.ArnEquals?.['aws:SourceArn']).map((rule) => `${targetOf(queue)} ${textOf(rule)}`),
        ),
      ),
  );
  return resourcesOf(template, 'AWS::Events::Rule').flatMap(([where, { EventPattern, State = 'ENABLED', Targets }]) => [
    ...(State === 'ENABLED' ? [] : [{ where, problem: 'It is switched off.' }]),
    ...ofPattern(where, EventPattern),
    ...listOf(Targets as Target[]).flatMap(({ Arn, RetryPolicy, DeadLetterConfig }) => {
      const target = targetOf(Arn);
      const queue = targetOf(DeadLetterConfig?.Arn);
      const isFunction = template.Resources[target ?? '']?.Type === 'AWS::Lambda::Function';
      return [
        ...(isFunction && !callers.includes(`${target} ${arnOf(where)}`)
          ? [{ where, problem: `${target} doesn't let this rule call it.` }]
          : []),
        ...(queue !== undefined && !senders.includes(`${queue} ${arnOf(where)}`)
          ? [{ where, problem: `${queue} doesn't let this rule leave an event in it.` }]
          : []),
        ...losses(where, { Arn, RetryPolicy, DeadLetterConfig }),
      ];
    }),
  ]);
};

/** Events of other accounts come over a bus that was opened to them, or are forged; none of them is meant. */
const ofPattern = (where: string, pattern: unknown): Finding[] => {
  if (pattern === undefined) return [];
  const { account, source, 'detail-type': type } = pattern as Readonly<Record<string, unknown[] | undefined>>;
  const own = JSON.stringify(account) === JSON.stringify([{ Ref: 'AWS::AccountId' }]);
  return [
    ...(own ? [] : [{ where, problem: 'It takes events of other accounts; say account: [!Ref AWS::AccountId].' }]),
    ...(source && type ? [] : [{ where, problem: 'It takes events of any source or type; name both.' }]),
  ];
};

/** A schedule calls its target, and fills its queue, under its own role. */
const ofSchedules = (template: Template): Finding[] =>
  resourcesOf(template, 'AWS::Scheduler::Schedule').flatMap(([where, { GroupName, State = 'ENABLED', Target }]) => {
    const target = Target as Target & { readonly RoleArn?: unknown };
    const [roleId, role] = roleOf(template, target.RoleArn) ?? [];
    const calls: [action: string, resource: unknown][] = [
      ['lambda:InvokeFunction', target.Arn],
      ['sqs:SendMessage', target.DeadLetterConfig?.Arn],
    ];
    const forbidden = calls.filter(
      ([action, resource]) => !role || !statementsOf(role).some((each) => allows(each, action, resource)),
    );
    return [
      ...(State === 'ENABLED' ? [] : [{ where, problem: 'It is switched off.' }]),
      ...(GroupName ? [] : [{ where, problem: 'It has no group, so that any schedule may take its role.' }]),
      ...losses(where, target),
      ...forbidden.map(([action, resource]) => ({
        where,
        problem: `Its role ${roleId ?? ''} does not allow ${action} on ${targetOf(resource)}.`,
      })),
    ];
  });

const allows = ({ effect, actions, resources }: Statement, action: string, resource: unknown): boolean =>
  effect === 'Allow' && actions.includes(action) && resources.map(targetOf).includes(targetOf(resource));

const losses = (where: string, { Arn, RetryPolicy, DeadLetterConfig }: Target): Finding[] => [
  ...(Number(RetryPolicy?.MaximumRetryAttempts) > 0
    ? []
    : [{ where, problem: `Its target ${targetOf(Arn)} has no RetryPolicy.` }]),
  ...(DeadLetterConfig ? [] : [{ where, problem: `Its target ${targetOf(Arn)} has no DeadLetterConfig.` }]),
];

interface Target {
  readonly Arn: unknown;
  readonly RetryPolicy?: { readonly MaximumRetryAttempts?: unknown } | undefined;
  readonly DeadLetterConfig?: { readonly Arn: unknown } | undefined;
}
