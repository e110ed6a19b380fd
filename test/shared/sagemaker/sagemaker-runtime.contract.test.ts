import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sageMakerModelServer } from '#shared/sagemaker/sagemaker-runtime.ts';

interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly errorType?: string;
}

let answer: Answer;
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
  return sageMakerModelServer(client)
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
