import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '#local/eventbridge/clock.ts';
import { systemClock } from '#local/eventbridge/clock.ts';
import { nextDue, type Schedule, scheduleId } from '#shared/schedules/schedule.ts';
import { type TriggeredRun, triggeredBy } from '#shared/triggers/triggered-run.ts';

export interface SchedulerOptions {
  /** Remembers since when there is each schedule: a rate counts from there. */
  readonly file: string;
  readonly schedules: readonly PipelineSchedule[];
  /** Hands a run over that is due; a failure is its own to tell. */
  readonly start: (run: TriggeredRun) => void;
  readonly clock?: Clock;
}

export interface PipelineSchedule {
  readonly pipeline: string;
  readonly schedule: Schedule;
}

export interface Scheduler {
  /** What is due next, soonest first. */
  upcoming(): { readonly pipeline: string; readonly schedule: Schedule; readonly due: Date }[];
  close(): Promise<void>;
}

/**
 * EventBridge Scheduler in this process: starts the runs of the pipelines' schedules at their times. What came due while
 * nobody kept the schedules is not made up for.
 */
export const startScheduler = async ({
  file,
  schedules,
  start,
  clock = systemClock,
}: SchedulerOptions): Promise<Scheduler> => {
  const startedAt = clock.now();
  const createdAt = await creationTimes(file, schedules, startedAt);
  const planned = new Map<PipelineSchedule, { readonly due: Date; callOff(): void }>();

  const plan = (entry: PipelineSchedule, after: Date): void => {
    const due = nextDue(entry.schedule, after, createdAt[keyOf(entry)]!);
    if (!due) {
      planned.delete(entry);
      return;
    }
    const callOff = clock.at(due, () => {
      plan(entry, new Date(Math.max(due.getTime(), clock.now().getTime())));
      start(triggeredBy(entry.pipeline, entry.schedule, `${due.toISOString().slice(0, 19)}Z`));
    });
    planned.set(entry, { due, callOff });
  };

  // The moment of a rate's creation is its first time.
  for (const entry of schedules) plan(entry, new Date(startedAt.getTime() - 1));
  return {
    upcoming: () =>
      [...planned].map(([entry, { due }]) => ({ ...entry, due })).sort((a, b) => a.due.getTime() - b.due.getTime()),
    async close() {
      for (const { callOff } of planned.values()) callOff();
      planned.clear();
    },
  };
};

const keyOf = ({ pipeline, schedule }: PipelineSchedule): string => `${pipeline}/${scheduleId(schedule)}`;

/** A schedule that was changed is another one, and begins anew. */
const creationTimes = async (
  file: string,
  schedules: readonly PipelineSchedule[],
  now: Date,
): Promise<Record<string, Date>> => {
  const known = await readTimes(file);
  const times = Object.fromEntries(schedules.map((entry) => [keyOf(entry), known[keyOf(entry)] ?? now.toISOString()]));
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.part`, JSON.stringify(times, null, 2));
  await rename(`${file}.part`, file);
  return Object.fromEntries(Object.entries(times).map(([key, time]) => [key, new Date(time)]));
};

const readTimes = async (file: string): Promise<Record<string, string>> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
};
