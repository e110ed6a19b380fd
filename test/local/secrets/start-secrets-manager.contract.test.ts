import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSecretsManager } from '#local/secrets/start-secrets-manager.ts';
import { LOCAL_ACCOUNT, type StandIn } from '#local/stand-in.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';

const SecretId = 'fedml/hana';
let dataDir: string;
let server: StandIn;
let client: SecretsManagerClient;

const open = async (): Promise<void> => {
  server = await startSecretsManager({ dataDir, account: LOCAL_ACCOUNT, iam: testIam() });
  client = new SecretsManagerClient({
    endpoint: server.url,
    region: LOCAL_ACCOUNT.region,
    credentials: PERSON,
  });
};

const close = async (): Promise<void> => {
  client.destroy();
  await server.close();
};

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'secrets-'));
  await open();
});

afterEach(async () => {
  await close();
  await rm(dataDir, { recursive: true, force: true });
});

const create = (input: object = {}) =>
  client.send(new CreateSecretCommand({ Name: SecretId, SecretString: '{"password":"1"}', ...input }));

const put = (SecretString: string, input: object = {}) =>
  client.send(new PutSecretValueCommand({ SecretId, SecretString, ...input }));

const secretOf = async (input: object = {}): Promise<string | undefined> =>
  (await client.send(new GetSecretValueCommand({ SecretId, ...input }))).SecretString;

describe('secrets', () => {
  it('gives a secret back by name, by ARN and by an ARN without its random end', async () => {
    const { ARN = '', VersionId } = await create();

    const byName = await client.send(new GetSecretValueCommand({ SecretId }));
    const byArn = await secretOf({ SecretId: ARN });
    const byPartialArn = await secretOf({ SecretId: ARN.slice(0, -7) });

    expect(ARN).toMatch(/^arn:aws:secretsmanager:eu-central-1:000000000000:secret:fedml\/hana-[0-9a-f]{6}$/);
    expect(byName).toMatchObject({
      ARN,
      Name: SecretId,
      VersionId,
      SecretString: '{"password":"1"}',
      VersionStages: ['AWSCURRENT'],
      CreatedDate: expect.any(Date),
    });
    expect([byArn, byPartialArn]).toEqual(['{"password":"1"}', '{"password":"1"}']);
  });

  it('keeps bytes as they are', async () => {
    const bytes = Uint8Array.of(0, 255, 128, 10);
    await create({ SecretString: undefined, SecretBinary: bytes });

    const got = await client.send(new GetSecretValueCommand({ SecretId }));

    expect(got.SecretString).toBeUndefined();
    expect(got.SecretBinary).toEqual(bytes);
  });

  it('moves AWSCURRENT and AWSPREVIOUS with every new value', async () => {
    const first = await create();
    await put('second');
    await put('third');

    const current = await secretOf();
    const previous = await secretOf({ VersionStage: 'AWSPREVIOUS' });
    const oldest = await secretOf({ VersionId: first.VersionId });
    const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));

    expect([current, previous, oldest]).toEqual(['third', 'second', '{"password":"1"}']);
    expect(Object.values(VersionIdsToStages)).toEqual([['AWSPREVIOUS'], ['AWSCURRENT']]);
  });

  it('puts a value under a label of its own without touching the current one', async () => {
    await create();

    await put('pending', { VersionStages: ['AWSPENDING'] });

    expect(await secretOf()).toBe('{"password":"1"}');
    expect(await secretOf({ VersionStage: 'AWSPENDING' })).toBe('pending');
  });

  it('answers a repeated request as it answered the first', async () => {
    const ClientRequestToken = 'a'.repeat(32);
    const first = await create({ ClientRequestToken });
    const again = await create({ ClientRequestToken });
    await put('second', { ClientRequestToken: 'b'.repeat(32) });
    await put('second', { ClientRequestToken: 'b'.repeat(32) });

    const other = put('third', { ClientRequestToken: 'b'.repeat(32) });

    expect(again).toMatchObject({ ARN: first.ARN, VersionId: first.VersionId });
    await expect(other).rejects.toMatchObject({ name: 'ResourceExistsException' });
    expect(await secretOf({ VersionStage: 'AWSPREVIOUS' })).toBe('{"password":"1"}');
  });

  it('describes a secret without telling it', async () => {
    await create({ Description: 'warehouse', KmsKeyId: 'alias/k', Tags: [{ Key: 'team', Value: 'ml' }] });

    const described = await client.send(new DescribeSecretCommand({ SecretId }));

    expect(described).toMatchObject({
      Name: SecretId,
      Description: 'warehouse',
      KmsKeyId: 'alias/k',
      Tags: [{ Key: 'team', Value: 'ml' }],
      CreatedDate: expect.any(Date),
      LastChangedDate: expect.any(Date),
    });
    expect(JSON.stringify(described)).not.toContain('password');
  });

  it('lists secrets page by page, without telling them', async () => {
    for (const Name of ['one', 'two', 'three']) await create({ Name });

    const first = await client.send(new ListSecretsCommand({ MaxResults: 2 }));
    const second = await client.send(new ListSecretsCommand({ MaxResults: 2, NextToken: first.NextToken }));
    const newest = await client.send(new ListSecretsCommand({ SortOrder: 'desc', MaxResults: 1 }));

    expect(first.SecretList?.map(({ Name }) => Name)).toEqual(['one', 'two']);
    expect(second.SecretList).toMatchObject([{ Name: 'three' }]);
    expect(second.NextToken).toBeUndefined();
    expect(newest.SecretList).toMatchObject([{ Name: 'three' }]);
    expect(JSON.stringify(first)).not.toContain('password');
  });
});

