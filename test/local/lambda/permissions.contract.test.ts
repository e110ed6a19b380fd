import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FailedInvocation } from '#local/lambda/asynchronous-invocations.ts';
import { expectExactGrants } from '#test/local/iam/access-table.ts';
import { allow, policy, roleArn, roleFor, type Statement } from '#test/local/iam/roles.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';
import { fixture, type OpenLambda, openLambda } from './open-lambda.ts';

const FUNCTIONS = 'arn:aws:lambda:eu-central-1:000000000000:function';
const QUEUE = 'arn:aws:sqs:eu-central-1:000000000000:failed';
const LOG_GROUPS = 'arn:aws:logs:eu-central-1:000000000000:log-group:/aws/lambda/*';
const LOGS = allow(['logs:CreateLogStream', 'logs:PutLogEvents'], LOG_GROUPS);
const iam = testIam();
const problems: string[] = [];
const failures: FailedInvocation[] = [];

const functionRole = (name: string, ...statements: readonly Statement[]) =>
  roleFor('lambda.amazonaws.com', roleArn(name), statements);
const deploy = (roles = [functionRole('function', LOGS)], resourcePolicies = {}) =>
  iam.deploy({ roles, resourcePolicies });

let lambda: OpenLambda;
beforeAll(async () => {
  deploy();
  lambda = await openLambda({
    iam,
    functions: {
      echo: fixture('echo'),
      describeItself: fixture('describeItself'),
      other: fixture('describeItself', { roleArn: roleArn('other') }),
      untrusting: fixture('print', { roleArn: roleArn('untrusting') }),
      silentCreateLogStream: fixture('print', { roleArn: roleArn('silentCreateLogStream') }),
      silentPutLogEvents: fixture('print', { roleArn: roleArn('silentPutLogEvents') }),
      fail: fixture('fail', { roleArn: roleArn('failing'), failureDestinationArn: QUEUE }),
    },
    onAsyncFailure: (record) => failures.push(record),
    onProblem: (text) => problems.push(text),
  });
});
beforeEach(() => deploy());
afterAll(() => lambda?.close());

const clientOf = (credentials: typeof PERSON) =>
  new LambdaClient({ endpoint: lambda.host.url, region: 'eu-central-1', credentials, maxAttempts: 1 });

describe('each operation', () => {
  expectExactGrants(
    [
      {
        operation: 'Invoke',
        send: (as) => clientOf(as).send(new InvokeCommand({ FunctionName: 'echo' })),
        needs: [['lambda:InvokeFunction', `${FUNCTIONS}:echo`]],
      },
      {
        operation: 'Invoke by a version',
        send: (as) => clientOf(as).send(new InvokeCommand({ FunctionName: `${FUNCTIONS}:echo`, Qualifier: '$LATEST' })),
        needs: [['lambda:InvokeFunction', `${FUNCTIONS}:echo:$LATEST`]],
      },
      {
        operation: 'Invoke of a function that is not there',
        send: (as) => clientOf(as).send(new InvokeCommand({ FunctionName: 'none', InvocationType: 'DryRun' })),
        needs: [['lambda:InvokeFunction', `${FUNCTIONS}:none`]],
        otherwise: 'ResourceNotFoundException',
      },
      {
        operation: 'GetFunction',
        send: (as) => clientOf(as).send(new GetFunctionCommand({ FunctionName: 'echo' })),
        needs: [['lambda:GetFunction', `${FUNCTIONS}:echo`]],
      },
      {
        operation: 'GetFunctionConfiguration',
        send: (as) => clientOf(as).send(new GetFunctionConfigurationCommand({ FunctionName: 'echo' })),
        needs: [['lambda:GetFunctionConfiguration', `${FUNCTIONS}:echo`]],
      },
      {
        operation: 'ListFunctions',
        send: (as) => clientOf(as).send(new ListFunctionsCommand({})),
        needs: [['lambda:ListFunctions', '*']],
      },
    ],
    () => ({ iam, roles: [functionRole('function', LOGS)] }),
  );
});

describe('a service', () => {
  const RULE = 'arn:aws:events:eu-central-1:000000000000:rule/bus/nightly';
  const allowedFor = (SourceArn: string) => ({
    [`${FUNCTIONS}:echo`]: policy({
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'lambda:InvokeFunction',
      Resource: `${FUNCTIONS}:echo`,
      Condition: { ArnLike: { 'aws:SourceArn': SourceArn } },
    }),
  });
  const invokeAs = (service: string, sourceArn: string) =>
    clientOf(iam.serviceKeys(service, sourceArn)).send(new InvokeCommand({ FunctionName: 'echo' }));

  it('invokes a function by the function’s own policy', async () => {
    deploy([functionRole('function', LOGS)], allowedFor(RULE));

    expect((await invokeAs('events.amazonaws.com', RULE)).StatusCode).toBe(200);
  });

  it.each([
    ['another source', 'events.amazonaws.com', `${RULE}-2`],
    ['another service', 'apigateway.amazonaws.com', RULE],
  ])('is refused for %s', async (_, service, sourceArn) => {
    deploy([functionRole('function', LOGS)], allowedFor(RULE));

    await expect(invokeAs(service, sourceArn)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message:
        `User: ${service} is not authorized to perform: lambda:InvokeFunction on resource: ${FUNCTIONS}:echo ` +
        'because no resource-based policy allows the lambda:InvokeFunction action',
      $metadata: { httpStatusCode: 403 },
    });
  });
});

