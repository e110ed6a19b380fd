import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AwsError, type AwsJsonService, awsJsonHandler, serveAwsJson } from '#local/http/aws-json.ts';
import type { Iam, KeyPair } from '#local/iam/iam.ts';
import { openIam } from '#local/iam/open-iam.ts';
import { LOCAL_ACCOUNT, type StandIn } from '#local/stand-in.ts';
import { allow, roleFor, withRoles } from '#test/local/iam/roles.ts';
import { PERSON } from '#test/local/iam/test-iam.ts';

const MACHINE = 'arn:aws:states:eu-central-1:000000000000:stateMachine:flights';
const ROLE = 'arn:aws:iam::000000000000:role/starter';

let iam: Iam;
let now: number;
let calls: unknown[];
let server: StandIn;
beforeEach(async () => {
  now = Date.now();
  calls = [];
  iam = withRoles(
    openIam({ account: LOCAL_ACCOUNT, personKeys: PERSON, now: () => now }),
    roleFor('lambda.amazonaws.com', ROLE, [allow('states:StartExecution', MACHINE)]),
  );
  server = await serveAwsJson(service());
});
afterEach(() => server.close());

const service = (more: Partial<AwsJsonService> = {}): AwsJsonService => ({
  targetPrefix: 'AWSStepFunctions',
  jsonVersion: '1.0',
  signingName: 'states',
  iam,
  maxBodyBytes: 1_000,
  operations: {
    StartExecution(input: { stateMachineArn: string }, { principal }) {
      calls.push({ input, principal });
      return { executionArn: 'arn:execution', startDate: new Date(0) };
    },
  },
  permissions: {
    StartExecution: ({ stateMachineArn }) => [{ action: 'states:StartExecution', resource: String(stateMachineArn) }],
  },
  ...more,
});

interface Sent {
  readonly keys?: KeyPair;
  readonly region?: string;
  readonly input?: object;
  /** Changes what was signed. */
  readonly tamper?: (request: { headers: Record<string, string>; body: string }) => void;
}

/** Sends by the real client; gives the status and the JSON as they came. */
const send = async ({ keys = PERSON, region = LOCAL_ACCOUNT.region, input = {}, tamper }: Sent = {}) => {
  const client = new SFNClient({ endpoint: server.url, region, credentials: keys, maxAttempts: 1 });
  let answer: { statusCode: number; errorType: string; body: Record<string, unknown> } | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as { headers: Record<string, string>; body: string; path: string };
      tamper?.(request);
      const response = await fetch(server.url, { method: 'POST', headers: request.headers, body: request.body });
      const body = (await response.json()) as Record<string, unknown>;
      answer = { statusCode: response.status, errorType: response.headers.get('x-amzn-errortype') ?? '', body };
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  await client.send(new StartExecutionCommand({ stateMachineArn: MACHINE, ...input })).catch(() => {});
  client.destroy();
  return answer!;
};

