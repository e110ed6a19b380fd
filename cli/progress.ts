import type { StateChange } from './follow-run.ts';
import { count, duration, type Terminal } from './terminal.ts';

/** States that do something; Choice, Pass, Succeed and Fail only steer. */
const WORKING_TYPES = ['Task', 'Map', 'Parallel', 'Wait'];
/** Without a terminal a line says that a state is still running: first after this time, then each time it doubles. */
const FIRST_REMINDER_MILLISECONDS = 10_000;

/** Shows a run as it goes: a line for each finished state with its time and counts, and what runs now. */
export const progress = (out: Terminal) => {
  const running = new Map<string, Running>();
  return {
    onChange(change: StateChange): void {
      if (!WORKING_TYPES.includes(change.type)) return;
      const key = `${change.machine}/${change.state}`;
      if (change.kind === 'entered') {
        running.set(key, { label: key, since: change.at.getTime(), nextReminder: FIRST_REMINDER_MILLISECONDS });
        return;
      }
      running.delete(key);
      if (change.kind === 'failed' || !startsChild(change)) out.print(finishedLine(out, change));
    },
    onTick(): void {
      const now = Date.now();
      if (out.isLive) out.status(liveLine(out, [...running.values()], now));
      else remind(out, [...running.values()], now);
    },
    end(): void {
      out.status(undefined);
    },
  };
};

interface Running {
  readonly label: string;
  readonly since: number;
  nextReminder: number;
}

const finishedLine = (out: Terminal, change: StateChange): string => {
  const mark = change.kind === 'failed' ? out.style('red', '✗') : out.style('green', '✓');
  const time = duration(change.milliseconds).padStart(11);
  const detail = change.kind === 'failed' ? '' : (DETAILS[change.state]?.(change.result as never) ?? '');
  return `  ${mark} ${change.machine.padEnd(11)} ${change.state.padEnd(20)} ${time}  ${out.style('dim', detail)}`.trimEnd();
};

/** A parent's state that starts a state machine is told by the child's own lines. */
const startsChild = ({ result }: StateChange): boolean =>
  typeof result === 'object' && result !== null && 'ExecutionArn' in result && 'StateMachineArn' in result;

const liveLine = (out: Terminal, running: readonly Running[], now: number): string => {
  const innermost = running.at(-1);
  return innermost
    ? `  ${out.style('cyan', '…')} ${innermost.label.replace('/', ' ')}  ${duration(now - innermost.since)}`
    : '';
};

const remind = (out: Terminal, running: readonly Running[], now: number): void => {
  const innermost = running.at(-1);
  if (!innermost || now - innermost.since < innermost.nextReminder) return;
  innermost.nextReminder *= 2;
  out.print(`  … ${innermost.label.replace('/', ' ')} is still running, ${duration(now - innermost.since)}`);
};

interface Counted {
  readonly rowCount: number;
}

/** What a state's result says in a few words, by the state's name. */
const DETAILS: Readonly<Record<string, (result: never) => string>> = {
  PlanPartitions: ({ partitionCount }: { partitionCount: number }) =>
    `${count(partitionCount)} ${partitionCount === 1 ? 'partition' : 'partitions'}`,
  SealDataset: (datasets: Record<string, Counted | null>) =>
    Object.entries(datasets)
      .filter(([, dataset]) => dataset?.rowCount !== undefined)
      .map(([name, dataset]) => `${count(dataset!.rowCount)} rows to ${name}`)
      .join(', '),
  EvaluateModel: ({ metrics }: { metrics: Record<string, number> }) =>
    Object.entries(metrics)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  SmokeTest: ({ rowCount }: Counted) => `${count(rowCount)} rows answered`,
  PublishPredictions: ({ rowCount, table }: Counted & { table: string }) => `${count(rowCount)} rows in ${table}`,
};