describe('a request that is not signed right', () => {
  it.each([
    ['unknown key', { ...PERSON, accessKeyId: 'AKIAUNKNOWNUNKNOWN12' }, 'UnrecognizedClientException'],
    ['wrong secret', { ...PERSON, secretAccessKey: 'guessed' }, 'InvalidSignatureException'],
  ])('is refused for its %s', async (_, keys, name) => {
    await expect(clientOf(keys).send(new InvokeCommand({ FunctionName: 'echo' }))).rejects.toMatchObject({
      name,
      $metadata: { httpStatusCode: 403 },
    });
  });

  it('is refused as a REST service does when it is not signed at all', async () => {
    const response = await fetch(`${lambda.host.url}/2015-03-31/functions/echo/invocations`, { method: 'POST' });

    expect([response.status, response.headers.get('x-amzn-errortype'), await response.json()]).toEqual([
      403,
      'MissingAuthenticationTokenException',
      { Message: 'Missing Authentication Token' },
    ]);
  });
});

describe('a function', () => {
  const keysIn = ({ body }: { body: { environment: Record<string, string> } }) => ({
    accessKeyId: body.environment.AWS_ACCESS_KEY_ID,
    secretAccessKey: body.environment.AWS_SECRET_ACCESS_KEY,
    sessionToken: body.environment.AWS_SESSION_TOKEN,
  });

  it('has the keys of its own role’s session, and nothing of the person’s', async () => {
    deploy([functionRole('function', LOGS), functionRole('other', LOGS)]);

    const one = await lambda.invoke('describeItself', {});
    const other = await lambda.invoke('other', {});

    expect(keysIn(one)).toEqual(iam.sessionKeys(roleArn('function'), 'describeItself'));
    expect(keysIn(other)).toEqual(iam.sessionKeys(roleArn('other'), 'other'));
    for (const secret of [PERSON.accessKeyId, PERSON.secretAccessKey])
      expect(JSON.stringify([one.body, other.body])).not.toContain(secret);
  });

  it('can’t use what another function may do', async () => {
    deploy([
      functionRole('function', LOGS),
      functionRole('other', LOGS, allow('lambda:InvokeFunction', `${FUNCTIONS}:echo`)),
    ]);
    const mine = keysIn(await lambda.invoke('describeItself', {}));
    const others = keysIn(await lambda.invoke('other', {}));
    const invokeBy = (keys: object) =>
      clientOf(keys as typeof PERSON).send(new InvokeCommand({ FunctionName: 'echo' }));

    expect((await invokeBy(others)).StatusCode).toBe(200);
    await expect(invokeBy(mine)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('User: arn:aws:sts::000000000000:assumed-role/function/describeItself is not'),
    });
    await expect(invokeBy({ ...mine, sessionToken: others.sessionToken })).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
  });

  it('whose role Lambda may not take does not run', async () => {
    deploy([roleFor('states.amazonaws.com', roleArn('untrusting'))]);

    await expect(lambda.invoke('untrusting', {})).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(/^The role defined for the function cannot be assumed by Lambda\./),
    });
  });

  it.each(['CreateLogStream', 'PutLogEvents'])(
    'has no log with %s as its role’s only grant, but an answer',
    async (name) => {
      problems.length = 0;
      const grant = allow(`logs:${name}`, LOG_GROUPS);
      deploy([functionRole(`silent${name}`, grant), functionRole('function', LOGS)]);

      const { LogResult } = await lambda.invoke(`silent${name}`, {}, { LogType: 'Tail' });
      await lambda.invoke('echo', {});

      const log = (name: string) => readFile(join(lambda.dataDir, 'logs', `${name}.log`), 'utf8').catch(() => 'none');
      expect(Buffer.from(LogResult!, 'base64').toString()).toContain('out ');
      await vi.waitFor(async () => expect(await log('echo')).toContain('REPORT'));
      expect(await log(`silent${name}`)).toBe('none');
      expect(problems).toEqual([
        `The role of silent${name} may not write the log group /aws/lambda/silent${name}: its lines are lost.`,
      ]);
    },
  );

  it('tells the queue of its failures only where its role may', async () => {
    const failAsynchronously = () => lambda.invoke('fail', {}, { InvocationType: 'Event' });
    deploy([functionRole('failing', LOGS)]);
    await failAsynchronously();
    await vi.waitFor(() =>
      expect(problems).toContain(`The role of fail may not send to ${QUEUE}: a failed event of it is lost.`),
    );
    expect(failures).toEqual([]);

    deploy([functionRole('failing', LOGS, allow('sqs:SendMessage', QUEUE))]);
    await failAsynchronously();
    await vi.waitFor(() => expect(failures).toHaveLength(1));
  });
});
