import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { serveAwsJson } from '#local/http/aws-json.ts';
import type { Iam } from '#local/iam/iam.ts';
import { openJournal } from '#local/journal.ts';
import type { Account, StandIn } from '#local/stand-in.ts';
import { busOperations } from './bus-operations.ts';
import { type Chaos, disturbance } from './chaos.ts';
import { type Clock, systemClock } from './clock.ts';
import { openDeadLetters } from './dead-letters.ts';
import { type DeadLetter, type Delivery, startDeliveries } from './deliveries.ts';
import { type EventBridgeEvent, type EventContent, newEvent } from './event.ts';
import { eventOperations } from './event-operations.ts';
import type { OperationContext } from './operation.ts';
import { permissions } from './permissions.ts';
import { ruleOperations } from './rule-operations.ts';
import { DEFAULT_BUS, openRuleStore, type Rule, ruleArn } from './rules.ts';
import { startScheduler } from './scheduler.ts';
import { targetInput } from './target-input.ts';
import { targetOperations } from './target-operations.ts';
import { type TargetEndpoints, targetCaller } from './targets.ts';

export interface EventBridgeOptions {
  /** Holds rules, undelivered events, `dead-letters.jsonl` and, in `queues`, what reached a dead-letter queue. */
  readonly dataDir: string;
  readonly port?: number;
  readonly account: Account;
  readonly iam: Iam;
  /** Asked at the first delivery, which waits for it, so that the other servers may start later. */
  readonly endpoints: () => TargetEndpoints | Promise<TargetEndpoints>;
  readonly chaos?: Chaos;
  readonly clock?: Clock;
  /** The pause before the first retry of a delivery, default 1; it doubles up to `longestRetrySeconds`, default 60. */
  readonly firstRetrySeconds?: number;
  readonly longestRetrySeconds?: number;
  /** Hears of each delivery that was given up, after it was written to the file. */
  readonly onDeadLetter?: (letter: DeadLetter) => void;
}

export interface EventBridge extends StandIn {
  /** Puts an AWS service's own event, such as one of `aws.sagemaker`, on the default bus. */
  emit(content: EventContent): void;
  /** Resolves when every event has reached its targets or was given up; retries that wait for their time count. */
  idle(): Promise<void>;
  /** Disturbs the deliveries from now on; `{}` ends it. */
  disturb(chaos: Chaos): void;
}

/** EventBridge's API with buses, rules, schedules and the delivery to Lambda functions and state machines. */
export const startEventBridge = async (options: EventBridgeOptions): Promise<EventBridge> => {
  const { account, iam, dataDir, clock = systemClock } = options;
  await mkdir(dataDir, { recursive: true });
  const keepDeadLetter = openDeadLetters(dataDir, iam);
  let disturb = disturbance(options.chaos ?? {});
  const rules = await openRuleStore(join(dataDir, 'rules.json'));
  const deliveries = await startDeliveries({
    journal: await openJournal<Delivery>(join(dataDir, 'deliveries')),
    caller: targetCaller({ account, iam, endpoints: options.endpoints }),
    clock,
    disturb: () => disturb(),
    firstRetrySeconds: options.firstRetrySeconds ?? 1,
    longestRetrySeconds: options.longestRetrySeconds ?? 60,
    async onDeadLetter(letter) {
      const kept = await keepDeadLetter(letter);
      options.onDeadLetter?.(kept);
    },
  });

  const deliveriesOf = (rule: Rule, event: EventBridgeEvent): readonly Delivery[] =>
    rule.targets.map((target) => ({
      eventId: event.id,
      ruleArn: ruleArn(account, rule),
      targetArn: target.Arn,
      ...(target.RoleArn !== undefined && { roleArn: target.RoleArn }),
      input: targetInput(target, event, { Name: rule.Name, Arn: ruleArn(account, rule) }),
      acceptedAt: clock.now().getTime(),
      maximumRetryAttempts: target.RetryPolicy?.MaximumRetryAttempts ?? 185,
      maximumEventAgeInSeconds: target.RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400,
      ...(target.DeadLetterConfig?.Arn && { deadLetterArn: target.DeadLetterConfig.Arn }),
    }));
  const accepting = new Set<Promise<void>>();
  const accept = (event: EventBridgeEvent, matching: readonly Rule[]): Promise<void> => {
    const accepted = deliveries
      .accept(matching.flatMap((rule) => deliveriesOf(rule, event)))
      .finally(() => accepting.delete(accepted));
    accepting.add(accepted);
    return accepted;
  };
  const route = (busName: string, event: EventBridgeEvent): Promise<void> =>
    accept(event, rules.matching(busName, event));

  const scheduler = startScheduler(rules, clock, (rule, due) => {
    const content = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };
    const event = newEvent({ ...content, resources: [ruleArn(account, rule)] }, account, due);
    void accept(event, [rule]);
  });
  const stop = async (): Promise<void> => {
    scheduler.close();
    await Promise.all(accepting);
    await deliveries.close();
  };

  const context: OperationContext = { account, iam, clock, rules, route, rulesChanged: scheduler.refresh };
  const operations = {
    ...eventOperations(context),
    ...busOperations(context),
    ...ruleOperations(context),
    ...targetOperations(context),
  };
  const server = await serveAwsJson(
    {
      targetPrefix: 'AWSEvents',
      jsonVersion: '1.1',
      signingName: 'events',
      iam,
      permissions: permissions(account),
      operations,
    },
    options.port,
  ).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    url: server.url,
    emit: (content) => void route(DEFAULT_BUS, newEvent(content, account, clock.now())),
    async idle() {
      await Promise.all(accepting);
      await deliveries.idle();
    },
    disturb(chaos) {
      disturb = disturbance(chaos);
    },
    async close() {
      await server.close();
      await stop();
    },
  };
};
