import * as z from 'zod';
import type { Operation } from '#local/http/aws-json.ts';
import type { Account } from '#local/stand-in.ts';
import type { LogFiles, LogStream } from './log-files.ts';
import { existingGroup, GROUP_MEMBERS, invalidParameter, parseRequest } from './request.ts';

/** CloudWatch Logs gives at most this many streams at once. */
const MAX_STREAMS = 50;

const DescribeLogStreamsInput = z
  .strictObject({
    ...GROUP_MEMBERS,
    logStreamNamePrefix: z.string().min(1).max(512).optional(),
    orderBy: z.enum(['LogStreamName', 'LastEventTime']).optional(),
    descending: z.boolean().optional(),
    nextToken: z.string().optional(),
    limit: z.int().min(1).max(MAX_STREAMS).optional(),
  })
  .refine(({ orderBy, logStreamNamePrefix }) => orderBy !== 'LastEventTime' || !logStreamNamePrefix, {
    error: 'Cannot order by LastEventTime with a logStreamNamePrefix.',
  });

/** DescribeLogStreams: the streams of a group by name or by their last event. */
export const describeLogStreams =
  (logs: LogFiles, account: Account): Operation =>
  (request: unknown) => {
    const input = parseRequest(DescribeLogStreamsInput, request);
    const group = existingGroup(logs, account, input);
    const streams = logs.streams(group).filter(({ name }) => name.startsWith(input.logStreamNamePrefix ?? ''));
    if (input.orderBy === 'LastEventTime') streams.sort((a, b) => a.writtenAt - b.writtenAt);
    if (input.descending) streams.reverse();
    const start = Number(input.nextToken ?? 0);
    if (!Number.isSafeInteger(start)) throw invalidParameter('The specified nextToken is invalid.');
    const end = start + (input.limit ?? MAX_STREAMS);
    return {
      logStreams: streams.slice(start, end).map((stream) => describe(stream, account)),
      nextToken: end < streams.length ? String(end) : undefined,
    };
  };

const describe = ({ group, name, sizeBytes, createdAt, writtenAt }: LogStream, { accountId, region }: Account) => ({
  logStreamName: name,
  arn: `arn:aws:logs:${region}:${accountId}:log-group:${group}:log-stream:${name}`,
  creationTime: createdAt,
  firstEventTimestamp: createdAt,
  lastEventTimestamp: writtenAt,
  lastIngestionTime: writtenAt,
  storedBytes: sizeBytes,
});
