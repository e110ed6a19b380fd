import { prettifyError, type z } from 'zod';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import type { Iam } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import type { Clock } from './clock.ts';
import type { EventBridgeEvent } from './event.ts';
import { busArn, DEFAULT_BUS, type EventBus, type RuleStore } from './rules.ts';

/** What the operations work on. */
export interface OperationContext {
  readonly account: Account;
  readonly iam: Iam;
  readonly clock: Clock;
  readonly rules: RuleStore;
  /** Hands an event of a bus to the targets of its rules; resolves when it cannot be lost any more. */
  readonly route: (busName: string, event: EventBridgeEvent) => Promise<void>;
  /** Called after each change of a rule. */
  readonly rulesChanged: () => void;
}

/** An operation whose input is checked: a member that the laptop doesn't know is refused by its name. */
export const operation =
  <Schema extends z.ZodType>(schema: Schema, run: (input: z.output<Schema>) => unknown): Operation =>
  (input: unknown) => {
    const parsed = schema.safeParse(input);
    if (!parsed.success) throw new AwsError('ValidationException', prettifyError(parsed.error));
    return run(parsed.data);
  };

/**
 * The bus behind a name or an ARN; `default` where neither is given.
 *
 * @throws AwsError ResourceNotFoundException
 */
export const findBus = ({ rules, account }: OperationContext, nameOrArn = DEFAULT_BUS): EventBus => {
  const prefix = busArn(account, '');
  const name = nameOrArn.startsWith(prefix) ? nameOrArn.slice(prefix.length) : nameOrArn;
  const bus = rules.buses.get(name);
  if (!bus) throw new AwsError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
  return bus;
};

/** One page of a list; the token is the index at which the next page begins. */
export const page = <T>(
  items: readonly T[],
  { Limit = 100, NextToken = '0' }: { Limit?: number | undefined; NextToken?: string | undefined },
): { readonly items: readonly T[]; readonly NextToken?: string } => {
  const start = Number(NextToken);
  if (!Number.isSafeInteger(start)) throw new AwsError('ValidationException', `NextToken ${NextToken} is not valid.`);
  const end = start + Limit;
  return { items: items.slice(start, end), ...(end < items.length && { NextToken: String(end) }) };
};
