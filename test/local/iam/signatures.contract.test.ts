import { Readable } from 'node:stream';
import { CloudWatchLogsClient, DescribeLogStreamsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CopyObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { DescribeModelCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KeyPair } from '#local/iam/iam.ts';
import { openDoor } from './open-door.ts';
import { PERSON, testIam } from './test-iam.ts';

const iam = testIam();
const ROLE = 'arn:aws:iam::000000000000:role/fedml/resolve-run';
const SESSION = iam.sessionKeys(ROLE, 'resolveRun');

const config = (endpoint: string, credentials: KeyPair = PERSON) => ({
  endpoint,
  region: 'eu-central-1',
  credentials,
  maxAttempts: 1,
});

describe('the clients of services that answer JSON', () => {
  const arn = 'arn:aws:lambda:eu-central-1:000000000000:function:f';
  const calls: Record<string, { service: string; send: (url: string, keys: KeyPair) => Promise<unknown> }> = {
    'Step Functions': {
      service: 'states',
      send: (url, keys) =>
        new SFNClient(config(url, keys)).send(new StartExecutionCommand({ stateMachineArn: 'm', input: '{"ä":1}' })),
    },
    'Lambda, by an ARN in the path': {
      service: 'lambda',
      send: (url, keys) =>
        new LambdaClient(config(url, keys)).send(new InvokeCommand({ FunctionName: arn, Payload: '{}' })),
    },
    SageMaker: {
      service: 'sagemaker',
      send: (url, keys) => new SageMakerClient(config(url, keys)).send(new DescribeModelCommand({ ModelName: 'm' })),
    },
    "SageMaker's runtime": {
      service: 'sagemaker',
      send: (url, keys) =>
        new SageMakerRuntimeClient(config(url, keys)).send(
          new InvokeEndpointCommand({ EndpointName: 'e', Body: 'a,b' }),
        ),
    },
    'Secrets Manager': {
      service: 'secretsmanager',
      send: (url, keys) =>
        new SecretsManagerClient(config(url, keys)).send(new GetSecretValueCommand({ SecretId: 's' })),
    },
    EventBridge: {
      service: 'events',
      send: (url, keys) =>
        new EventBridgeClient(config(url, keys)).send(
          new PutEventsCommand({ Entries: [{ Source: 's', DetailType: 'd', Detail: '{}' }] }),
        ),
    },
    'CloudWatch Logs': {
      service: 'logs',
      send: (url, keys) =>
        new CloudWatchLogsClient(config(url, keys)).send(
          new DescribeLogStreamsCommand({ logGroupName: '/aws/lambda/f' }),
        ),
    },
    ECR: {
      service: 'ecr',
      send: (url, keys) => new ECRClient(config(url, keys)).send(new GetAuthorizationTokenCommand({})),
    },
    'IAM, whose region is us-east-1': {
      service: 'iam',
      send: (url, keys) =>
        new IAMClient({ ...config(url, keys), region: 'us-east-1' })
          .send(new GetRoleCommand({ RoleName: 'r' }))
          .catch(() => {}),
    },
  };

  describe.each(Object.entries(calls))('%s', (_name, { service, send }) => {
    it.each([true, false])('are recognized by the person and by a session (body read first: %s)', async (bodyFirst) => {
      const door = await openDoor(iam, service, bodyFirst);
      try {
        await send(door.url, PERSON);
        expect(door.last().principal).toMatchObject({ type: 'user' });
        await send(door.url, SESSION);
        expect(door.last().principal).toEqual({
          type: 'role',
          arn: 'arn:aws:sts::000000000000:assumed-role/resolve-run/resolveRun',
          roleArn: ROLE,
        });
      } finally {
        await door.close();
      }
    });
  });
});

describe("S3's client", () => {
  let door: Awaited<ReturnType<typeof openDoor>>;
  let client: S3Client;
  beforeAll(async () => {
    door = await openDoor(iam, 's3', false);
    client = new S3Client(config(door.url));
  });
  beforeEach(() => {
    door.visits.length = 0;
  });
  afterAll(async () => {
    client.destroy();
    await door.close();
  });

  it.each(["ä b+c%25/(x)'*!~ $&@=;:,?", 'a//b/../c', './x/', 'plain'])('is recognized for the key %s', async (Key) => {
    await client.send(new PutObjectCommand({ Bucket: 'b', Key, Body: 'text' }));
    await client.send(new GetObjectCommand({ Bucket: 'b', Key, VersionId: 'a+/=' }));

    expect(door.visits.map(({ refused }) => refused)).toEqual([undefined, undefined]);
    expect(door.visits[0]).toMatchObject({ payload: { type: 'sha256' } });
  });

  it('is recognized for streams, listings and copies', async () => {
    await client.send(
      new PutObjectCommand({ Bucket: 'b', Key: 'k', Body: Readable.from(['ab', 'cd']), ContentLength: 4 }),
    );
    expect(door.last().payload).toEqual({ type: 'unsigned-chunks' });
    await client.send(new ListObjectsV2Command({ Bucket: 'b', Prefix: 'a b/ü+', Delimiter: '/', StartAfter: '~' }));
    expect(door.last().refused).toBeUndefined();
    await client.send(new CopyObjectCommand({ Bucket: 'b', Key: 'k', CopySource: 'b/%C3%A4' })).catch(() => {});
    expect(door.last().refused).toBeUndefined();
  });

  it('is told by its own words that the key is unknown', async () => {
    const stranger = new S3Client(config(door.url, { accessKeyId: 'AKIASTRANGER00000001', secretAccessKey: 'x' }));

    await expect(stranger.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }))).rejects.toThrow();

    expect(door.last().refused).toMatchObject({
      kind: 'unknown-key',
      message: 'The AWS Access Key Id you provided does not exist in our records.',
    });
  });
});
