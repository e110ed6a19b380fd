import type { MapProgress } from '#shared/executions/executions.ts';
import type { Watcher } from './follow-run.ts';
import { count, duration } from './format.ts';
import type { StateChange } from './state-changes.ts';
import { stateDetail } from './state-detail.ts';
import type { Format, Terminal } from './terminal.ts';

/** States that do something; Choice, Pass, Succeed and Fail only steer. */
const WORKING_TYPES = ['Task', 'Map', 'Parallel', 'Wait'];
/** Without a terminal a line says that a state is still running: first after this time, then each time it doubles. */
const FIRST_REMINDER_MILLISECONDS = 10_000;

export interface Progress extends Watcher {
  /** What runs now, a line a state. */
  running(): string[];
  /** Takes the live line away. */
  end(): void;
}

/** Shows a run as it goes: a line for each finished state with its time and counts, and what runs now. */
export const progress = (out: Terminal, now: () => number = Date.now): Progress => {
  const running = new Map<string, Running>();
  let failureIsTold = false;
  return {
    onChange(change) {
      if (!WORKING_TYPES.includes(change.type)) return;
      const key = `${change.machine} ${change.state}`;
      if (change.kind === 'entered') {
        running.set(key, { label: key, since: change.at.getTime(), nextReminder: FIRST_REMINDER_MILLISECONDS });
        return;
      }
      if (change.kind === 'retried') {
        out.print(lineOf(out, 'retried', change, `again, after ${change.error}`));
        return;
      }
      running.delete(key);
      out.status(undefined);
      // The child's own lines say more than its parent's.
      if (change.isParent && (change.kind === 'exited' || failureIsTold)) return;
      failureIsTold ||= change.kind === 'failed';
      out.print(lineOf(out, change.kind, change, change.map ? mapText(change.map) : stateDetail(change)));
    },
    onTick(map) {
      const innermost = [...running.values()].at(-1);
      if (!innermost) return out.status(undefined);
      const text = [innermost.label, duration(now() - innermost.since), ...(map ? [mapText(map)] : [])].join('  ');
      if (out.isLive) out.status(`  ${out.style('cyan', '…')} ${text}`);
      else remind(out, innermost, text, now());
    },
    running: () => [...running.values()].map(({ label, since }) => `  … ${label}, since ${duration(now() - since)}`),
    end: () => out.status(undefined),
  };
};

interface Running {
  readonly label: string;
  readonly since: number;
  nextReminder: number;
}

const MARKS: Readonly<Record<Exclude<StateChange['kind'], 'entered'>, readonly [Format, string]>> = {
  exited: ['green', '✓'],
  failed: ['red', '✗'],
  retried: ['yellow', '↻'],
};

const lineOf = (out: Terminal, kind: keyof typeof MARKS, change: StateChange, detail: string): string => {
  const mark = out.style(...MARKS[kind]);
  const time = duration(change.milliseconds).padStart(11);
  const told = detail === '' ? '' : `  ${out.style('dim', detail)}`;
  return `  ${mark} ${change.machine.padEnd(10)} ${change.state.padEnd(19)} ${time}${told}`;
};

const mapText = ({ totalCount, succeededCount, failedCount }: MapProgress): string =>
  `${count(succeededCount)} of ${count(totalCount)} done${failedCount > 0 ? `, ${count(failedCount)} failed` : ''}`;

const remind = (out: Terminal, running: Running, text: string, now: number): void => {
  if (now - running.since < running.nextReminder) return;
  running.nextReminder *= 2;
  out.print(`  … ${text}, still running`);
};
