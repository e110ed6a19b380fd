import { mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LogFiles } from '#local/cloudwatch-logs/log-files.ts';
import { openLogFiles } from '#local/cloudwatch-logs/log-files.ts';
import { startCloudWatchLogs } from '#local/cloudwatch-logs/server.ts';
import type { StandIn } from '#local/stand-in.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';

const GROUP = '/aws/sagemaker/TrainingJobs';

let folder: string;
let logs: LogFiles;
let standIn: StandIn;
let client: CloudWatchLogsClient;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logs-test-'));
  logs = openLogFiles(folder);
  standIn = await startCloudWatchLogs({ account: LOCAL_ACCOUNT, iam: testIam(), logs });
  client = new CloudWatchLogsClient({
    endpoint: standIn.url,
    region: LOCAL_ACCOUNT.region,
    credentials: PERSON,
    maxAttempts: 1,
  });
  logs.append(GROUP, 'job-1/algo-1-1', ['first', 'second é\u2028', 'third']);
  logs.append(GROUP, 'job-1/algo-1-1', ['fourth', 'fifth']);
  logs.append(GROUP, 'job-2/algo-1-2', ['Traceback (most recent call last):', 'ValueError: no rows']);
});
afterAll(async () => {
  client.destroy();
  await standIn.close();
  await rm(folder, { recursive: true });
});

const page = async (input: Partial<ConstructorParameters<typeof GetLogEventsCommand>[0]>) => {
  const command = new GetLogEventsCommand({ logGroupName: GROUP, logStreamName: 'job-1/algo-1-1', ...input });
  const { events = [], nextForwardToken, nextBackwardToken } = await client.send(command);
  return { messages: events.map(({ message }) => message), nextForwardToken, nextBackwardToken, events };
};

it('gives the tail of a stream, and leads back from there', async () => {
  const tail = await page({ limit: 2 });
  const before = await page({ limit: 2, nextToken: tail.nextBackwardToken });
  const first = await page({ limit: 2, nextToken: before.nextBackwardToken });

  expect([tail.messages, before.messages, first.messages]).toEqual([
    ['fourth', 'fifth'],
    ['second é\u2028', 'third'],
    ['first'],
  ]);
  expect(tail.events[0]).toMatchObject({ timestamp: expect.any(Number), ingestionTime: expect.any(Number) });
});

it('reads forward from the head, until the token stays the same', async () => {
  const first = await page({ startFromHead: true, limit: 3 });
  const second = await page({ nextToken: first.nextForwardToken, limit: 3 });
  const end = await page({ nextToken: second.nextForwardToken, limit: 3 });
  logs.append(GROUP, 'job-1/algo-1-1', ['sixth']);
  const later = await page({ nextToken: end.nextForwardToken });

  expect([first.messages.length, second.messages, end.messages, later.messages]).toEqual([
    3,
    ['fourth', 'fifth'],
    [],
    ['sixth'],
  ]);
  expect(end.nextForwardToken).toBe(second.nextForwardToken);
});

it('finds events of several streams by terms', async () => {
  const find = async (filterPattern: string, more = {}) => {
    const { events = [] } = await client.send(
      new FilterLogEventsCommand({ logGroupName: GROUP, filterPattern, ...more }),
    );
    return events.map(({ message }) => message);
  };

  expect(await find('', { logStreamNamePrefix: 'job-2' })).toHaveLength(2);
  expect(await find('"no rows"')).toEqual(['ValueError: no rows']);
  expect(await find('?first ?third')).toEqual(['first', 'third']);
  expect(await find('-f', { logStreamNames: ['job-1/algo-1-1'] })).toEqual(['second é\u2028', 'third', 'sixth']);
  await expect(find('{ $.level = "ERROR" }')).rejects.toMatchObject({ name: 'InvalidParameterException' });
});

it('describes streams by name and by last event', async () => {
  const names = async (input: object) => {
    const { logStreams = [] } = await client.send(new DescribeLogStreamsCommand({ logGroupName: GROUP, ...input }));
    return logStreams.map(({ logStreamName }) => logStreamName);
  };
  await new Promise((resolve) => setTimeout(resolve, 10));
  logs.append(GROUP, 'job-2/algo-1-2', ['later']);

  expect(await names({ logStreamNamePrefix: 'job-1/' })).toEqual(['job-1/algo-1-1']);
  expect(await names({ orderBy: 'LastEventTime', descending: true, limit: 1 })).toEqual(['job-2/algo-1-2']);
});

it('refuses unknown groups, streams, members and operations by name', async () => {
  await expect(client.send(new DescribeLogStreamsCommand({ logGroupName: 'none' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'The specified log group does not exist.',
  });
  await expect(page({ logStreamName: 'none' })).rejects.toMatchObject({
    message: 'The specified log stream does not exist.',
  });
  await expect(page({ unmask: true })).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: expect.stringContaining('unmask'),
  });
  await expect(
    client.send(
      new PutLogEventsCommand({ logGroupName: GROUP, logStreamName: 'x', logEvents: [{ timestamp: 1, message: 'm' }] }),
    ),
  ).rejects.toMatchObject({ name: 'UnknownOperationException', message: expect.stringContaining('PutLogEvents') });
});

it('loses lines that the disk does not take, says so in the next ones, and skips what is left of a line', async () => {
  const file = join(folder, encodeURIComponent(GROUP), `${encodeURIComponent('full/algo-1')}.jsonl`);
  await mkdir(file);
  logs.append(GROUP, 'full/algo-1', ['lost']);
  logs.append(GROUP, 'full/algo-1', ['lost', 'too']);
  await rmdir(file);
  await writeFile(file, '{"timestamp":17');

  logs.append(GROUP, 'full/algo-1', ['kept']);

  expect((await page({ logStreamName: 'full/algo-1' })).messages).toEqual([
    expect.stringMatching(/^WARNING: 3 lines are missing here: EISDIR/),
    'kept',
  ]);
});
