import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Account } from '#local/stand-in.ts';
import type { EventBridgeEvent } from './event.ts';
import { compileEventPattern, type EventMatcher } from './event-pattern.ts';
import type { Json } from './json.ts';
import { type NextDue, parseSchedule } from './schedule.ts';
import type { InputShape } from './target-input.ts';

export const DEFAULT_BUS = 'default';

export interface EventBus {
  readonly Name: string;
  readonly Description?: string | undefined;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export interface Target extends InputShape {
  readonly Id: string;
  readonly Arn: string;
  readonly RoleArn?: string | undefined;
  readonly RetryPolicy?: RetryPolicy | undefined;
  readonly DeadLetterConfig?: { readonly Arn?: string | undefined } | undefined;
}

export interface RetryPolicy {
  readonly MaximumRetryAttempts?: number | undefined;
  readonly MaximumEventAgeInSeconds?: number | undefined;
}

export interface Rule {
  readonly Name: string;
  readonly EventBusName: string;
  readonly State: 'ENABLED' | 'DISABLED';
  readonly EventPattern?: string | undefined;
  readonly ScheduleExpression?: string | undefined;
  readonly Description?: string | undefined;
  readonly RoleArn?: string | undefined;
  readonly targets: readonly Target[];
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** Buses, rules and targets, which survive a restart. */
export interface RuleStore {
  readonly buses: ReadonlyMap<string, EventBus>;
  rules(busName: string): readonly Rule[];
  rule(busName: string, name: string): Rule | undefined;
  /** The enabled rules of a bus whose pattern an event fits. */
  matching(busName: string, event: EventBridgeEvent): readonly Rule[];
  /** The enabled rules with a schedule, with their reading of it. */
  scheduled(): readonly { readonly rule: Rule; readonly nextDue: NextDue }[];
  putBus(bus: EventBus): Promise<void>;
  deleteBus(name: string): Promise<void>;
  /** @throws AwsError for a pattern or schedule that isn't one; the store is as before. */
  putRule(rule: Rule): Promise<void>;
  deleteRule(busName: string, name: string): Promise<void>;
}

interface Compiled {
  readonly rule: Rule;
  readonly matches?: EventMatcher;
  readonly nextDue?: NextDue;
}

interface State {
  readonly buses: readonly EventBus[];
  readonly rules: readonly Rule[];
}

export const openRuleStore = async (file: string): Promise<RuleStore> => {
  const state = await load(file);
  const buses = new Map(state.buses.map((bus) => [bus.Name, bus]));
  const rules = new Map(state.rules.map((rule) => [keyOf(rule.EventBusName, rule.Name), compile(rule)]));
  if (!buses.has(DEFAULT_BUS)) buses.set(DEFAULT_BUS, { Name: DEFAULT_BUS, createdAt: Date.now() });

  let saved: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    const content = JSON.stringify({ buses: [...buses.values()], rules: [...rules.values()].map(({ rule }) => rule) });
    // One write after the other, so that the last state is the one that stays; an earlier failure was its caller's.
    saved = saved.catch(() => {}).then(() => write(file, content));
    return saved;
  };
  const enabled = (): Compiled[] => [...rules.values()].filter(({ rule }) => rule.State === 'ENABLED');

  return {
    buses,
    rules: (busName) => [...rules.values()].map(({ rule }) => rule).filter((rule) => rule.EventBusName === busName),
    rule: (busName, name) => rules.get(keyOf(busName, name))?.rule,
    matching: (busName, event) =>
      enabled()
        .filter(({ rule, matches }) => rule.EventBusName === busName && matches?.(event as unknown as Json))
        .map(({ rule }) => rule),
    scheduled: () => enabled().flatMap(({ rule, nextDue }) => (nextDue ? [{ rule, nextDue }] : [])),
    putBus(bus) {
      buses.set(bus.Name, bus);
      return save();
    },
    deleteBus(name) {
      buses.delete(name);
      return save();
    },
    async putRule(rule) {
      rules.set(keyOf(rule.EventBusName, rule.Name), compile(rule));
      await save();
    },
    deleteRule(busName, name) {
      rules.delete(keyOf(busName, name));
      return save();
    },
  };
};

export const busArn = ({ region, accountId }: Account, name: string): string =>
  `arn:aws:events:${region}:${accountId}:event-bus/${name}`;

export const ruleArn = (
  { region, accountId }: Account,
  { EventBusName, Name }: Pick<Rule, 'EventBusName' | 'Name'>,
): string =>
  `arn:aws:events:${region}:${accountId}:rule/${EventBusName === DEFAULT_BUS ? '' : `${EventBusName}/`}${Name}`;

const keyOf = (busName: string, ruleName: string): string => `${busName}/${ruleName}`;

const compile = (rule: Rule): Compiled => ({
  rule,
  ...(rule.EventPattern !== undefined && { matches: compileEventPattern(rule.EventPattern) }),
  ...(rule.ScheduleExpression !== undefined && { nextDue: parseSchedule(rule.ScheduleExpression) }),
});

const load = async (file: string): Promise<State> => {
  await mkdir(dirname(file), { recursive: true });
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"buses":[],"rules":[]}';
    throw error;
  });
  try {
    return JSON.parse(text) as State;
  } catch (cause) {
    throw new Error(`${file} is not JSON. Remove it to start without rules; they can be put again.`, { cause });
  }
};

const write = async (file: string, content: string): Promise<void> => {
  await writeFile(`${file}.part`, content);
  await rename(`${file}.part`, file);
};
