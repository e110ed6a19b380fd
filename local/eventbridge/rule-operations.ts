import { z } from 'zod';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import { findBus, type OperationContext, operation, page } from './operation.ts';
import { DEFAULT_BUS, type Rule, ruleArn } from './rules.ts';

/** PutRule, DescribeRule, ListRules, EnableRule, DisableRule and DeleteRule. */
export const ruleOperations = (context: OperationContext): Readonly<Record<string, Operation>> => {
  const { account, clock, rules, rulesChanged } = context;
  const describe = ({ targets: _, createdAt: __, ...rule }: Rule): object => ({
    ...rule,
    Arn: ruleArn(account, rule),
  });
  const setState = (State: Rule['State']): Operation =>
    operation(RuleReference, async ({ Name, EventBusName }) => {
      await rules.putRule({ ...findRule(context, Name, EventBusName), State });
      rulesChanged();
    });
  return {
    PutRule: operation(PutRuleInput, async (input) => {
      const EventBusName = findBus(context, input.EventBusName).Name;
      if (input.ScheduleExpression !== undefined && EventBusName !== DEFAULT_BUS) {
        throw new AwsError('ValidationException', 'ScheduleExpression is supported only on the default event bus.');
      }
      const before = rules.rule(EventBusName, input.Name);
      // A rate counts from the moment at which the rule got it.
      const sameSchedule = before?.ScheduleExpression === input.ScheduleExpression;
      const createdAt = before && sameSchedule ? before.createdAt : clock.now().getTime();
      const rule: Rule = { ...input, EventBusName, targets: before?.targets ?? [], createdAt };
      await rules.putRule(rule);
      rulesChanged();
      return { RuleArn: ruleArn(account, rule) };
    }),
    DescribeRule: operation(RuleReference, ({ Name, EventBusName }) => describe(findRule(context, Name, EventBusName))),
    ListRules: operation(ListRulesInput, ({ EventBusName, NamePrefix = '', ...range }) => {
      const found = rules.rules(findBus(context, EventBusName).Name).filter(({ Name }) => Name.startsWith(NamePrefix));
      const { items, ...next } = page(found, range);
      return { Rules: items.map(describe), ...next };
    }),
    EnableRule: setState('ENABLED'),
    DisableRule: setState('DISABLED'),
    DeleteRule: operation(DeleteRuleInput, async ({ Name, EventBusName }) => {
      const busName = findBus(context, EventBusName).Name;
      if (rules.rule(busName, Name)?.targets.length) {
        throw new AwsError('ValidationException', "Rule can't be deleted since it has targets.");
      }
      await rules.deleteRule(busName, Name);
      rulesChanged();
    }),
  };
};

/** @throws AwsError ResourceNotFoundException */
export const findRule = (context: OperationContext, name: string, busNameOrArn: string | undefined): Rule => {
  const busName = findBus(context, busNameOrArn).Name;
  const rule = context.rules.rule(busName, name);
  if (!rule) throw new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus ${busName}.`);
  return rule;
};

const RuleReference = z.strictObject({ Name: z.string(), EventBusName: z.string().optional() });

const DeleteRuleInput = RuleReference.extend({ Force: z.boolean().optional() });

const PutRuleInput = z
  .strictObject({
    Name: z.string().regex(/^[.\-_A-Za-z0-9]{1,64}$/, 'must have 1-64 letters, digits and . - _'),
    EventBusName: z.string().optional(),
    EventPattern: z.string().optional(),
    ScheduleExpression: z.string().optional(),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    Description: z.string().max(512).optional(),
    RoleArn: z.string().optional(),
  })
  .refine(({ EventPattern, ScheduleExpression }) => EventPattern !== undefined || ScheduleExpression !== undefined, {
    message: 'Parameter(s) EventPattern or ScheduleExpression must be specified.',
  });

const ListRulesInput = z.strictObject({
  EventBusName: z.string().optional(),
  NamePrefix: z.string().optional(),
  Limit: z.int().min(1).max(100).optional(),
  NextToken: z.string().optional(),
});
