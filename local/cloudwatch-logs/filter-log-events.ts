import * as z from 'zod';
import type { Operation } from '#local/http/aws-json.ts';
import type { Account } from '#local/stand-in.ts';
import { parseFilterPattern } from './filter-pattern.ts';
import type { LogEvent, LogFiles } from './log-files.ts';
import { existingGroup, GROUP_MEMBERS, invalidParameter, parseRequest, Timestamp } from './request.ts';

const MAX_EVENTS = 10_000;

const FilterLogEventsInput = z
  .strictObject({
    ...GROUP_MEMBERS,
    logStreamNames: z.array(z.string().min(1).max(512)).min(1).max(100).optional(),
    logStreamNamePrefix: z.string().min(1).max(512).optional(),
    startTime: Timestamp.optional(),
    endTime: Timestamp.optional(),
    filterPattern: z.string().max(1024).optional(),
    nextToken: z.string().optional(),
    limit: z.int().min(1).max(MAX_EVENTS).optional(),
    interleaved: z.boolean().optional(),
  })
  .refine(({ logStreamNames, logStreamNamePrefix }) => !logStreamNames || !logStreamNamePrefix, {
    error: 'logStreamNames and logStreamNamePrefix exclude each other',
  });

/** FilterLogEvents: the events of several streams that match a term pattern, oldest first. */
export const filterLogEvents =
  (logs: LogFiles, account: Account): Operation =>
  async (request: unknown) => {
    const input = parseRequest(FilterLogEventsInput, request);
    const group = existingGroup(logs, account, input);
    const matches = parseFilterPattern(input.filterPattern ?? '');
    const found: (LogEvent & { readonly logStreamName: string })[] = [];
    for (const { name } of logs.streams(group)) {
      if (!(input.logStreamNames?.includes(name) ?? name.startsWith(input.logStreamNamePrefix ?? ''))) continue;
      for await (const event of logs.read(group, name)) {
        const isInTime =
          event.timestamp >= (input.startTime ?? 0) && event.timestamp <= (input.endTime ?? Number.POSITIVE_INFINITY);
        if (isInTime && matches(event.message)) found.push({ ...event, logStreamName: name });
      }
    }
    found.sort((a, b) => a.timestamp - b.timestamp);
    const start = positionOf(input.nextToken);
    const end = start + (input.limit ?? MAX_EVENTS);
    return {
      events: found.slice(start, end).map((event, index) => ({
        ...event,
        ingestionTime: event.timestamp,
        eventId: String(start + index).padStart(20, '0'),
      })),
      searchedLogStreams: [],
      nextToken: end < found.length ? String(end) : undefined,
    };
  };

const positionOf = (token = '0'): number => {
  if (!/^\d+$/.test(token)) throw invalidParameter('The specified nextToken is invalid.');
  return Number(token);
};
