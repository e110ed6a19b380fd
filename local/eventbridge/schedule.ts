import { AwsError } from '#local/http/aws-json.ts';
import { parseCron } from '#shared/schedules/cron.ts';
import { parseRateMs } from '#shared/schedules/rate.ts';

/** When a rule is due next after `after`; a rate counts from the rule's creation. */
export type NextDue = (after: Date, createdAt: Date) => Date | undefined;

/**
 * Reads `rate(5 minutes)` or `cron(0 12 * * ? *)`.
 *
 * @throws AwsError ValidationException that says what is wrong.
 */
export const parseSchedule = (expression: string): NextDue => {
  const [, kind, body = ''] = /^(rate|cron)\((.*)\)$/.exec(expression) ?? [];
  try {
    if (kind === 'rate') return everyMs(parseRateMs(body));
    if (kind === 'cron') return parseCron(body);
  } catch (error) {
    throw invalid(expression, (error as Error).message);
  }
  throw invalid(expression, 'it must be rate(<value> <unit>) or cron(<six fields>)');
};

const everyMs =
  (periodMs: number): NextDue =>
  (after, createdAt) => {
    const periods = Math.floor((after.getTime() - createdAt.getTime()) / periodMs) + 1;
    return new Date(createdAt.getTime() + Math.max(1, periods) * periodMs);
  };

const invalid = (expression: string, reason: string): AwsError =>
  new AwsError('ValidationException', `Parameter ScheduleExpression is not valid. ${expression}: ${reason}.`);
