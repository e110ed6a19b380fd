import type { Check } from '#local/iam/iam.ts';
import type { ObjectName } from '../request.ts';
import { decryptionChecks } from './encryption.ts';
import type { Questions } from './questions.ts';

/** GetObject and HeadObject, and the source of a copy. */
export const readingChecks = (questions: Questions, name: ObjectName = questions.request): Check[] => [
  questions.taggedObject('GetObject', {}, name),
  ...decryptionChecks(questions, questions.find(name)?.headers ?? {}, name),
];

/** `s3:prefix` and the others are absent where the request doesn't send them. */
export const listingChecks = (questions: Questions): Check[] => [
  questions.bucket('ListBucket', questions.query('prefix', 'delimiter', 'max-keys')),
];

/** Who may list a bucket is told that a key is missing, by 404; others get 403. A grant for a prefix doesn't count. */
export const missingKeyCheck = (questions: Questions, bucket: string): Check =>
  questions.bucket('ListBucket', {}, bucket);
