import type { Check } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';

/** Handing a key on to the volumes of instances; a job's role is asked for it, and whoever creates or updates an endpoint. */
export const volumeKeyChecks = (account: Account, keyId: string | undefined): readonly Check[] =>
  keyChecks('CreateGrant', account, keyId, { 'kms:GrantIsForAWSResource': 'true' });

/** Encrypting what a job leaves in S3; S3 asks for more by itself. */
export const outputKeyChecks = (account: Account, keyId: string | undefined): readonly Check[] =>
  keyChecks('Encrypt', account, keyId, {});

const keyChecks = (
  action: string,
  { accountId, region }: Account,
  keyId: string | undefined,
  context: Readonly<Record<string, string>>,
): readonly Check[] => {
  if (keyId === undefined) return [];
  const resource = keyId.startsWith('arn:')
    ? keyId
    : `arn:aws:kms:${region}:${accountId}:${keyId.startsWith('alias/') ? keyId : `key/${keyId}`}`;
  return [{ action: `kms:${action}`, resource, context: { 'kms:CallerAccount': accountId, ...context } }];
};