describe('a caller', () => {
  it('is made known to the operation', async () => {
    const { statusCode } = await send({ keys: iam.sessionKeys(ROLE, 'session') });

    expect(statusCode).toBe(200);
    expect(calls[0]).toMatchObject({
      input: { stateMachineArn: MACHINE },
      principal: { type: 'role', roleArn: ROLE, arn: 'arn:aws:sts::000000000000:assumed-role/starter/session' },
    });
  });

  it('that no policy allows the call is told so in AWS’s words and shape', async () => {
    const input = { stateMachineArn: `${MACHINE}-other` };

    expect(await send({ keys: iam.sessionKeys(ROLE, 'session'), input })).toEqual({
      statusCode: 400,
      errorType: 'AccessDeniedException',
      body: {
        __type: 'com.amazon.coral.service#AccessDeniedException',
        Message:
          'User: arn:aws:sts::000000000000:assumed-role/starter/session is not authorized to perform: ' +
          `states:StartExecution on resource: ${MACHINE}-other because no identity-based policy allows the states:StartExecution action`,
      },
    });
    expect(calls).toEqual([]);
  });

  const other = { ...PERSON, secretAccessKey: 'another secret' };
  const unknown = { ...PERSON, accessKeyId: 'AKIANOBODYHASTHISKEY' };
  it.each<[string, Sent | (() => Sent), string, RegExp]>([
    [
      'without a signature',
      { tamper: ({ headers }) => delete headers.authorization },
      'MissingAuthenticationTokenException',
      /^Missing Authentication Token$/,
    ],
    ['with another secret', { keys: other }, 'InvalidSignatureException', /signature we calculated does not match/],
    ['with an unknown key', { keys: unknown }, 'UnrecognizedClientException', /security token .* is invalid/],
    [
      'with another session’s token',
      () => ({
        keys: { ...iam.sessionKeys(ROLE, 'a'), sessionToken: iam.sessionKeys(ROLE, 'b').sessionToken! },
      }),
      'UnrecognizedClientException',
      /security token .* is invalid/,
    ],
    ['signed for another region', { region: 'us-east-1' }, 'InvalidSignatureException', /Credential should be scoped/],
    [
      'with a header that can’t be read',
      { tamper: ({ headers }) => (headers.authorization = 'AWS4-HMAC-SHA256 SignedHeaders=host') },
      'IncompleteSignatureException',
      /Authorization header requires/,
    ],
    [
      'with another body than the signed one',
      {
        tamper(request) {
          request.body = Buffer.from(request.body).toString().replace('flights', 'others!');
        },
      },
      'InvalidSignatureException',
      /signature we calculated does not match/,
    ],
  ])('%s is refused', async (_, sent, code, message) => {
    const { statusCode, errorType, body } = await send(typeof sent === 'function' ? sent() : sent);

    expect({ statusCode, errorType }).toEqual({ statusCode: 400, errorType: code });
    expect(body).toEqual({ __type: `com.amazon.coral.service#${code}`, message: expect.stringMatching(message) });
    expect(calls).toEqual([]);
  });

  it.each([
    ['long ago', 16, /Signature expired/],
    ['in the future', -6, /Signature not yet current/],
  ])('who signed %s is refused', async (_, minutes, message) => {
    now += minutes * 60_000;

    expect(await send()).toMatchObject({
      statusCode: 400,
      errorType: 'InvalidSignatureException',
      body: { message: expect.stringMatching(message) },
    });
  });

  it('must sign before hearing which operations there are', async () => {
    const headers = { 'x-amz-target': 'AWSStepFunctions.Invent' };
    const response = await fetch(server.url, { method: 'POST', headers, body: '{}' });

    expect(await response.json()).toMatchObject({ message: 'Missing Authentication Token' });
  });
});

describe('a request', () => {
  it('is refused when it is longer than the service accepts, before anything else is known of it', async () => {
    const { statusCode, errorType } = await send({ input: { input: `"${'x'.repeat(1_000)}"` } });

    expect({ statusCode, errorType }).toEqual({ statusCode: 413, errorType: 'RequestEntityTooLargeException' });
    expect(calls).toEqual([]);
  });

  it.each(['[]', 'null', '"text"', '{'])('that is %s is refused', async (body) => {
    const { hash } = await import('node:crypto');
    const resign = { 'x-amz-content-sha256': hash('sha256', body) };
    const { signedRequest } = await import('#test/local/iam/signed-request.ts');
    const host = new URL(server.url).host;
    const signed = await signedRequest(
      { headers: { host, 'x-amz-target': 'AWSStepFunctions.StartExecution', ...resign }, body },
      { keys: PERSON },
    );
    const { host: _, ...headers } = signed.headers as Record<string, string>;
    const response = await fetch(server.url, { method: 'POST', headers, body });

    expect(await response.json()).toMatchObject({ __type: 'SerializationException' });
  });
});

describe('a service', () => {
  it('is not made with an operation that nobody is said to be allowed', () => {
    expect(() => awsJsonHandler(service({ permissions: {} }))).toThrow(/who may call StartExecution/);
  });

  it('keeps its own errors as they are', async () => {
    await server.close();
    const StartExecution = () => {
      throw new AwsError('InvalidArn', 'Invalid Arn', { details: { more: 1 } });
    };
    server = await serveAwsJson(service({ operations: { StartExecution } }));

    expect(await send()).toEqual({
      statusCode: 400,
      errorType: 'InvalidArn',
      body: { __type: 'InvalidArn', message: 'Invalid Arn', more: 1 },
    });
  });
});
