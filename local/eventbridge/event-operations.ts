import { z } from 'zod';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import { newEvent } from './event.ts';
import { compileEventPattern } from './event-pattern.ts';
import { isRecord, type Json } from './json.ts';
import { findBus, type OperationContext, operation } from './operation.ts';
import { type CheckedEntry, checkEntries, PutEventsInput } from './put-events.ts';

/** PutEvents and TestEventPattern. */
export const eventOperations = (context: OperationContext): Readonly<Record<string, Operation>> => ({
  PutEvents: operation(PutEventsInput, async ({ Entries }) => {
    const results = await Promise.all(checkEntries(Entries).map((entry) => putEntry(context, entry)));
    return { Entries: results, FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length };
  }),
  TestEventPattern: operation(TestEventPatternInput, ({ EventPattern, Event }) => {
    const matches = compileEventPattern(EventPattern);
    return { Result: matches(parseEvent(Event)) };
  }),
});

const putEntry = async (context: OperationContext, entry: CheckedEntry): Promise<object> => {
  if ('ErrorCode' in entry) return entry;
  const busName = existingBusName(context, entry.busName);
  if (busName === undefined) {
    const ErrorMessage = `Parameter EventBusName is not valid. Reason: Event bus ${entry.busName} does not exist.`;
    return { ErrorCode: 'InvalidArgument', ErrorMessage };
  }
  const event = newEvent(entry.content, context.account, entry.time ?? context.clock.now());
  await context.route(busName, event);
  return { EventId: event.id };
};

const existingBusName = (context: OperationContext, name: string | undefined): string | undefined => {
  try {
    return findBus(context, name).Name;
  } catch {
    return undefined;
  }
};

const TestEventPatternInput = z.strictObject({ EventPattern: z.string(), Event: z.string() });

const ENVELOPE = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'];

const parseEvent = (text: string): Json => {
  const event = parse(text);
  const missing = isRecord(event) ? ENVELOPE.filter((field) => !Object.hasOwn(event, field)) : ENVELOPE;
  if (event === undefined || missing.length > 0) {
    const reason = event === undefined ? 'It is not JSON.' : `It must be an object with ${missing.join(', ')}.`;
    throw new AwsError('ValidationException', `Parameter Event is not valid. Reason: ${reason}`);
  }
  return event;
};

const parse = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
};
