import type { Check } from '#local/iam/iam.ts';
import { copySourceOf } from '../copy-source.ts';
import type { ObjectName } from '../request.ts';
import { parseTagging } from '../tagging.ts';
import { decryptionChecks, encryptionChecks } from './encryption.ts';
import type { Conditions, Questions } from './questions.ts';
import { tagConditions } from './questions.ts';
import { readingChecks } from './reads.ts';

export const bucketCreationChecks = (questions: Questions): Check[] => {
  const { 'x-amz-acl': acl, 'x-amz-object-ownership': ownership } = questions.request.headers;
  return [
    questions.bucket('CreateBucket', questions.headers('x-amz-acl', 'x-amz-object-ownership')),
    ...(acl === undefined ? [] : [questions.bucket('PutBucketAcl', questions.headers('x-amz-acl'))]),
    ...(ownership === undefined ? [] : [questions.bucket('PutBucketOwnershipControls')]),
  ];
};

export const creationChecks = (questions: Questions): Check[] => [
  ...descriptionChecks(questions, true),
  ...matchChecks(questions, questions.request, questions.request.headers['if-match']),
];

/** The parts will be decrypted to be joined. */
export const uploadChecks = (questions: Questions): Check[] => [
  ...descriptionChecks(questions, false),
  ...decryptionChecks(questions, questions.request.headers, questions.request),
];

/** A part is encrypted by the key that its upload began with. */
export const partChecks = (questions: Questions): Check[] => {
  const headers = uploadHeaders(questions);
  return [
    writeCheck(questions, false),
    ...encryptionChecks(questions, headers),
    ...decryptionChecks(questions, headers, questions.request),
  ];
};

export const completionChecks = (questions: Questions): Check[] => [
  writeCheck(questions, true),
  ...matchChecks(questions, questions.request, questions.request.headers['if-match']),
  ...decryptionChecks(questions, uploadHeaders(questions), questions.request),
];

export const copyChecks = (questions: Questions): Check[] => {
  const source = copySourceOf(questions.request);
  const copiesTags = questions.request.headers['x-amz-tagging-directive'] !== 'REPLACE';
  const tags = (copiesTags && questions.find(source)?.tags) || {};
  return [
    ...readingChecks(questions, source),
    ...descriptionChecks(questions, true, { 's3:x-amz-copy-source': `${source.bucket}/${source.key}` }),
    ...matchChecks(questions, questions.request, questions.request.headers['if-match']),
    ...(Object.keys(tags).length === 0
      ? []
      : [
          questions.taggedObject('GetObjectTagging', {}, source),
          questions.taggedObject('PutObjectTagging', tagConditions(tags)),
        ]),
  ];
};

/** One key of DeleteObject or DeleteObjects. */
export const deletionChecks = (questions: Questions, key: string, ifMatch: string | undefined): Check[] => {
  const name = { bucket: questions.request.bucket, key };
  const conditions = ifMatch === undefined ? {} : { 's3:if-match': ifMatch };
  return [questions.object('DeleteObject', conditions, name), ...matchChecks(questions, name, ifMatch)];
};

/** The tags of PutObjectTagging stand in its body. */
export const taggingChecks = (questions: Questions, tags: Readonly<Record<string, string>>): Check[] => [
  questions.taggedObject('PutObjectTagging', tagConditions(tags)),
];

const WRITE_HEADERS = [
  'if-match',
  'if-none-match',
  'x-amz-acl',
  'x-amz-metadata-directive',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
];

const writeCheck = (questions: Questions, createsObject: boolean, conditions: Conditions = {}): Check =>
  questions.object('PutObject', {
    ...questions.headers(...WRITE_HEADERS),
    's3:ObjectCreationOperation': String(createsObject),
    ...conditions,
  });

/** A new object, or the upload of one, by its headers: its tags, its ACL and its key. */
const descriptionChecks = (questions: Questions, createsObject: boolean, conditions: Conditions = {}): Check[] => {
  const { headers } = questions.request;
  const tagged = tagConditions(parseTagging(headers['x-amz-tagging']));
  return [
    writeCheck(questions, createsObject, { ...tagged, ...conditions }),
    ...(headers['x-amz-tagging'] ? [questions.taggedObject('PutObjectTagging', tagged)] : []),
    ...(headers['x-amz-acl'] === undefined
      ? []
      : [questions.taggedObject('PutObjectAcl', questions.headers('x-amz-acl'))]),
    ...encryptionChecks(questions, headers),
  ];
};

/** A delete that depends on an ETag takes GetObject too, says S3's documentation; a write tells its caller as much. */
const matchChecks = (questions: Questions, name: ObjectName, ifMatch: string | undefined): Check[] =>
  ifMatch === undefined || ifMatch === '*' ? [] : [questions.taggedObject('GetObject', {}, name)];

const uploadHeaders = ({ request, stored }: Questions) =>
  stored.uploads.get(request.query.get('uploadId') ?? '')?.headers ?? {};