describe('refusals', () => {
  it('cannot find what is not there, in the words of Secrets Manager', async () => {
    await create({ SecretString: undefined });

    const results = await Promise.allSettled([
      secretOf({ SecretId: 'missing' }),
      secretOf(),
      secretOf({ VersionId: 'c'.repeat(32) }),
      client.send(new DescribeSecretCommand({ SecretId: 'missing' })),
      put('x', { SecretId: 'missing' }),
    ]);

    const errors = results.map((result) => (result.status === 'rejected' ? result.reason : undefined));
    expect(errors.map(({ name }) => name)).toEqual(Array(5).fill('ResourceNotFoundException'));
    expect(errors.map(({ message }) => message)).toEqual([
      "Secrets Manager can't find the specified secret.",
      "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
      `Secrets Manager can't find the specified secret value for VersionId: ${'c'.repeat(32)}`,
      "Secrets Manager can't find the specified secret.",
      "Secrets Manager can't find the specified secret.",
    ]);
  });

  it('refuses to create a secret twice', async () => {
    await create();

    await expect(create()).rejects.toMatchObject({
      name: 'ResourceExistsException',
      message: 'The operation failed because the secret fedml/hana already exists.',
    });
  });

  it.each([
    ['a value of both kinds', { SecretBinary: Uint8Array.of(1) }, 'binary'],
    ['a name with a blank', { Name: 'two words' }, 'Name'],
    ['a value of more than 65,536 bytes', { SecretString: 'x'.repeat(65_537) }, 'SecretString'],
    ['a member that it does not know', { AddReplicaRegions: [{ Region: 'eu-west-1' }] }, 'AddReplicaRegions'],
  ])('refuses %s and keeps the value out of its answer', async (_, input, named) => {
    const error = await create({ SecretString: 'confidential', ...input }).catch((reason) => reason);

    expect(error).toMatchObject({ name: 'InvalidParameterException', message: expect.stringContaining(named) });
    expect(error.message).not.toContain('confidential');
  });

  it('refuses operations that it does not know, by name', async () => {
    const deleted = client.send(new DeleteSecretCommand({ SecretId }));

    await expect(deleted).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: expect.stringContaining('secretsmanager.DeleteSecret'),
    });
  });

  it('refuses a token that it did not give', async () => {
    const listed = client.send(new ListSecretsCommand({ NextToken: 'made up' }));

    await expect(listed).rejects.toMatchObject({ name: 'InvalidNextTokenException' });
  });
});

describe('the file', () => {
  const path = (): string => join(dataDir, 'secrets.json');
  const modeOf = async (): Promise<number> => (await stat(path())).mode & 0o777;

  it('can be read by its owner only, and survives a restart', async () => {
    await create();
    await put('second');
    await close();
    await chmod(path(), 0o644);
    await open();

    const value = await secretOf();
    const modeAfterRestart = await modeOf();
    await put('third');

    expect(value).toBe('second');
    expect([modeAfterRestart, await modeOf()]).toEqual([0o600, 0o600]);
    expect(await readdir(dataDir)).toEqual(['secrets.json']);
  });

  it('is cleaned of what a crash left behind', async () => {
    await create();
    await close();
    await writeFile(`${path()}.left-over`, 'half');

    await open();

    expect(await readdir(dataDir)).toEqual(['secrets.json']);
    expect(await secretOf()).toBe('{"password":"1"}');
  });

  it.each(['{"secrets": [', '[{"name":"confidential"}]'])(
    'is left alone when it holds something else, and not told: %s',
    async (text) => {
      await writeFile(path(), text);

      const error: Error = await startSecretsManager({ dataDir, account: LOCAL_ACCOUNT, iam: testIam() }).then(
        () => new Error('It started.'),
        (reason) => reason,
      );

      expect(error.message).toContain('holds no secrets');
      expect(error.message).not.toContain('confidential');
      expect(await readFile(path(), 'utf8')).toBe(text);
    },
  );

  it('keeps the newest 100 versions of a secret that changes all the time', async () => {
    await create();
    for (let number = 1; number <= 120; number++) await put(`value ${number}`);

    const [secret] = JSON.parse(await readFile(path(), 'utf8'));

    expect(secret.versions).toHaveLength(100);
    expect(await secretOf({ VersionStage: 'AWSPREVIOUS' })).toBe('value 119');
  });
});
