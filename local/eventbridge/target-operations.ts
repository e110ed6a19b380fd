import { z } from 'zod';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import { AccessDenied } from '#local/iam/errors.ts';
import type { Iam } from '#local/iam/iam.ts';
import { type OperationContext, operation, page } from './operation.ts';
import { findRule } from './rule-operations.ts';
import { ruleArn, type Target } from './rules.ts';
import { checkInputShape } from './target-input.ts';
import { EVENTS, targetService } from './targets.ts';

/** PutTargets, RemoveTargets and ListTargetsByRule. */
export const targetOperations = (context: OperationContext): Readonly<Record<string, Operation>> => {
  const { rules, rulesChanged, account, iam } = context;
  const setTargets = async (ruleName: string, busName: string | undefined, change: ChangeTargets): Promise<object> => {
    const rule = findRule(context, ruleName, busName);
    await rules.putRule({ ...rule, targets: change(rule.targets) });
    rulesChanged();
    return { FailedEntryCount: 0, FailedEntries: [] };
  };
  return {
    PutTargets: operation(PutTargetsInput, ({ Rule, EventBusName, Targets }) => {
      checkTargets(Targets);
      const rule = ruleArn(account, findRule(context, Rule, EventBusName));
      for (const { RoleArn } of Targets) if (RoleArn !== undefined) assertTaken(iam, RoleArn, rule);
      return setTargets(Rule, EventBusName, (before) => {
        const replaced = new Set(Targets.map(({ Id }) => Id));
        const targets = [...before.filter(({ Id }) => !replaced.has(Id)), ...Targets];
        if (targets.length > MAX_TARGETS) {
          throw new AwsError('LimitExceededException', `A rule has at most ${MAX_TARGETS} targets.`);
        }
        return targets;
      });
    }),
    RemoveTargets: operation(RemoveTargetsInput, ({ Rule, EventBusName, Ids }) =>
      setTargets(Rule, EventBusName, (before) => before.filter(({ Id }) => !Ids.includes(Id))),
    ),
    ListTargetsByRule: operation(ListTargetsByRuleInput, ({ Rule, EventBusName, ...range }) => {
      const { items, ...next } = page(findRule(context, Rule, EventBusName).targets, range);
      return { Targets: items, ...next };
    }),
  };
};

type ChangeTargets = (before: readonly Target[]) => readonly Target[];

/** EventBridge's quota. */
const MAX_TARGETS = 5;

const checkTargets = (targets: readonly Target[]): void => {
  const problems = targets.flatMap((target) =>
    [
      ...(targetService(target.Arn)
        ? []
        : [`${target.Arn} is neither a Lambda function nor a state machine, the targets that the laptop has`]),
      ...(targetService(target.Arn) === 'stepFunctions' && target.RoleArn === undefined
        ? [`RoleArn is required for target ${target.Arn}`]
        : []),
      ...checkInputShape(target),
    ].map((problem) => `Target ${target.Id}: ${problem}.`),
  );
  if (problems.length > 0) throw new AwsError('ValidationException', problems.join('\n'));
};

const assertTaken = (iam: Iam, roleArn: string, rule: string): void => {
  try {
    iam.assertTrusts(roleArn, EVENTS, rule);
  } catch (error) {
    if (!(error instanceof AccessDenied)) throw error;
    throw new AwsError('ValidationException', `Provided role '${roleArn}' cannot be assumed by principal '${EVENTS}'.`);
  }
};

const TargetInput = z.strictObject({
  Id: z.string().regex(/^[.\-_A-Za-z0-9]{1,64}$/, 'must have 1-64 letters, digits and . - _'),
  Arn: z.string(),
  RoleArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, 'must be the ARN of a role')
    .optional(),
  Input: z.string().max(8192).optional(),
  InputPath: z.string().max(256).optional(),
  InputTransformer: z
    .strictObject({
      InputPathsMap: z.record(z.string(), z.string()).optional(),
      InputTemplate: z.string().min(1).max(8192),
    })
    .optional(),
  RetryPolicy: z
    .strictObject({
      MaximumRetryAttempts: z.int().min(0).max(185).optional(),
      MaximumEventAgeInSeconds: z.int().min(60).max(86_400).optional(),
    })
    .optional(),
  DeadLetterConfig: z.strictObject({ Arn: z.string().optional() }).optional(),
});

const PutTargetsInput = z.strictObject({
  Rule: z.string(),
  EventBusName: z.string().optional(),
  Targets: z.array(TargetInput).min(1).max(100),
});

const RemoveTargetsInput = z.strictObject({
  Rule: z.string(),
  EventBusName: z.string().optional(),
  Ids: z.array(z.string()).min(1).max(100),
  Force: z.boolean().optional(),
});

const ListTargetsByRuleInput = z.strictObject({
  Rule: z.string(),
  EventBusName: z.string().optional(),
  Limit: z.int().min(1).max(100).optional(),
  NextToken: z.string().optional(),
});
