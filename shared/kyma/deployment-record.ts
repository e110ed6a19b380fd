import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { readFact } from '#shared/pipeline/facts.ts';
import { uriIn } from '#shared/store/uri.ts';

/** `deployment/kyma.json`: what a run puts on the cluster, and what was there before it. */
export const KymaDeploymentFact = z.strictObject({
  url: z.url(),
  namespace: z.string().min(1),
  name: z.string().min(1),
  imageUri: z.string().min(1),
  modelRecordUri: uriIn('models'),
  /** When the rollout began; it has a time limit. */
  appliedAt: z.iso.datetime(),
  /** Null when the run is the first to deploy. */
  previous: z.strictObject({ imageUri: z.string().min(1), runUri: z.string().nullable() }).nullable(),
  /** The route before the run changed it. */
  apiRuleBefore: z.strictObject({
    generation: z.int().nullable(),
    lastProcessedTime: z.string().nullable(),
    spec: z.record(z.string(), z.unknown()).nullable(),
  }),
});
export type KymaDeploymentFact = z.infer<typeof KymaDeploymentFact>;

export const loadKymaDeployment = async (objectStore: ObjectStore, runUri: string): Promise<KymaDeploymentFact> => {
  const fact = KymaDeploymentFact.safeParse(await readFact(objectStore, runUri, 'kyma'));
  if (fact.success) return fact.data;
  throw new InvalidInputError(`The run ${runUri} has deployed nothing to Kyma yet.`);
};
