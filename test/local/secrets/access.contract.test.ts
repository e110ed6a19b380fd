import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, describe, expect, it } from 'vitest';
import type { KeyPair } from '#local/iam/iam.ts';
import { permissions } from '#local/secrets/permissions.ts';
import { startSecretsManager } from '#local/secrets/start-secrets-manager.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { type AccessRow, expectExactGrants } from '#test/local/iam/access-table.ts';
import { allow, roleFor } from '#test/local/iam/roles.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';

const PREFIX = 'arn:aws:secretsmanager:eu-central-1:000000000000:secret';
const KEY_ARN = 'arn:aws:kms:eu-central-1:000000000000:key/secrets';

const iam = testIam();
const dataDir = await mkdtemp(join(tmpdir(), 'secrets-access-'));
const server = await startSecretsManager({ dataDir, account: LOCAL_ACCOUNT, iam });
afterAll(async () => {
  await server.close();
  await rm(dataDir, { recursive: true });
});

const send = async (command: object, credentials: KeyPair = PERSON): Promise<Record<string, unknown>> => {
  const client = new SecretsManagerClient({ endpoint: server.url, region: LOCAL_ACCOUNT.region, credentials });
  try {
    return (await client.send(command as GetSecretValueCommand)) as unknown as Record<string, unknown>;
  } finally {
    client.destroy();
  }
};
const create = async (Name: string, more: object = {}): Promise<string> =>
  String((await send(new CreateSecretCommand({ Name, SecretString: 'it', ...more }))).ARN);

const arn = await create('warehouse', { Tags: [{ Key: 'stage', Value: 'local' }] });
const guarded = await create('guarded', { KmsKeyId: KEY_ARN });

const row = (
  needs: readonly (readonly [string, string])[],
  command: object,
  more: Partial<AccessRow> = {},
): AccessRow => ({
  operation: command.constructor.name.replace(/Command$/, ''),
  needs: needs.map(([action, resource]) => [`secretsmanager:${action}`, resource] as const),
  send: (as) => send(command, as),
  ...more,
});

const ROWS: readonly AccessRow[] = [
  row([['GetSecretValue', arn]], new GetSecretValueCommand({ SecretId: arn })),
  row([['GetSecretValue', arn]], new GetSecretValueCommand({ SecretId: 'warehouse' }), { shown: 'warehouse' }),
  row([['GetSecretValue', arn]], new GetSecretValueCommand({ SecretId: `${PREFIX}:warehouse` }), {
    shown: `${PREFIX}:warehouse`,
  }),
  row([['GetSecretValue', `${PREFIX}:nothing`]], new GetSecretValueCommand({ SecretId: 'nothing' }), {
    shown: 'nothing',
    otherwise: 'ResourceNotFoundException',
  }),
  row([['PutSecretValue', arn]], new PutSecretValueCommand({ SecretId: 'warehouse', SecretString: 'new' }), {
    shown: 'warehouse',
  }),
  row([['DescribeSecret', arn]], new DescribeSecretCommand({ SecretId: arn })),
  row([['CreateSecret', `${PREFIX}:new`]], new CreateSecretCommand({ Name: 'new', SecretString: 'it' }), {
    shown: 'new',
  }),
  row(
    [
      ['CreateSecret', `${PREFIX}:tagged`],
      ['TagResource', `${PREFIX}:tagged`],
    ],
    new CreateSecretCommand({ Name: 'tagged', Tags: [{ Key: 'stage', Value: 'local' }] }),
    { shown: 'tagged' },
  ),
  row([['ListSecrets', '*']], new ListSecretsCommand({})),
];

describe('the operations', () => {
  expectExactGrants(ROWS, () => ({ iam }));

  it('are all in this table', () => {
    expect([...new Set(ROWS.map(({ operation }) => operation))].sort()).toEqual(
      Object.keys(permissions(undefined!, LOCAL_ACCOUNT)).sort(),
    );
  });
});

const ROLE = 'arn:aws:iam::000000000000:role/reader';
/** Reads a secret as a role with these statements. */
const read = (SecretId: string, statements: readonly Readonly<Record<string, unknown>>[], more: object = {}) => {
  iam.deploy({ roles: [roleFor('lambda.amazonaws.com', ROLE, statements)], resourcePolicies: {} });
  return send(new GetSecretValueCommand({ SecretId, ...more }), iam.sessionKeys(ROLE, 'session'));
};

it('holds a secret’s tags and the version asked for against a policy’s conditions', async () => {
  const under = (StringEquals: object) => [
    { ...allow('secretsmanager:GetSecretValue', `${PREFIX}:*`), Condition: { StringEquals } },
  ];
  const denied = { name: 'AccessDeniedException' };

  await read('warehouse', under({ 'aws:ResourceTag/stage': 'local' }));
  await expect(read('warehouse', under({ 'aws:ResourceTag/stage': 'prod' }))).rejects.toMatchObject(denied);
  const current = under({ 'secretsmanager:VersionStage': 'AWSCURRENT' });
  await read('warehouse', current, { VersionStage: 'AWSCURRENT' });
  await expect(read('warehouse', current, { VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject(denied);
});

it('needs the customer’s key too, for this secret and through this service', async () => {
  const get = allow('secretsmanager:GetSecretValue', guarded);
  const decrypt = (condition: object) => ({
    ...allow('kms:Decrypt', KEY_ARN),
    Condition: { StringEquals: condition },
  });
  const denied = { name: 'AccessDeniedException', message: 'Access to KMS is not allowed' };

  await expect(read(guarded, [get])).rejects.toMatchObject(denied);
  await expect(
    read(guarded, [get, decrypt({ 'kms:ViaService': 's3.eu-central-1.amazonaws.com' })]),
  ).rejects.toMatchObject(denied);
  await read(guarded, [get, decrypt({ 'kms:ViaService': 'secretsmanager.eu-central-1.amazonaws.com' })]);
});

it('tells nobody of a secret by its mistakes: what is wrong with a request is for those who may make it', async () => {
  await expect(read('warehouse', [], { VersionId: 'short' })).rejects.toMatchObject({ name: 'AccessDeniedException' });
});
