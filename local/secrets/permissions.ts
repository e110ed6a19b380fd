import type { JsonRequest, Permission } from '#local/http/aws-json.ts';
import { AwsError } from '#local/http/aws-json.ts';
import { AccessDenied } from '#local/iam/errors.ts';
import type { Caller, Check } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import type { Secret, SecretStore } from './secret-store.ts';

type Context = NonNullable<Check['context']>;

/** What each operation asks for: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html */
export const permissions = (store: SecretStore, account: Account): Readonly<Record<string, Permission>> => {
  const onSecret =
    (action: string, { kms = [], contextOf = () => ({}) }: OnSecret = {}): Permission =>
    (input, caller) => {
      const secretId = String(input.SecretId);
      const secret = store.find(secretId);
      const resource = secret?.arn ?? arnOf(account, secretId);
      const context = { 'secretsmanager:SecretId': resource, ...tagContext(secret), ...contextOf(input) };
      authorizeOn(secretId, caller, { action, resource, context });
      if (secret?.kmsKeyId !== undefined) authorizeKey(caller, account, secret, kms);
      return [];
    };
  return {
    CreateSecret: (input, caller) => {
      const name = String(input.Name);
      const resource = arnOf(account, name);
      const tagged = requestTags(input.Tags);
      const context = { 'secretsmanager:Name': name, ...members(input, ['Description', 'KmsKeyId']), ...tagged };
      authorizeOn(name, caller, { action: 'secretsmanager:CreateSecret', resource, context });
      if ('aws:TagKeys' in tagged) {
        authorizeOn(name, caller, { action: 'secretsmanager:TagResource', resource, context: tagged });
      }
      return [];
    },
    PutSecretValue: onSecret('secretsmanager:PutSecretValue', { kms: ['kms:GenerateDataKey', 'kms:Decrypt'] }),
    GetSecretValue: onSecret('secretsmanager:GetSecretValue', {
      kms: ['kms:Decrypt'],
      contextOf: (input) => members(input, ['VersionId', 'VersionStage']),
    }),
    DescribeSecret: onSecret('secretsmanager:DescribeSecret'),
    ListSecrets: () => [{ action: 'secretsmanager:ListSecrets', resource: '*' }],
  };
};

interface OnSecret {
  /** What it takes of a key of the customer's. */
  readonly kms?: readonly string[];
  readonly contextOf?: (input: JsonRequest) => Context;
}

/** The full ARN is what policies are held against; a denial names the secret as the request did. */
const authorizeOn = (secretId: string, caller: Caller, check: Check): void => {
  try {
    caller.authorize(check);
  } catch (error) {
    throw error instanceof AccessDenied ? new AccessDenied({ ...error, resource: secretId }) : error;
  }
};

const authorizeKey = (caller: Caller, { region, accountId }: Account, secret: Secret, actions: readonly string[]) => {
  const { arn, kmsKeyId = '' } = secret;
  const resource = kmsKeyId.startsWith('arn:') ? kmsKeyId : `arn:aws:kms:${region}:${accountId}:key/${kmsKeyId}`;
  const context = {
    'kms:ViaService': `secretsmanager.${region}.amazonaws.com`,
    'kms:EncryptionContext:SecretARN': arn,
  };
  if (actions.every((action) => caller.may({ action, resource, context }))) return;
  throw new AwsError('AccessDeniedException', 'Access to KMS is not allowed');
};

const arnOf = ({ region, accountId }: Account, secretId: string): string =>
  secretId.startsWith('arn:') ? secretId : `arn:aws:secretsmanager:${region}:${accountId}:secret:${secretId}`;

const members = (input: JsonRequest, names: readonly string[]): Context =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = input[name];
      return typeof value === 'string' ? [[`secretsmanager:${name}`, value]] : [];
    }),
  );

const tagContext = (secret: Secret | undefined): Context =>
  Object.fromEntries((secret?.tags ?? []).map(({ Key, Value }) => [`aws:ResourceTag/${Key}`, Value]));

const requestTags = (tags: unknown): Context => {
  const sent = (Array.isArray(tags) ? tags : []) as readonly JsonRequest[];
  if (sent.length === 0) return {};
  return {
    ...Object.fromEntries(sent.map((tag) => [`aws:RequestTag/${tag?.Key}`, String(tag?.Value)])),
    'aws:TagKeys': sent.map((tag) => String(tag?.Key)),
  };
};
