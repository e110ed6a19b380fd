import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { readFact } from '#shared/pipeline/facts.ts';
import { uriIn } from '#shared/store/uri.ts';

const Spec = z.record(z.string(), z.unknown());

/** `deployment/kyma.json`: what a run puts on the cluster, and what was there before it. */
export const KymaDeploymentFact = z.strictObject({
  url: z.url(),
  namespace: z.string().min(1),
  name: z.string().min(1),
  imageUri: z.string().min(1),
  modelRecordUri: uriIn('models'),
  /** When the rollout began; it has a time limit. */
  appliedAt: z.iso.datetime(),
  /** What served, as its own annotations say; null when the run is the first to deploy. */
  previous: z
    .strictObject({
      imageUri: z.string().min(1),
      runUri: z.string().nullable(),
      modelRecordUri: z.string().nullable().default(null),
      /** The label by which its ReplicaSet is found again: several may have the same image. */
      podTemplateHash: z.string().nullable().default(null),
    })
    .nullable(),
  /** The autoscaler, with its bounds, that `previous` had. */
  autoscalerBefore: Spec.nullable().default(null),
  /** The route that led to `previous`; older records say more of it. */
  apiRuleBefore: z.object({ spec: Spec.nullable() }),
});
export type KymaDeploymentFact = z.infer<typeof KymaDeploymentFact>;

/** What was there before a run, in its record. */
export type Before = Pick<KymaDeploymentFact, 'previous' | 'autoscalerBefore' | 'apiRuleBefore'>;

export const findKymaDeployment = async (
  objectStore: ObjectStore,
  runUri: string,
): Promise<KymaDeploymentFact | undefined> =>
  KymaDeploymentFact.safeParse(await readFact(objectStore, runUri, 'kyma')).data;

export const loadKymaDeployment = async (objectStore: ObjectStore, runUri: string): Promise<KymaDeploymentFact> => {
  const fact = await findKymaDeployment(objectStore, runUri);
  if (fact) return fact;
  throw new InvalidInputError(`The run ${runUri} has deployed nothing to Kyma yet.`);
};
