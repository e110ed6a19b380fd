import { namesIn } from './arns.ts';
import { checkPattern } from './check-pattern.ts';
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
      .filter(
        ({ effect, actions, principal }) =>
          effect === 'Allow' &&
          actions.includes('sqs:SendMessage') &&
          (principal as { Service?: unknown } | undefined)?.Service === 'events.amazonaws.com',
      )
      .flatMap(({ resources, condition }) =>
        resources.flatMap((queue) =>
          listOf(condition.ArnEquals?.['aws:SourceArn']).map((rule) => `${targetOf(queue)} ${textOf(rule)}`),
        ),
      ),
  );
  return resourcesOf(template, 'AWS::Events::Rule').flatMap(([where, properties]) => {
    const { EventBusName, EventPattern, ScheduleExpression, State = 'ENABLED', Targets } = properties;
    return [
      ...(State === 'ENABLED' ? [] : [{ where, problem: 'It is switched off.' }]),
      ...checkPattern(where, EventPattern, targetOf(EventBusName)),
      ...(EventPattern || ScheduleExpression ? [] : [{ where, problem: 'Nothing sets it off.' }]),
      ...(listOf(Targets).length > 0 ? [] : [{ where, problem: 'It calls nobody.' }]),
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
    ];
  });
};

/** A schedule calls its target, and fills its queue, under its own role. */
const ofSchedules = (template: Template): Finding[] =>
  resourcesOf(template, 'AWS::Scheduler::Schedule').flatMap(([where, properties]) => {
    const { GroupName, ScheduleExpressionTimezone, State = 'ENABLED', Target } = properties;
    const target = Target as Target & { readonly Input?: unknown; readonly RoleArn?: unknown };
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
      ...(ScheduleExpressionTimezone ? [] : [{ where, problem: 'It names no time zone.' }]),
      ...(/"pipeline":/.test(String(target.Input)) ? [] : [{ where, problem: 'Its input names no pipeline.' }]),
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
  ...(DeadLetterConfig?.Arn ? [] : [{ where, problem: `Its target ${targetOf(Arn)} has no DeadLetterConfig.` }]),
];

interface Target {
  readonly Arn: unknown;
  readonly RetryPolicy?: { readonly MaximumRetryAttempts?: unknown } | undefined;
  readonly DeadLetterConfig?: { readonly Arn: unknown } | undefined;
}
