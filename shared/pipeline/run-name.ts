import { createHash, randomBytes } from 'node:crypto';

/** `flights-20261124-041500-3f9a`: sorts by time, and tells a person what it is. */
export const newRunName = (pipeline: string, now = new Date()): string => {
  const [date, time] = now.toISOString().split('T') as [string, string];
  const stamp = `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
  return `${pipeline}-${stamp}-${randomBytes(2).toString('hex')}`;
};

/** The name for what was asked once and may be heard twice: the same cause always gives the same run. */
export const runNameFor = (pipeline: string, cause: readonly string[]): string =>
  `${pipeline}-${createHash('sha256').update(JSON.stringify(cause)).digest('hex').slice(0, 24)}`;
