import { AwsError } from '#local/http/aws-json.ts';
import { parseCron } from './cron.ts';

/** When a rule is due next after `after`; a rate counts from the rule's creation. */
export type NextDue = (after: Date, createdAt: Date) => Date | undefined;

/**
 * Reads `rate(5 minutes)` or `cron(0 12 * * ? *)`.
 *
 * @throws AwsError ValidationException that says what is wrong.
 */
export const parseSchedule = (expression: string): NextDue => {
  const [, kind, body = ''] = /^(rate|cron)\((.*)\)$/.exec(expression) ?? [];
  if (kind === 'rate') return parseRate(expression, body);
  if (kind !== 'cron') throw invalid(expression, 'it must be rate(<value> <unit>) or cron(<six fields>)');
  try {
    return parseCron(body);
  } catch (error) {
    throw invalid(expression, (error as Error).message);
  }
};

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

const parseRate = (expression: string, body: string): NextDue => {
  const [, value = '0', unit = '', plural = ''] = /^(\d+) (minute|hour|day)(s?)$/.exec(body) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs === undefined || Number(value) === 0 || (plural === '') !== (value === '1')) {
    throw invalid(expression, 'a rate is 1 minute, hour or day, or a larger whole number of minutes, hours or days');
  }
  const periodMs = Number(value) * unitMs;
  return (after, createdAt) => {
    const periods = Math.floor((after.getTime() - createdAt.getTime()) / periodMs) + 1;
    return new Date(createdAt.getTime() + Math.max(1, periods) * periodMs);
  };
};

const invalid = (expression: string, reason: string): AwsError =>
  new AwsError('ValidationException', `Parameter ScheduleExpression is not valid. ${expression}: ${reason}.`);
