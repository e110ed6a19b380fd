import { nextDue, type Schedule, scheduleExpression } from '#shared/schedules/schedule.ts';

/** Schedules that start nothing any more, in words. It is no mistake: one that was due once stays in the file. */
export const pastSchedules = ({ schedule }: { readonly schedule: readonly Schedule[] }, now: Date): string[] =>
  schedule.flatMap((each, index) =>
    nextDue(each, now, now)
      ? []
      : [
          `schedule.${index}: ${scheduleExpression(each)} is in the past and starts nothing. Change it, or take it out.`,
        ],
  );
