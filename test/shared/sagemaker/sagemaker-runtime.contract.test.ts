import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LogSource } from '#shared/sagemaker/job-log.ts';
import { sageMakerModelServer } from '#shared/sagemaker/sagemaker-runtime.ts';

interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly errorType?: string;
}

let answer: Answer;
let logged: string[];
let sources: LogSource[];
beforeEach(() => {
  logged = [];
  sources = [];
});
const requests: { url: string | undefined; type: string | undefined; accept: string | undefined; body: string }[] = [];
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    const { 'content-type': type, accept } = request.headers;
    requests.push({ url: request.url, type, accept, body });
    if (answer.errorType) response.setHeader('x-amzn-errortype', answer.errorType);
    response.writeHead(answer.status, { 'content-type': 'text/csv; charset=utf-8' }).end(answer.body);
  });
});
beforeEach(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterEach(() => new Promise((resolve) => server.close(resolve)));

const predict = (given: Answer) => {
  answer = given;
  const { port } = server.address() as AddressInfo;
  const client = new SageMakerRuntimeClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  });
  return sageMakerModelServer({
    client,
    log: {
      async tail(source) {
        sources.push(source);
        return logged;
      },
    },
    pausesMs: [1],
  })
    .predict('flights', 'é,1\n')
    .finally(() => client.destroy());
};

it('sends and takes CSV, by exactly that type', async () => {
  expect(await predict({ status: 200, body: '0.5\n' })).toBe('0.5\n');
  expect(requests.at(-1)).toEqual({
    url: '/endpoints/flights/invocations',
    type: 'text/csv',
    accept: 'text/csv',
    body: 'é,1\n',
  });
});

it('takes an answer without a byte for an empty text', async () => {
  expect(await predict({ status: 200, body: '' })).toBe('');
});

it('refuses an answer in another encoding, instead of storing replacement characters', async () => {
  await expect(predict({ status: 200, body: Buffer.from('Zürich\n', 'latin1') })).rejects.toMatchObject({
    name: 'PredictionFailedError',
    message: expect.stringMatching(/flights answered bytes that are no UTF-8/),
  });
});

it('carries what the container says', async () => {
  const body = JSON.stringify({
    Message: 'Received server error (500)',
    OriginalMessage: 'bad row',
    OriginalStatusCode: 500,
  });

  await expect(predict({ status: 424, errorType: 'ModelError', body })).rejects.toMatchObject({
    name: 'PredictionFailedError',
    message: expect.stringMatching(/flights answered 500: bad row/),
  });
});

const failing = (OriginalStatusCode: number, OriginalMessage: string): Answer => ({
  status: 424,
  errorType: 'ModelError',
  body: JSON.stringify({ Message: 'Received server error', OriginalMessage, OriginalStatusCode }),
});

const PAGE =
  '<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n<p>The server …</p>';

it('quotes the end of the log that was written since, and the words of a page instead of its HTML', async () => {
  logged = [
    '10.0.0.1 - "GET /ping"',
    'Traceback (most recent call last):',
    '  File "train.py"',
    'RuntimeError: out of luck',
  ];
  const startedAt = Date.now();

  const { name, message } = await predict(failing(500, PAGE)).then(
    () => expect.unreachable(),
    (error: Error) => error,
  );

  expect(name).toBe('PredictionFailedError');
  expect(message).toBe(
    'The model behind flights answered 500: 500 Internal Server Error Its log ends with:\n' +
      'Traceback (most recent call last):\n  File "train.py"\nRuntimeError: out of luck',
  );
  expect(sources[0]!.logGroup).toBe('/aws/sagemaker/Endpoints/flights');
  expect(sources[0]!.since!.getTime()).toBeGreaterThan(startedAt - 60_000);
});

it('waits for the log, which CloudWatch has later than the answer', async () => {
  const tails = [['"POST /invocations" 500'], ['Traceback (most recent call last):', 'KeyError: 1']];
  const { port } = server.address() as AddressInfo;
  const client = new SageMakerRuntimeClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  answer = failing(500, 'bad row');
  const models = sageMakerModelServer({ client, log: { tail: async () => tails.shift() ?? [] }, pausesMs: [1, 1] });

  await expect(models.predict('flights', '1\n')).rejects.toMatchObject({
    message: expect.stringMatching(/answered 500: bad row Its log ends with:\nTraceback[\s\S]*KeyError: 1$/),
  });
});

it('names the log group where the log says nothing', async () => {
  await expect(predict(failing(500, 'bad row'))).rejects.toMatchObject({
    message: 'The model behind flights answered 500: bad row Its log group is /aws/sagemaker/Endpoints/flights.',
  });
});

it.each([
  [0, 'Your invocation timed out while waiting for a response from container primary.'],
  [504, '<html><head><title>504 Gateway Time-out</title></head></html>'],
])('tells a model that is too slow from one that fails: %i', async (status, message) => {
  await expect(predict(failing(status, message))).rejects.toMatchObject({
    name: 'ModelTimeoutError',
    message: expect.stringMatching(/^The model behind flights gave no answer within 1 s\.$/),
  });
});

it('gives up on a connection that stays silent', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const client = new SageMakerRuntimeClient({
    endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });

  await expect(sageMakerModelServer({ client, timeoutMs: 50 }).predict('flights', '1\n')).rejects.toMatchObject({
    name: 'ModelTimeoutError',
  });
  client.destroy();
  silent.closeAllConnections();
  silent.close();
});

it.each([
  ['ModelError', 424, '{"Message":"x","OriginalStatusCode":413}'],
  ['ValidationError', 400, '{"Message":"Request body is longer than 6291456 bytes"}'],
])('takes %s for a payload that is too large', async (errorType, status, body) => {
  await expect(predict({ status, errorType, body })).rejects.toMatchObject({ name: 'PayloadTooLargeError' });
});

it.each([
  ['ModelNotReadyException', 429, '{"Message":"cold"}'],
  ['ServiceUnavailable', 503, '{"Message":"busy"}'],
  ['ThrottlingException', 400, '{"Message":"Rate exceeded"}'],
  ['ModelError', 424, '{"Message":"x","OriginalStatusCode":503}'],
])('takes %s for an endpoint without capacity', async (errorType, status, body) => {
  await expect(predict({ status, errorType, body })).rejects.toMatchObject({ name: 'EndpointThrottledError' });
});

it('says that there is no such endpoint', async () => {
  const body = '{"Message":"Endpoint flights of account 1 not found."}';

  await expect(predict({ status: 400, errorType: 'ValidationError', body })).rejects.toMatchObject({
    name: 'EndpointFailedError',
  });
});
