import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { FailedInvocation } from '#local/lambda/asynchronous-invocations.ts';
import { fixture, type OpenLambda, openLambda } from './open-lambda.ts';

let folder: string;
let lambda: OpenLambda;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lambda-events-'));
});

afterEach(async () => {
  await lambda.close();
  await rm(folder, { recursive: true });
});

const attempts = (file: string): Promise<number> =>
  readFile(file, 'utf8').then(
    (dots) => dots.length,
    () => 0,
  );

const journal = (dataDir: string): Promise<string[]> => readdir(join(dataDir, 'events'));

it('accepts an event with 202 and runs it until it succeeds', async () => {
  lambda = await openLambda({ functions: { failUntil: fixture('failUntil') } });
  const file = join(folder, 'attempts');

  const { StatusCode, body } = await lambda.invoke('failUntil', { file, successAt: 3 }, { InvocationType: 'Event' });

  expect({ StatusCode, body }).toEqual({ StatusCode: 202, body: undefined });
  await vi.waitFor(async () => expect(await journal(lambda.dataDir)).toEqual([]), 10_000);
  expect(await attempts(file)).toBe(3);
});

it('gives up after three attempts and tells the destination', async () => {
  const { promise, resolve } = Promise.withResolvers<FailedInvocation>();
  lambda = await openLambda({ functions: { failUntil: fixture('failUntil') }, onAsyncFailure: resolve });
  const event = { file: join(folder, 'attempts'), successAt: 9 };

  const { $metadata } = await lambda.invoke('failUntil', event, { InvocationType: 'Event' });

  expect(await promise).toMatchObject({
    version: '1.0',
    requestContext: {
      requestId: $metadata.requestId,
      functionArn: 'arn:aws:lambda:eu-central-1:000000000000:function:failUntil:$LATEST',
      condition: 'RetriesExhausted',
      approximateInvokeCount: 3,
    },
    requestPayload: event,
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    responsePayload: { errorType: 'WarehouseUnavailableError', errorMessage: 'attempt 3' },
  });
  expect(await attempts(event.file)).toBe(3);
});

it('runs an accepted event after a restart if it was not done before and its function is there', async () => {
  const dataDir = join(folder, 'data');
  const file = join(folder, 'attempts');
  const functions = { failUntil: fixture('failUntil') };
  lambda = await openLambda({ dataDir, functions, asyncRetryDelaysSeconds: [600] });
  await lambda.invoke('failUntil', { file, successAt: 2 }, { InvocationType: 'Event' });
  await vi.waitFor(async () => expect(await attempts(file)).toBe(1), 10_000);
  await lambda.close();
  expect(await journal(dataDir)).toHaveLength(1);

  lambda = await openLambda({ dataDir, functions: { other: fixture('echo') } });
  await lambda.close();
  expect(await journal(dataDir)).toHaveLength(1);

  lambda = await openLambda({ dataDir, functions });

  await vi.waitFor(async () => expect(await journal(dataDir)).toEqual([]), 10_000);
  expect(await attempts(file)).toBe(2);
});
