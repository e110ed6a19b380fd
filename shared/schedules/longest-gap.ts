import { nextDue, type Schedule } from '#shared/schedules/schedule.ts';

const YEAR_MS = 366 * 86_400_000;

/** Enough of a schedule by minutes; one by days needs no more than a year has. */
const MAX_OCCURRENCES = 5_000;

/** The longest time between two occurrences within a year; undefined for a schedule that is due once, or never again. */
export const longestGapMs = (schedule: Schedule, from: Date): number | undefined => {
  let longest: number | undefined;
  let last = nextDue(schedule, from, from);
  for (let count = 0; last && count < MAX_OCCURRENCES; count += 1) {
    if (last.getTime() - from.getTime() > YEAR_MS) break;
    const next = nextDue(schedule, last, from);
    if (!next) break;
    longest = Math.max(longest ?? 0, next.getTime() - last.getTime());
    last = next;
  }
  return longest;
};
