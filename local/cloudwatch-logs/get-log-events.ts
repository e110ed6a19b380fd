import * as z from 'zod';
import type { Operation } from '#local/http/aws-json.ts';
import type { Account } from '#local/stand-in.ts';
import type { LogEvent, LogFiles } from './log-files.ts';
import { existingGroup, existingStream, GROUP_MEMBERS, invalidParameter, parseRequest, Timestamp } from './request.ts';

/** CloudWatch Logs gives at most this many events at once. */
const MAX_EVENTS = 10_000;

const GetLogEventsInput = z.strictObject({
  ...GROUP_MEMBERS,
  logStreamName: z.string().min(1).max(512),
  startTime: Timestamp.optional(),
  endTime: Timestamp.optional(),
  nextToken: z.string().optional(),
  limit: z.int().min(1).max(MAX_EVENTS).optional(),
  startFromHead: z.boolean().optional(),
});

/**
 * GetLogEvents: a page of a stream. Without `startFromHead` it is the newest events; the tokens lead on from there, and
 * a forward token that is given again at the end of the stream is how a reader knows that it has come to the end.
 */
export const getLogEvents =
  (logs: LogFiles, account: Account): Operation =>
  async (request: unknown) => {
    const input = parseRequest(GetLogEventsInput, request);
    const group = existingGroup(logs, account, input);
    const stream = existingStream(logs, group, input.logStreamName);
    const limit = input.limit ?? MAX_EVENTS;
    const wanted = windowOf(input.nextToken, limit, input.startFromHead ?? false);
    const page: LogEvent[] = [];
    let position = 0;
    for await (const event of logs.read(group, stream)) {
      if (event.timestamp < (input.startTime ?? 0) || event.timestamp >= (input.endTime ?? Number.POSITIVE_INFINITY))
        continue;
      if (position >= wanted.from && position < wanted.to) page.push(event);
      if (page.length > limit) page.shift();
      position += 1;
    }
    const end = Math.min(position, wanted.to);
    return {
      events: page.map((event) => ({ ...event, ingestionTime: event.timestamp })),
      nextForwardToken: `f/${end}`,
      nextBackwardToken: `b/${end - page.length}`,
    };
  };

/** The positions of events that a page may come from; the last `limit` of them are the page. */
const windowOf = (
  token: string | undefined,
  limit: number,
  startFromHead: boolean,
): { readonly from: number; readonly to: number } => {
  if (token === undefined) return startFromHead ? { from: 0, to: limit } : { from: 0, to: Number.POSITIVE_INFINITY };
  const [, direction, position] = /^([fb])\/(\d+)$/.exec(token) ?? [];
  if (!direction) throw invalidParameter('The specified nextToken is invalid.');
  const at = Number(position);
  return direction === 'f' ? { from: at, to: at + limit } : { from: Math.max(0, at - limit), to: at };
};
