import { roleOf, type Statement, statementsOf } from './policies.ts';
import { type Finding, listOf, resourcesOf, type Template, targetOf } from './template.ts';

/**
 * Looks at the targets of rules and schedules: whether they may be called, and where an event goes that they don't take.
 */
export const checkRules = (template: Template): Finding[] => [...ofRules(template), ...ofSchedules(template)];

const ofRules = (template: Template): Finding[] => {
  const callable = new Set(
    resourcesOf(template, 'AWS::Lambda::Permission')
      .filter(([, { Principal, SourceArn }]) => Principal === 'events.amazonaws.com' && SourceArn !== undefined)
      .map(([, { FunctionName }]) => targetOf(FunctionName)),
  );
  return resourcesOf(template, 'AWS::Events::Rule').flatMap(([where, { Targets }]) =>
    listOf(Targets as Target[]).flatMap(({ Arn, RetryPolicy, DeadLetterConfig }) => {
      const target = targetOf(Arn);
      const isFunction = template.Resources[target ?? '']?.Type === 'AWS::Lambda::Function';
      return [
        ...(isFunction && !callable.has(target) ? [{ where, problem: `${target} doesn't let rules call it.` }] : []),
        ...losses(where, { Arn, RetryPolicy, DeadLetterConfig }),
      ];
    }),
  );
};

/** A schedule calls its target, and fills its queue, under its own role. */
const ofSchedules = (template: Template): Finding[] =>
  resourcesOf(template, 'AWS::Scheduler::Schedule').flatMap(([where, { GroupName, Target }]) => {
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
  ...(RetryPolicy ? [] : [{ where, problem: `Its target ${targetOf(Arn)} has no RetryPolicy.` }]),
  ...(DeadLetterConfig ? [] : [{ where, problem: `Its target ${targetOf(Arn)} has no DeadLetterConfig.` }]),
];

interface Target {
  readonly Arn: unknown;
  readonly RetryPolicy?: unknown;
  readonly DeadLetterConfig?: { readonly Arn: unknown } | undefined;
}
