import { expect, it } from 'vitest';
import { UnservedKindError } from '#shared/kyma/api-errors.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { workloadManifests } from '#shared/kyma/manifests.ts';
import { deleteOwned } from '#shared/kyma/owned-objects.ts';
import { deployedModel } from './models.ts';

/** A cluster whose module api-gateway was removed. */
const withoutApiRules = (deleted: string[]): Pick<Cluster, 'get' | 'delete'> => ({
  async get<T>(kind: string, { name }: { readonly name: string }) {
    if (kind === 'APIRule') throw new UnservedKindError("the cluster doesn't know gateway.kyma-project.io/v2 APIRule");
    const all = workloadManifests(deployedModel('image'));
    return all.find((each) => each.kind === kind && each.metadata.name === name) as T | undefined;
  },
  async delete(kind) {
    deleted.push(kind);
  },
});

it('takes all away from a cluster that has no APIRules any more', async () => {
  const deleted: string[] = [];

  await deleteOwned(withoutApiRules(deleted) as Cluster, { pipeline: 'adder', namespace: 'models' });

  expect(deleted).toEqual([
    'HorizontalPodAutoscaler',
    'PodDisruptionBudget',
    'Deployment',
    'Service',
    'ServiceAccount',
  ]);
});
