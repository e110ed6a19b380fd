import { GetFunctionCommand, ListFunctionsCommand, ListLayersCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIXTURES, fixture, type OpenLambda, openLambda } from './open-lambda.ts';

let lambda: OpenLambda;

beforeAll(async () => {
  lambda = await openLambda({
    environment: { SHARED: 'shared', OWN: 'shared', AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' },
    functions: {
      echo: fixture('echo'),
      nothing: fixture('nothing'),
      synchronous: fixture('synchronous'),
      describeItself: fixture('describeItself', { environment: { OWN: 'own' }, memorySizeMb: 128 }),
      fail: fixture('fail'),
      failWithString: fixture('failWithString'),
      print: fixture('print'),
      returnBytes: fixture('returnBytes'),
      returnBigInt: fixture('returnBigInt'),
      commonJs: fixture('handler', { handlerFile: `${FIXTURES}/common.cjs` }),
    },
  });
});

afterAll(() => lambda.close());

describe('an invocation', () => {
  it('hands the event to the handler and answers with what it returns', async () => {
    const { StatusCode, ExecutedVersion, FunctionError, body } = await lambda.invoke('echo', {
      text: 'Grüße 🚀',
      n: [1, null],
    });

    expect({ StatusCode, ExecutedVersion, FunctionError }).toEqual({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(body).toEqual({ text: 'Grüße 🚀', n: [1, null] });
  });

  it.each([
    ['a missing payload becomes an empty event', 'echo', undefined, {}],
    ['undefined becomes null', 'nothing', {}, null],
    ['a synchronous handler is fine', 'synchronous', { n: 1 }, 2],
    ['a CommonJS module is fine', 'commonJs', 1, { from: 'CommonJS', event: 1 }],
  ])('%s', async (_, functionName, event, expected) => {
    expect((await lambda.invoke(functionName, event)).body).toEqual(expected);
  });

  it.each([
    'echo',
    'echo:$LATEST',
    '000000000000:function:echo',
    'arn:aws:lambda:eu-central-1:000000000000:function:echo',
    'arn:aws:lambda:eu-central-1:000000000000:function:echo:$LATEST',
  ])('finds its function by %s', async (name) => {
    expect((await lambda.invoke(name, { name })).body).toEqual({ name });
  });

  it.each([
    ['missing', 'arn:aws:lambda:eu-central-1:000000000000:function:missing'],
    ['echo:prod', 'arn:aws:lambda:eu-central-1:000000000000:function:echo:prod'],
    ['toString', 'arn:aws:lambda:eu-central-1:000000000000:function:toString'],
  ])('refuses the unknown function %s', async (name, arn) => {
    await expect(lambda.invoke(name, {})).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Function not found: ${arn}`,
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('leaves the function of another account to that account', async () => {
    await expect(lambda.invoke('arn:aws:lambda:eu-central-1:999999999999:function:echo', {})).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(/because no resource-based policy allows the lambda:InvokeFunction action$/),
    });
  });

  it('refuses a payload that is not JSON', async () => {
    await expect(lambda.invoke('echo', undefined, { Payload: '{"a":' })).rejects.toMatchObject({
      name: 'InvalidRequestContentException',
      message: expect.stringMatching(/^Could not parse request body into json/),
    });
  });

  it.each([
    ['RequestResponse', 6_291_456],
    ['Event', 1_048_576],
  ] as const)('refuses a %s payload beyond %d bytes', async (InvocationType, limit) => {
    const Payload = JSON.stringify('x'.repeat(limit - 1));

    await expect(lambda.invoke('echo', undefined, { InvocationType, Payload })).rejects.toMatchObject({
      name: 'RequestEntityTooLargeException',
      message: `${limit + 1} byte payload is too large for the ${InvocationType} invocation type (limit ${limit} bytes)`,
      $metadata: { httpStatusCode: 413 },
    });
  });

  it('carries a payload of exactly 6 MB both ways', async () => {
    const text = 'x'.repeat(6_291_456 - 2);

    expect((await lambda.invoke('echo', text)).body).toBe(text);
  });

  it('answers DryRun without running the handler', async () => {
    const { StatusCode, body } = await lambda.invoke('fail', {}, { InvocationType: 'DryRun' });

    expect({ StatusCode, body }).toEqual({ StatusCode: 204, body: undefined });
  });
});

describe('the environment of a handler', () => {
  it('has the documented variables and nothing of its host', async () => {
    process.env.SECRET_OF_THE_HOST = 'secret';

    const { body } = await lambda.invoke('describeItself', {});

    expect(body.environment).toMatchObject({
      SHARED: 'shared',
      OWN: 'own',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
      AWS_LAMBDA_FUNCTION_NAME: 'describeItself',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_REGION: 'eu-central-1',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      LAMBDA_TASK_ROOT: FIXTURES,
      TZ: 'UTC',
    });
    expect(Object.keys(body.environment).sort()).toEqual(
      [
        ...['SHARED', 'OWN', 'AWS_ENDPOINT_URL_S3', 'AWS_REGION'],
        ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
        ...['AWS_EXECUTION_ENV', 'AWS_LAMBDA_FUNCTION_NAME', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
        ...[
          'AWS_LAMBDA_FUNCTION_VERSION',
          'AWS_LAMBDA_INITIALIZATION_TYPE',
          'LAMBDA_TASK_ROOT',
          'NODE_COMPILE_CACHE',
          'PATH',
          'HOME',
          'TMPDIR',
          'TZ',
        ],
      ].sort(),
    );
    expect(body.workingDirectory).toBe(FIXTURES);
  });

  it('gets the context that Lambda documents', async () => {
    const ClientContext = Buffer.from('{"custom":{"a":1}}').toString('base64');

    const { body, $metadata } = await lambda.invoke('describeItself', {}, { ClientContext });

    expect(body.context).toEqual({
      functionName: 'describeItself',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:eu-central-1:000000000000:function:describeItself',
      memoryLimitInMB: '128',
      awsRequestId: $metadata.requestId,
      logGroupName: '/aws/lambda/describeItself',
      logStreamName: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
      clientContext: { custom: { a: 1 } },
    });
    expect(body.remainingMs).toBeGreaterThan(15_000);
    expect(body.remainingMs).toBeLessThanOrEqual(20_000);
  });

  it('stays warm: the next event finds the same process', async () => {
    const first = await lambda.invoke('describeItself', {});

    const second = await lambda.invoke('describeItself', {});

    expect(second.body.pid).toBe(first.body.pid);
    expect(second.body.invocationCount).toBe(first.body.invocationCount + 1);
  });
});

describe('a handler that fails', () => {
  it('is reported by the name of its error', async () => {
    const { StatusCode, FunctionError, body } = await lambda.invoke('fail', { message: 'HANA is away' });

    expect({ StatusCode, FunctionError }).toEqual({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(body).toEqual({
      errorType: 'WarehouseUnavailableError',
      errorMessage: 'HANA is away',
      trace: expect.arrayContaining([expect.stringContaining('handlers.ts')]),
    });
  });

  it('may throw what is no error', async () => {
    expect((await lambda.invoke('failWithString', {})).body).toEqual({
      errorType: 'string',
      errorMessage: 'only a string',
      trace: [],
    });
  });

  it('keeps its environment warm', async () => {
    await lambda.invoke('fail', {}, { LogType: 'Tail' });

    const { LogResult } = await lambda.invoke('fail', {}, { LogType: 'Tail' });

    expect(Buffer.from(LogResult!, 'base64').toString()).not.toContain('Init Duration');
  });

  it('is told that its result is too large', async () => {
    expect((await lambda.invoke('returnBytes', { bytes: 6_291_555 })).body).toMatchObject({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
  });

  it('is told that its result is no JSON', async () => {
    expect((await lambda.invoke('returnBigInt', {})).body).toMatchObject({
      errorType: 'Error',
      errorMessage: expect.stringMatching(/^Unable to stringify response body: .*BigInt/),
    });
  });
});

describe('the log', () => {
  it('frames what the handler printed and reports its duration and memory', async () => {
    const { LogResult, $metadata } = await lambda.invoke('print', {}, { LogType: 'Tail' });

    const lines = Buffer.from(LogResult!, 'base64').toString().trimEnd().split('\n');
    expect(lines[0]).toBe(`START RequestId: ${$metadata.requestId} Version: $LATEST`);
    expect(lines.slice(1, 3).sort()).toEqual(['err', 'out ']);
    expect(lines[3]).toBe(`END RequestId: ${$metadata.requestId}`);
    expect(lines[4]).toMatch(
      /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB/,
    );
  });

  it('returns only its last 4 KB', async () => {
    const { LogResult } = await lambda.invoke('print', { bytes: 100_000 }, { LogType: 'Tail' });

    expect(Buffer.from(LogResult!, 'base64').length).toBe(4096);
    expect(Buffer.from(LogResult!, 'base64').toString()).toMatch(/^x+/);
  });
});

describe('the other operations', () => {
  it('describe the functions', async () => {
    const { Configuration } = await lambda.client.send(new GetFunctionCommand({ FunctionName: 'describeItself' }));
    const { Functions } = await lambda.client.send(new ListFunctionsCommand({}));

    expect(Configuration).toMatchObject({ FunctionName: 'describeItself', Timeout: 20, MemorySize: 128 });
    expect(Functions).toHaveLength(10);
  });

  it('are refused by name when they are not there', async () => {
    await expect(lambda.client.send(new ListLayersCommand({}))).rejects.toMatchObject({
      name: 'NotImplementedException',
      message: expect.stringContaining('GET /2018-10-31/layers'),
    });
  });
});
