import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ExactValue } from '#shared/json/exact-value.ts';
import { PipelineMode } from '#shared/pipeline/run-mode.ts';
import { parseCron } from '#shared/schedules/cron.ts';
import { parseRateMs } from '#shared/schedules/rate.ts';
import { instantOf, localTime, timeZoneProblem } from '#shared/schedules/time-zone.ts';

/** What happens when a run is due while another one of its pipeline is still going. */
export const Overlap = z.enum(['skip', 'queue', 'cancel']);
export type Overlap = z.infer<typeof Overlap>;

/** The message of whatever `read` throws, as the issue of a schema. */
const readBy = (read: (text: string) => unknown) =>
  z.string().superRefine((text, context) => {
    try {
      read(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });

/** When runs start by themselves, in the expressions of EventBridge Scheduler. */
export const Schedule = z
  .strictObject({
    /** Minutes, hours, day of month, month, day of week, year: `30 2 * * ? *` is half past two each day. */
    cron: readBy(parseCron).optional(),
    /** `6 hours`, counted from the deployment, whose own moment is the first. */
    rate: readBy(parseRateMs).optional(),
    /** Once: `2026-12-24T06:00:00`, in the time zone. */
    at: z
      .string()
      .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/, 'must be a time such as 2026-12-24T06:00:00, without a zone')
      .refine((text) => !Number.isNaN(Date.parse(`${text}Z`)), 'is no time of the calendar')
      .optional(),
    /** A name of the IANA database, for `cron` and `at`. */
    timezone: z
      .string()
      .superRefine((name, context) => {
        const message = timeZoneProblem(name);
        if (message) context.addIssue({ code: 'custom', message });
      })
      .default('UTC'),
    mode: PipelineMode.default('full'),
    /** Settings of this file to replace in these runs, by dotted path. */
    overrides: z.record(z.string(), ExactValue).default({}),
    overlap: Overlap.default('skip'),
    /** AWS starts the run somewhere within these minutes; 0 for the minute itself. */
    flexibleWindowMinutes: z.int().min(0).max(1440).default(5),
  })
  .superRefine(({ cron, rate, at, timezone }, context) => {
    if ([cron, rate, at].filter((each) => each !== undefined).length !== 1) {
      context.addIssue({ code: 'custom', message: 'needs exactly one of cron, rate and at' });
    }
    if (at === undefined || Number.isNaN(asUtc(at).getTime()) || timeZoneProblem(timezone)) return;
    if (!instantOf(asUtc(at), timezone)) {
      const message = `doesn't exist in ${timezone}: clocks are set forward over it`;
      context.addIssue({ code: 'custom', path: ['at'], message });
    }
  });
export type Schedule = z.infer<typeof Schedule>;

/** As EventBridge Scheduler writes it. */
export const scheduleExpression = ({ cron, rate, at }: Schedule): string =>
  cron !== undefined ? `cron(${cron})` : rate !== undefined ? `rate(${rate})` : `at(${at})`;

/** Two schedules of a pipeline are the same when they start the same runs at the same times. */
export const scheduleId = (schedule: Schedule): string => {
  const { timezone, mode, overrides } = schedule;
  const content = JSON.stringify([scheduleExpression(schedule), timezone, mode, overrides]);
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
};

/**
 * When a schedule is due next after an instant, by the rules of EventBridge Scheduler: a time that clocks are set forward
 * over is left out, and one that they are set back over comes once, the first time.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
export const nextDue = (schedule: Schedule, after: Date, createdAt: Date): Date | undefined => {
  const { cron, rate, at, timezone } = schedule;
  if (cron !== undefined) return nextByCron(cron, timezone, after);
  if (rate !== undefined) {
    const periodMs = parseRateMs(rate);
    const periods = Math.floor((after.getTime() - createdAt.getTime()) / periodMs) + 1;
    return new Date(createdAt.getTime() + Math.max(0, periods) * periodMs);
  }
  const due = instantOf(asUtc(at!), timezone);
  return due && due > after ? due : undefined;
};

const nextByCron = (cron: string, timezone: string, after: Date): Date | undefined => {
  const nextLocal = parseCron(cron);
  for (let local = nextLocal(localTime(after, timezone)); local; local = nextLocal(local)) {
    const instant = instantOf(local, timezone);
    if (instant && instant > after) return instant;
  }
  return undefined;
};

const asUtc = (local: string): Date => new Date(`${local}Z`);
