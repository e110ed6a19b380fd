import type { Check } from '#local/iam/iam.ts';
import type { ObjectName } from '../request.ts';
import type { ObjectHeaders } from '../stored-object.ts';
import { objectArn, type Questions } from './questions.ts';

type Headers = ObjectHeaders | Questions['request']['headers'];

/** S3 encrypts with the caller's permission to use the key. */
export const encryptionChecks = (questions: Questions, headers: Headers): Check[] =>
  keyChecks('GenerateDataKey', questions, headers, questions.request);

/** And decrypts: an object that is read, or the parts of an upload. */
export const decryptionChecks = (questions: Questions, headers: Headers, name: ObjectName): Check[] =>
  keyChecks('Decrypt', questions, headers, name);

const KEY_ID = 'x-amz-server-side-encryption-aws-kms-key-id';

/** AWS's own key `aws/s3`, which is used where none is named, lets everybody in the account use it through S3. */
const keyChecks = (action: string, { stored }: Questions, headers: Headers, name: ObjectName): Check[] => {
  const keyId = headers[KEY_ID];
  if (keyId === undefined) return [];
  const { accountId, region } = stored.account;
  const resource = keyId.startsWith('arn:')
    ? keyId
    : `arn:aws:kms:${region}:${accountId}:${keyId.startsWith('alias/') ? keyId : `key/${keyId}`}`;
  const context = {
    'kms:CallerAccount': accountId,
    'kms:ViaService': `s3.${region}.amazonaws.com`,
    'kms:EncryptionContext:aws:s3:arn': objectArn(name),
    'kms:EncryptionContextKeys': ['aws:s3:arn'],
  };
  return [{ action: `kms:${action}`, resource, context }];
};
