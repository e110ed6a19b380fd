import { z } from 'zod';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import type { StateMachineRecord, StateMachineStore } from '../store/state-machine-store.ts';
import { arn, operation } from './operation.ts';

/** Tags of state machines; they are kept and told. */
export const tagOperations = (store: StateMachineStore): Record<string, Operation> => ({
  TagResource: operation(
    z.object({ resourceArn: arn, tags: z.array(z.object({ key: z.string(), value: z.string() })) }),
    async ({ resourceArn, tags }) => {
      const machine = taggedMachine(store, resourceArn);
      const added = Object.fromEntries(tags.map(({ key, value }) => [key, value]));
      await store.save({ ...machine, tags: { ...machine.tags, ...added } });
    },
  ),

  UntagResource: operation(
    z.object({ resourceArn: arn, tagKeys: z.array(z.string()) }),
    async ({ resourceArn, tagKeys }) => {
      const machine = taggedMachine(store, resourceArn);
      const kept = Object.entries(machine.tags).filter(([key]) => !tagKeys.includes(key));
      await store.save({ ...machine, tags: Object.fromEntries(kept) });
    },
  ),

  ListTagsForResource: operation(z.object({ resourceArn: arn }), ({ resourceArn }) => ({
    tags: Object.entries(taggedMachine(store, resourceArn).tags).map(([key, value]) => ({ key, value })),
  })),
});

const taggedMachine = (store: StateMachineStore, resourceArn: string): StateMachineRecord => {
  const machine = store.machines.get(resourceArn);
  if (machine) return machine;
  throw new AwsError('ResourceNotFound', `Resource not found: '${resourceArn}'`, {
    details: { resourceName: resourceArn },
  });
};
