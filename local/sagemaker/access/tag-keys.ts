import type { Check } from '#local/iam/iam.ts';
import type { Tags } from '../validation/members.ts';

type ConditionKeys = NonNullable<Check['context']>;

/** The condition keys of the tags that a resource has. */
export const resourceTags = (tags: Tags): ConditionKeys =>
  Object.fromEntries(tags.map(({ Key, Value }) => [`aws:ResourceTag/${Key}`, Value]));

/** The condition keys of a request's tags, which aren't checked yet; none where it has none. */
export const requestTags = (tags: unknown): ConditionKeys => {
  const sent = Array.isArray(tags) ? tags.filter(isTag) : [];
  if (sent.length === 0) return {};
  return {
    ...Object.fromEntries(sent.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value])),
    'aws:TagKeys': sent.map(({ Key }) => Key),
  };
};

const isTag = (tag: unknown): tag is Tags[number] =>
  typeof tag === 'object' &&
  tag !== null &&
  typeof (tag as Tags[number]).Key === 'string' &&
  typeof (tag as Tags[number]).Value === 'string';
