import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cloud } from '#local/cloud.ts';
import { startCloud } from '#local/cloud.ts';
import { ROOT_DIR } from '#test/e2e/test-cloud.ts';
import { listeningPorts, TELLS_PORTS } from './listening-ports.ts';

let stateDir: string;
let cloud: Cloud;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'fedml-other-user-'));
  cloud = await startCloud({
    rootDir: ROOT_DIR,
    stateDir,
    pipelinesDir: join(ROOT_DIR, 'test', 'pipelines'),
    isKept: true,
  });
});

afterAll(async () => {
  await cloud?.close();
  await rm(stateDir, { recursive: true, force: true });
});

/** Keys that somebody made up, and the ones that earlier versions took. */
const WRONG_KEYS = [
  { accessKeyId: 'laptop', secretAccessKey: 'laptop' },
  { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
];

/** What each service answers when its person asks it. */
const UNSIGNED: readonly {
  readonly service: string;
  readonly method?: string;
  readonly path?: string;
  readonly target?: string;
  readonly body?: string;
}[] = [
  { service: 'Secrets Manager', target: 'secretsmanager.GetSecretValue', body: '{"SecretId":"fedml/warehouse"}' },
  { service: 'S3', method: 'GET' },
  { service: 'Step Functions', target: 'AWSStepFunctions.ListStateMachines' },
  { service: 'EventBridge', target: 'AWSEvents.ListRules' },
  { service: 'SageMaker', target: 'SageMaker.ListTrainingJobs' },
  { service: 'CloudWatch Logs', target: 'Logs_20140328.DescribeLogStreams' },
  { service: 'ECR', target: 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken' },
  { service: 'ECR', method: 'GET', path: '/v2/fedml-serverless-local-models/tags/list' },
  { service: 'Lambda', path: '/2015-03-31/functions/fedml-serverless-local-resolveRun/invocations' },
  { service: 'HTTP API', method: 'GET', path: '/runs' },
];

describe('another user of the same computer, who knows every port', () => {
  it.skipIf(!TELLS_PORTS)('is refused at each of them without keys', async () => {
    const ports = listeningPorts(process.pid);

    expect(ports.length).toBeGreaterThanOrEqual(12);
    const answers = await Promise.all(ports.map(async (port) => [port, await answerWithoutKeys(port)] as const));
    expect(answers.filter(([, { refused }]) => !refused)).toEqual([]);
  });

  it.each(UNSIGNED)('is refused by $service, which it asks for something that its person gets', async (asked) => {
    const { service, path = '/', method = 'POST', target, body = '{}' } = asked;

    const response = await fetch(`${cloud.services[service]}${path}`, {
      method,
      headers: { 'content-type': 'application/x-amz-json-1.1', ...(target && { 'x-amz-target': target }) },
      ...(method === 'POST' && { body }),
    });

    expect([400, 401, 403]).toContain(response.status);
    expect(await response.text()).toMatch(/Missing ?Authentication ?Token|AccessDenied|Forbidden|UNAUTHORIZED/i);
  });

  it.each(WRONG_KEYS)(
    'reads no secret, lists no bucket and runs no code by the keys $accessKeyId',
    async (credentials) => {
      const own = cloud.environment;
      const client = { region: 'eu-central-1', credentials };
      const secrets = new SecretsManagerClient({ ...client, endpoint: own.AWS_ENDPOINT_URL_SECRETS_MANAGER! });
      const s3 = new S3Client({ ...client, endpoint: own.AWS_ENDPOINT_URL_S3! });
      const lambda = new LambdaClient({ ...client, endpoint: cloud.services.Lambda! });
      const SecretId = own.FEDML_WAREHOUSE_SECRET_ARN!;

      await expect(secrets.send(new GetSecretValueCommand({ SecretId }))).rejects.toThrow(/security token.*invalid/);
      await expect(secrets.send(new ListSecretsCommand({}))).rejects.toThrow(/security token.*invalid/);
      await expect(s3.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
      await expect(
        lambda.send(new InvokeCommand({ FunctionName: 'fedml-serverless-local-resolveRun', Payload: '{}' })),
      ).rejects.toThrow(/security token.*invalid/);
    },
  );

  it('is refused when only the secret key is wrong', async () => {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint } = cloud.environment;
    const credentials = { accessKeyId: accessKeyId!, secretAccessKey: 'a guess' };
    const secrets = new SecretsManagerClient({ region: 'eu-central-1', endpoint: endpoint!, credentials });

    await expect(secrets.send(new ListSecretsCommand({}))).rejects.toMatchObject({ name: 'InvalidSignatureException' });
  });

  it('can’t look into the state folder, and least of all for the keys', async () => {
    expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
    expect((await stat(join(stateDir, 'cloud.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(stateDir, 'secrets', 'secrets.json'))).mode & 0o777).toBe(0o600);
    expect(await readdir(stateDir)).not.toContain('keys');
  });
});

interface Answer {
  readonly refused: boolean;
  readonly text: string;
}

/** What a port says to a request that nobody signed: over HTTP, else over TLS, else nothing at all. */
const answerWithoutKeys = async (port: number): Promise<Answer> => {
  const plain = await spoken(port);
  const text = plain.startsWith('HTTP/1.1') && !/HTTPS server/.test(plain) ? plain : await spokenByTls(port);
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
  return { refused: status === 0 || (status >= 400 && status < 500), text };
};

const spoken = (port: number): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
    });
    socket.setTimeout(2_000, () => socket.destroy());
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });

const spokenByTls = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const options = { port, host: '127.0.0.1', path: '/api/v1/secrets', rejectUnauthorized: false, timeout: 2_000 };
    const request = httpsRequest(options, (response) => {
      response.resume();
      response.on('end', () => resolve(`HTTP/1.1 ${response.statusCode}`));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', (error) => resolve(`closed: ${error.message}`));
    request.end();
  });
