import * as z from 'zod';
import { AwsError } from '#local/http/aws-json.ts';
import type { Account } from '#local/stand-in.ts';
import type { LogFiles } from './log-files.ts';

/** Checks a request; what it doesn't know is refused by name, all of it at once. */
export const parseRequest = <S extends z.ZodType>(schema: S, input: unknown): z.output<S> => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalidParameter(z.prettifyError(parsed.error));
};

export const invalidParameter = (message: string): AwsError => new AwsError('InvalidParameterException', message);

/** A group by its name or its ARN; the service takes either. */
export const GROUP_MEMBERS = {
  logGroupName: z.string().min(1).max(512).optional(),
  logGroupIdentifier: z.string().min(1).max(2048).optional(),
};

interface GroupMembers {
  readonly logGroupName?: unknown;
  readonly logGroupIdentifier?: unknown;
}

/** The ARN of the group that a request names, which may belong to another account; without the `:*` that some services append. */
export const groupArnOf = (account: Account, { logGroupName, logGroupIdentifier }: GroupMembers): string => {
  const identifier = String(logGroupName ?? logGroupIdentifier ?? '').replace(/:\*$/, '');
  return logGroupName === undefined && identifier.startsWith('arn:')
    ? identifier
    : `${arnPrefix(account)}${identifier}`;
};

/** @throws ResourceNotFoundException when nothing was ever written to the group. */
export const existingGroup = (logs: LogFiles, account: Account, members: GroupMembers): string => {
  const arn = groupArnOf(account, members);
  const prefix = arnPrefix(account);
  if (arn === prefix) throw invalidParameter('Either logGroupName or logGroupIdentifier is needed.');
  const group = arn.slice(prefix.length);
  if (!arn.startsWith(prefix) || !logs.hasGroup(group)) throw notFound('group');
  return group;
};

const arnPrefix = ({ region, accountId }: Account): string => `arn:aws:logs:${region}:${accountId}:log-group:`;

/** @throws ResourceNotFoundException when nothing was ever written to the stream. */
export const existingStream = (logs: LogFiles, group: string, stream: string): string => {
  if (!logs.hasStream(group, stream)) throw notFound('stream');
  return stream;
};

const notFound = (kind: 'group' | 'stream'): AwsError =>
  new AwsError('ResourceNotFoundException', `The specified log ${kind} does not exist.`);

/** A time in epoch milliseconds. */
export const Timestamp = z.int().min(0);
