import { type StagingPlan, sealUri } from '#shared/dataset/staging-plan.ts';
import { ObjectMissingError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { Seal } from './schema.ts';

type Place = Pick<StagingPlan, 'runUri' | 'purpose'>;

/** What was sealed for a run before, if it was: manifests alone may be of a try that ended before it was recorded. */
export const readSeal = async (objectStore: ObjectStore, { runUri, purpose }: Place): Promise<Seal | undefined> => {
  try {
    return Seal.safeParse(JSON.parse((await objectStore.getText(sealUri(runUri, purpose))).text)).data;
  } catch (error) {
    if (error instanceof ObjectMissingError) return undefined;
    throw error;
  }
};

export const keepSeal = async (objectStore: ObjectStore, { runUri, purpose }: Place, seal: Seal): Promise<Seal> => {
  await objectStore.put(sealUri(runUri, purpose), JSON.stringify(seal, null, 2), { contentType: 'application/json' });
  return seal;
};
