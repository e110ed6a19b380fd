import {
  CreateEventBusCommand,
  type EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import type { Deployment, Rule } from '#local/template/deployment.ts';

/** Creates the event buses and puts the rules of a deployment. */
export const deployRules = async (
  eventBridge: EventBridgeClient,
  { eventBuses, rules }: Pick<Deployment, 'eventBuses' | 'rules'>,
): Promise<void> => {
  for (const name of eventBuses) await createEventBus(eventBridge, name);
  for (const rule of rules) await putRule(eventBridge, rule);
};

const createEventBus = async (eventBridge: EventBridgeClient, Name: string): Promise<void> => {
  try {
    await eventBridge.send(new CreateEventBusCommand({ Name }));
  } catch (error) {
    if ((error as Error).name !== 'ResourceAlreadyExistsException') throw error;
  }
};

const putRule = async (eventBridge: EventBridgeClient, rule: Rule): Promise<void> => {
  const { name, busName, eventPattern, scheduleExpression, targets } = rule;
  const bus = busName !== undefined && { EventBusName: busName };
  await eventBridge.send(
    new PutRuleCommand({
      Name: name,
      ...bus,
      ...(eventPattern !== undefined && { EventPattern: eventPattern }),
      ...(scheduleExpression !== undefined && { ScheduleExpression: scheduleExpression }),
    }),
  );
  await eventBridge.send(new PutTargetsCommand({ Rule: name, ...bus, Targets: [...targets] }));
};
