import * as z from 'zod';
import type { Operation } from '#local/http/aws-json.ts';
import type { Collection } from './store.ts';
import { TagKey, Tags, text } from './validation/members.ts';
import { operation, refuse } from './validation/request.ts';

/** The tags of every resource, by its ARN. */
export interface TagStore {
  get(arn: string): Tags;
  /** Adds tags and replaces those of the same key. */
  add(arn: string, tags: Tags): void;
  remove(arn: string, keys: readonly string[]): void;
  deleteAll(arn: string): void;
}

export const tagStore = (records: Collection<Tags>): TagStore => {
  const get = (arn: string): Tags => records.get(arn) ?? [];
  const put = (arn: string, tags: Tags) => (tags.length === 0 ? records.delete(arn) : records.put(arn, tags));
  return {
    get,
    add(arn, tags) {
      const merged = new Map([...get(arn), ...tags].map((tag) => [tag.Key, tag]));
      if (merged.size > 50) throw refuse('The number of tags of a resource must not exceed 50.');
      put(arn, [...merged.values()]);
    },
    remove: (arn, keys) =>
      put(
        arn,
        get(arn).filter(({ Key }) => !keys.includes(Key)),
      ),
    deleteAll: (arn) => records.delete(arn),
  };
};

/** Tags as EventBridge events carry them. */
export const tagMap = (tags: Tags): Record<string, string> =>
  Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));

const ResourceArn = text(256, 1);

/** AddTags, ListTags and DeleteTags; `exists` knows the ARNs of the account. */
export const tagOperations = (tags: TagStore, exists: (arn: string) => boolean): Record<string, Operation> => {
  const known = (arn: string): string => {
    if (!exists(arn)) throw refuse(`Could not find resource "${arn}".`);
    return arn;
  };
  return {
    AddTags: operation(z.strictObject({ ResourceArn, Tags }), (input) => {
      tags.add(known(input.ResourceArn), input.Tags);
      return { Tags: tags.get(input.ResourceArn) };
    }),
    ListTags: operation(
      z.strictObject({ ResourceArn, MaxResults: z.int().min(50).optional(), NextToken: text(8192).optional() }),
      (input) => ({ Tags: tags.get(known(input.ResourceArn)) }),
    ),
    DeleteTags: operation(z.strictObject({ ResourceArn, TagKeys: z.array(TagKey).min(1).max(50) }), (input) =>
      tags.remove(known(input.ResourceArn), input.TagKeys),
    ),
  };
};
