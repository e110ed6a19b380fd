import { randomBytes, randomUUID } from 'node:crypto';
import { AwsError, serveAwsJson } from '#local/http/aws-json.ts';
import type { Iam } from '#local/iam/iam.ts';
import type { Account, StandIn } from '#local/stand-in.ts';
import { permissions } from './permissions.ts';
import {
  CreateSecretRequest,
  checked,
  DescribeSecretRequest,
  GetSecretValueRequest,
  ListSecretsRequest,
  PutSecretValueRequest,
} from './requests.ts';
import type { Secret, SecretStore, SecretVersion } from './secret-store.ts';
import { openSecretStore } from './secret-store.ts';

export interface SecretsManagerOptions {
  /** Holds `secrets.json`, readable by its owner only; one process at a time. */
  readonly dataDir: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  readonly account: Account;
  readonly iam: Iam;
}

/** A secret has at most 64 KiB, which JSON can make six times as long. */
const MAX_REQUEST_BYTES = 512 * 1024;

/**
 * The laptop's Secrets Manager: CreateSecret, PutSecretValue, GetSecretValue, DescribeSecret and ListSecrets.
 *
 * @throws PortInUseError; an Error when `secrets.json` holds something else.
 */
export const startSecretsManager = async ({ dataDir, port, account, iam }: SecretsManagerOptions): Promise<StandIn> => {
  const store = openSecretStore(dataDir);
  return serveAwsJson(
    {
      targetPrefix: 'secretsmanager',
      jsonVersion: '1.1',
      signingName: 'secretsmanager',
      iam,
      permissions: permissions(store, account),
      maxBodyBytes: MAX_REQUEST_BYTES,
      operations: {
        CreateSecret: checked(CreateSecretRequest, (request) => createSecret(request, store, account)),
        PutSecretValue: checked(PutSecretValueRequest, (request) => putSecretValue(request, store)),
        GetSecretValue: checked(GetSecretValueRequest, (request) => getSecretValue(request, store)),
        DescribeSecret: checked(DescribeSecretRequest, ({ SecretId }) => describe(existing(store, SecretId))),
        ListSecrets: checked(ListSecretsRequest, (request) => listSecrets(request, store)),
      },
    },
    port,
  );
};

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';

const createSecret = (request: CreateSecretRequest, store: SecretStore, { accountId, region }: Account): object => {
  const { Name, ClientRequestToken: versionId = randomUUID(), Description, KmsKeyId, Tags = [] } = request;
  const version = newVersion(request, versionId, [CURRENT]);
  const present = store.find(Name);
  if (present) {
    const repeated = present.versions.find((candidate) => candidate.versionId === versionId);
    if (repeated && version && hasSameValue(repeated, version)) return created(present, versionId);
    throw new AwsError('ResourceExistsException', `The operation failed because the secret ${Name} already exists.`);
  }
  const now = Date.now();
  const secret: Secret = {
    // AWS adds six random characters, so that a policy for a deleted secret doesn't fit its successor.
    arn: `arn:aws:secretsmanager:${region}:${accountId}:secret:${Name}-${randomBytes(3).toString('hex')}`,
    name: Name,
    description: Description,
    kmsKeyId: KmsKeyId,
    tags: Tags,
    createdMs: now,
    changedMs: now,
    versions: version ? [version] : [],
  };
  store.put(secret);
  return created(secret, version?.versionId);
};

const created = ({ arn, name }: Secret, versionId: string | undefined): object => ({
  ARN: arn,
  Name: name,
  VersionId: versionId,
});

type SecretValue = Pick<CreateSecretRequest, 'SecretString' | 'SecretBinary'>;

