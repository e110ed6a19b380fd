import type { Clock } from './clock.ts';
import type { Rule, RuleStore } from './rules.ts';
import type { NextDue } from './schedule.ts';

/** Fires the rules that have a schedule. */
export interface Scheduler {
  /** Takes up new and changed rules and drops the others; what is already planned keeps its time. */
  refresh(): void;
  close(): void;
}

interface Plan {
  readonly signature: string;
  callOff: () => void;
}

/** @param fire gets the minute at which the rule was due; what came due while nobody watched is not made up for. */
export const startScheduler = (rules: RuleStore, clock: Clock, fire: (rule: Rule, due: Date) => void): Scheduler => {
  const plans = new Map<string, Plan>();

  const plan = (key: string, rule: Rule, nextDue: NextDue, after: Date): void => {
    const due = nextDue(after, new Date(rule.createdAt));
    if (due === undefined) return;
    const callOff = clock.at(due, () => {
      const current = rules.rule(rule.EventBusName, rule.Name);
      if (current) fire(current, due);
      plan(key, rule, nextDue, new Date(Math.max(due.getTime(), clock.now().getTime())));
    });
    plans.set(key, { signature: signatureOf(rule), callOff });
  };

  const refresh = (): void => {
    const scheduled = new Map(rules.scheduled().map((entry) => [entry.rule.Name, entry]));
    for (const [key, { signature, callOff }] of plans) {
      const entry = scheduled.get(key);
      if (entry && signatureOf(entry.rule) === signature) continue;
      callOff();
      plans.delete(key);
    }
    for (const [key, { rule, nextDue }] of scheduled) {
      if (!plans.has(key)) plan(key, rule, nextDue, clock.now());
    }
  };

  refresh();
  return {
    refresh,
    close() {
      for (const { callOff } of plans.values()) callOff();
      plans.clear();
    },
  };
};

const signatureOf = ({ ScheduleExpression, createdAt }: Rule): string => `${createdAt} ${ScheduleExpression}`;
