import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { afterEach, expect, it } from 'vitest';
import type { Operation } from '#local/http/aws-json.ts';
import type { StandIn } from '#local/stand-in.ts';
import { eventBridgeBus } from '#shared/event-bus/eventbridge.ts';
import { serveFake } from '#test/local/http/fake-service.ts';
import { PERSON } from '#test/local/iam/test-iam.ts';
import { RUN_URI } from '#test/shared/pipeline/fixture.ts';

let server: StandIn | undefined;
afterEach(() => server?.close());

const against = async (PutEvents: Operation) => {
  server = await serveFake({ targetPrefix: 'AWSEvents', jsonVersion: '1.1', operations: { PutEvents } });
  const client = new EventBridgeClient({
    endpoint: server.url,
    region: 'eu-central-1',
    credentials: PERSON,
  });
  return eventBridgeBus(() => 'fedml', client);
};
const detail = { runUri: RUN_URI, executionArn: 'arn:x', pipeline: 'flights', mode: 'full' as const };

it('puts an event on the bus', async () => {
  const put: unknown[] = [];
  const bus = await against(({ Entries }: { Entries: unknown[] }) => {
    put.push(...Entries);
    return { FailedEntryCount: 0, Entries: [{ EventId: '1' }] };
  });

  await bus.put('Run Succeeded', detail);

  expect(put).toEqual([
    { EventBusName: 'fedml', Source: 'fedml.serverless', DetailType: 'Run Succeeded', Detail: JSON.stringify(detail) },
  ]);
});

it('fails when the bus refuses the event, though the call succeeded', async () => {
  const bus = await against(() => ({
    FailedEntryCount: 1,
    Entries: [{ ErrorCode: 'ThrottlingException', ErrorMessage: 'Rate exceeded' }],
  }));

  await expect(bus.put('Run Succeeded', detail)).rejects.toMatchObject({
    name: 'EventBusUnavailableError',
    message: expect.stringContaining('Rate exceeded'),
  });
});
