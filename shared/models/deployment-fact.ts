import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { readFact } from '#shared/pipeline/facts.ts';
import { uriIn } from '#shared/store/uri.ts';

/** `deployment/endpoint.json`: what a run puts in service, and what served before it. */
export const DeploymentFact = z.strictObject({
  endpointName: z.string().min(1),
  endpointConfigName: z.string().min(1),
  modelName: z.string().min(1),
  modelRecordUri: uriIn('models'),
  /** Null when the run creates the endpoint; the same configuration when the endpoint served it already. */
  previousEndpointConfigName: z.string().min(1).nullable(),
});
export type DeploymentFact = z.infer<typeof DeploymentFact>;

export const loadDeployment = async (objectStore: ObjectStore, runUri: string): Promise<DeploymentFact> => {
  const deployment = DeploymentFact.safeParse(await readFact(objectStore, runUri, 'endpoint'));
  if (deployment.success) return deployment.data;
  throw new InvalidInputError(`The run ${runUri} has deployed nothing yet.`);
};
