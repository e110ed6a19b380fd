import type { Cluster } from '#shared/kyma/cluster.ts';
import { deployedToKyma } from '#shared/kyma/deployed-models.ts';
import { deleteOwned, ownedObjects } from '#shared/kyma/owned-objects.ts';
import type { Thing } from './thing.ts';

/** What serves the stage's models on the cluster; objects of other stages and of other people stay. */
export const clusterThings = async (cluster: Cluster, stage: string | undefined): Promise<Thing[]> => {
  const things: Thing[] = [];
  for (const { pipeline, namespace } of await deployedToKyma(cluster, stage)) {
    const place = { pipeline, stage, namespace };
    const kinds = (await ownedObjects(cluster, place)).map(({ kind }) => kind);
    things.push({
      name: `model ${pipeline} on the cluster, in ${namespace}: ${kinds.join(', ')}`,
      remove: () => deleteOwned(cluster, place),
    });
  }
  return things;
};
