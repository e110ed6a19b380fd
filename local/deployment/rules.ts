import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { parse } from 'yaml';
import { z } from 'zod';
import { EVENT_BUS_NAME } from '#local/deployment/event-bus.ts';
import { functionArn } from '#local/lambda/functions.ts';
import type { Account } from '#local/stand-in.ts';
import { cloudFormationTags } from './functions.ts';
import { stateMachineArn } from './state-machines.ts';

const Rule = z.object({
  Type: z.literal('AWS::Events::Rule'),
  Properties: z.object({
    EventPattern: z.json().optional(),
    EventBusName: z.literal('EventBus').optional(),
    ScheduleExpression: z.string().optional(),
    Targets: z.array(z.object({ Id: z.string(), Arn: z.string().regex(/^\w+LambdaFunction\.Arn$/) })),
  }),
});

const RulesFile = z.object({
  Resources: z.record(z.string(), z.union([Rule, z.object({ Type: z.string() })])),
});

/** Puts the rules of `functions/events/rules.yml`: the patterns and schedules that AWS gets too. */
export const deployRules = async (
  eventBridge: EventBridgeClient,
  { rootDir, account }: { readonly rootDir: string; readonly account: Account },
): Promise<void> => {
  const text = readFileSync(join(rootDir, 'functions', 'events', 'rules.yml'), 'utf8');
  const { Resources } = RulesFile.parse(parse(text, { customTags: cloudFormationTags }));
  for (const [name, resource] of Object.entries(Resources)) {
    if (!('Properties' in resource)) continue;
    const { EventPattern, EventBusName: ownBus, ScheduleExpression, Targets } = resource.Properties;
    const bus = ownBus && { EventBusName: EVENT_BUS_NAME };
    await eventBridge.send(
      new PutRuleCommand({
        Name: name,
        ...bus,
        ...(EventPattern !== undefined && { EventPattern: resolved(JSON.stringify(EventPattern), account) }),
        ...(ScheduleExpression && { ScheduleExpression }),
      }),
    );
    await eventBridge.send(
      new PutTargetsCommand({
        Rule: name,
        ...bus,
        Targets: Targets.map(({ Id, Arn }) => ({ Id, Arn: functionArn(account, functionKey(Arn)) })),
      }),
    );
  }
};

/** Patterns ask for the account's own events by `!Ref AWS::AccountId`, and for those of a machine by its own `!Ref`. */
const resolved = (pattern: string, account: Account): string =>
  pattern
    .replaceAll('"AWS::AccountId"', JSON.stringify(account.accountId))
    .replaceAll('"PipelineStateMachine"', JSON.stringify(stateMachineArn('pipeline', account)));

/** `ResumeTaskLambdaFunction.Arn` is how Serverless names the function `resumeTask` in a template. */
const functionKey = (attribute: string): string => {
  const name = attribute.replace('LambdaFunction.Arn', '');
  return name.charAt(0).toLowerCase() + name.slice(1);
};
