import { type Finding, listOf, resourcesOf, type Template, targetOf } from './template.ts';

/** Looks at each rule's targets: whether they let the rule call them, and where an event goes that they don't take. */
export const checkRules = (template: Template): Finding[] => {
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
        ...(RetryPolicy ? [] : [{ where, problem: `Its target ${target} has no RetryPolicy.` }]),
        ...(DeadLetterConfig ? [] : [{ where, problem: `Its target ${target} has no DeadLetterConfig.` }]),
      ];
    }),
  );
};

interface Target {
  readonly Arn: unknown;
  readonly RetryPolicy?: unknown;
  readonly DeadLetterConfig?: unknown;
}
