import type { Check } from '#local/iam/iam.ts';
import type { Questions } from './questions.ts';
import { listingChecks, readingChecks } from './reads.ts';
import {
  bucketCreationChecks,
  completionChecks,
  copyChecks,
  creationChecks,
  deletionChecks,
  partChecks,
  uploadChecks,
} from './writes.ts';

/** What the caller of an operation must be allowed before its body is read. */
export type Permission = (questions: Questions) => readonly Check[];

/** The body names what the request is about: the operation asks for each of those once it has read it. */
const IN_BODY: Permission = () => [];

/**
 * Who may call what: all that this S3 answers. Operations are named by this table, so that none is without an entry.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
export const PERMISSIONS = {
  ListBuckets: (questions) => [questions.service('ListAllMyBuckets')],
  CreateBucket: bucketCreationChecks,
  HeadBucket: (questions) => [questions.bucket('ListBucket')],
  PutBucketNotificationConfiguration: (questions) => [questions.bucket('PutBucketNotification')],
  ListObjects: listingChecks,
  ListObjectsV2: listingChecks,
  GetObject: (questions) => readingChecks(questions),
  HeadObject: (questions) => readingChecks(questions),
  PutObject: creationChecks,
  CopyObject: copyChecks,
  DeleteObject: (questions) => deletionChecks(questions, questions.request.key, questions.request.headers['if-match']),
  DeleteObjects: IN_BODY,
  GetObjectTagging: (questions) => [questions.taggedObject('GetObjectTagging')],
  PutObjectTagging: IN_BODY,
  DeleteObjectTagging: (questions) => [questions.taggedObject('DeleteObjectTagging')],
  CreateMultipartUpload: uploadChecks,
  UploadPart: partChecks,
  CompleteMultipartUpload: completionChecks,
  AbortMultipartUpload: (questions) => [questions.object('AbortMultipartUpload')],
  ListParts: (questions) => [questions.object('ListMultipartUploadParts')],
  ListMultipartUploads: (questions) => [questions.bucket('ListBucketMultipartUploads')],
} satisfies Readonly<Record<string, Permission>>;

export type OperationName = keyof typeof PERMISSIONS;