/** @returns undefined when the request brings no value, which only a new secret may do. */
const newVersion = (
  { SecretString, SecretBinary }: SecretValue,
  versionId: string,
  stages: string[],
): SecretVersion | undefined => {
  if (SecretString !== undefined && SecretBinary !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  if (SecretString === undefined && SecretBinary === undefined) return undefined;
  return { versionId, stages, secretString: SecretString, secretBinary: SecretBinary, createdMs: Date.now() };
};

const hasSameValue = (left: SecretVersion, right: SecretVersion): boolean =>
  left.secretString === right.secretString && left.secretBinary === right.secretBinary;

const putSecretValue = (request: PutSecretValueRequest, store: SecretStore): object => {
  const { SecretId, ClientRequestToken: versionId = randomUUID(), VersionStages = [CURRENT] } = request;
  const secret = existing(store, SecretId);
  const version = newVersion(request, versionId, VersionStages);
  if (!version) {
    throw new AwsError('InvalidParameterException', 'You must provide either SecretString or SecretBinary.');
  }
  const repeated = secret.versions.find((candidate) => candidate.versionId === versionId);
  if (repeated && !hasSameValue(repeated, version)) {
    throw new AwsError(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${versionId} because that value is already in use for a version of secret ${secret.arn}.`,
    );
  }
  const stored = repeated ?? version;
  if (!repeated) store.put({ ...secret, changedMs: Date.now(), versions: withVersion(secret.versions, version) });
  return { ARN: secret.arn, Name: secret.name, VersionId: stored.versionId, VersionStages: stored.stages };
};

/** Versions without a label are kept for a while: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const MAX_VERSIONS = 100;

/** A label stands on one version: the new one takes its labels away, and what was current becomes previous. */
const withVersion = (versions: readonly SecretVersion[], added: SecretVersion): SecretVersion[] => {
  const replaced = added.stages.includes(CURRENT)
    ? versions.find((version) => version.stages.includes(CURRENT))
    : undefined;
  const taken = replaced ? [...added.stages, PREVIOUS] : added.stages;
  const relabelled = versions.map((version) => {
    const stages = version.stages.filter((stage) => !taken.includes(stage));
    return { ...version, stages: version === replaced ? [...stages, PREVIOUS] : stages };
  });
  const all = [...relabelled, added];
  return all.filter((version, index) => version.stages.length > 0 || index >= all.length - MAX_VERSIONS);
};

const getSecretValue = ({ SecretId, VersionId, VersionStage }: GetSecretValueRequest, store: SecretStore): object => {
  const secret = existing(store, SecretId);
  const stage = VersionStage ?? (VersionId === undefined ? CURRENT : undefined);
  const version = secret.versions.find(
    ({ versionId, stages }) =>
      (VersionId === undefined || versionId === VersionId) && (stage === undefined || stages.includes(stage)),
  );
  if (!version) {
    const wanted = VersionId === undefined ? `staging label: ${stage}` : `VersionId: ${VersionId}`;
    throw notFound(`Secrets Manager can't find the specified secret value for ${wanted}`);
  }
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.versionId,
    SecretString: version.secretString,
    SecretBinary: version.secretBinary,
    VersionStages: version.stages,
    CreatedDate: new Date(version.createdMs),
  };
};

const existing = (store: SecretStore, secretId: string): Secret => {
  const secret = store.find(secretId);
  if (!secret) throw notFound("Secrets Manager can't find the specified secret.");
  return secret;
};

const notFound = (message: string): AwsError => new AwsError('ResourceNotFoundException', message);

/** What may be told of a secret without telling the secret. */
const describe = (secret: Secret): object => ({ ...described(secret), VersionIdsToStages: stagesById(secret) });

const described = ({ arn, name, description, kmsKeyId, tags, createdMs, changedMs }: Secret): object => ({
  ARN: arn,
  Name: name,
  Description: description,
  KmsKeyId: kmsKeyId,
  Tags: tags,
  CreatedDate: new Date(createdMs),
  LastChangedDate: new Date(changedMs),
});

const stagesById = ({ versions }: Secret): Record<string, string[]> =>
  Object.fromEntries(
    versions.filter(({ stages }) => stages.length > 0).map(({ versionId, stages }) => [versionId, stages]),
  );

const MAX_LISTED = 100;

/** By date of creation; the token is the ARN of the last secret told. */
const listSecrets = (
  { MaxResults = MAX_LISTED, NextToken, SortOrder = 'asc' }: ListSecretsRequest,
  store: SecretStore,
): object => {
  const all = SortOrder === 'asc' ? store.all() : store.all().toReversed();
  const last = NextToken === undefined ? -1 : all.findIndex(({ arn }) => arn === NextToken);
  if (NextToken !== undefined && last < 0) {
    throw new AwsError('InvalidNextTokenException', 'The NextToken value is invalid.');
  }
  const page = all.slice(last + 1, last + 1 + MaxResults);
  return {
    SecretList: page.map((secret) => ({ ...described(secret), SecretVersionsToStages: stagesById(secret) })),
    NextToken: last + 1 + page.length < all.length ? page.at(-1)?.arn : undefined,
  };
};
