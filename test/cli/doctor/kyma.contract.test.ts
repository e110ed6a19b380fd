import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KymaPorts, kymaFindings } from '#cli/doctor/kyma.ts';
import { type ClusterAccess, readKubeconfig } from '#shared/kyma/kubeconfig.ts';
import { clusterRights, kubernetesCluster } from '#shared/kyma/kubernetes.ts';
import { namespaceManifest, workloadManifests } from '#shared/kyma/manifests.ts';
import { pullSecretManifest } from '#shared/kyma/pull-secret.ts';
import { CLUSTER_RIGHTS, NAMESPACE_MAKER_RIGHTS, NAMESPACE_RIGHTS, type ResourceRights } from '#shared/kyma/rights.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import { loopback, type OpenKubernetes, openKubernetes } from '#test/local/kubernetes/open-kubernetes.ts';
import { rulesOf } from '#test/shared/kyma/documented-role.ts';
import { deployedModel } from '#test/shared/kyma/models.ts';
import { definitionOf } from '#test/shared/pipeline/fixture.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const ON_KYMA = definitionOf({ deployment: { target: 'kyma', namespace: 'models', auth: { noAuth: true } } });

let open: OpenKubernetes;
beforeAll(async () => {
  open = await openKubernetes();
  await open.cluster.apply(namespaceManifest('models'));
});
afterAll(() => open.close());

const openAs = async (access: ClusterAccess) => ({
  cluster: kubernetesCluster(access, loopback),
  isAllowed: clusterRights(access, loopback),
});

/** Findings that ask for something, with a kubeconfig as the secret would have it. */
const troubles = async (
  kubeconfig: string,
  ports: Partial<KymaPorts> = {},
  pipelines: readonly PipelineDefinition[] = [ON_KYMA],
) => {
  const access = async () => readKubeconfig(kubeconfig, loopback);
  const findings = await kymaFindings({ access, open: openAs, now: () => NOW, ...ports }, pipelines);
  return findings
    .filter(({ status }) => status !== 'ok')
    .map(({ status, subject, detail }) => `${status} ${subject}: ${detail}`);
};

it('asks for the rights that the documentation grants, and no others are granted', () => {
  const granted = (role: string) =>
    rulesOf(role).flatMap(({ apiGroups, resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource} ${apiGroups[0]}`)),
    );
  const asked = (rights: readonly ResourceRights[]) =>
    rights.flatMap(({ group, resource, verbs }) => verbs.map((verb) => `${verb} ${resource} ${group}`));

  expect(granted('fedml-deployer').sort()).toEqual(asked(NAMESPACE_RIGHTS).sort());
  expect(granted('fedml-deployer-outside').sort()).toEqual(asked(CLUSTER_RIGHTS).sort());
  expect(granted('fedml-namespace-maker').sort()).toEqual(asked(NAMESPACE_MAKER_RIGHTS).sort());
});

describe('the doctor at the cluster', () => {
  it('finds nothing where the rights are those of the documentation', async () => {
    const deployer = open.kubernetes.addUser('deployer', ({ namespace, group, resource, verb }) =>
      [
        namespace === 'models',
        resource === 'gateways' && verb === 'get',
        group === 'apps' && resource === 'deployments' && verb === 'list',
      ].some(Boolean),
    );

    expect(await troubles(deployer)).toEqual([]);
  });

  it('finds rights that are missing, by verb and resource, and the routes that can’t be looked at then', async () => {
    const narrow = open.kubernetes.addUser(
      'narrow',
      ({ resource, verb }) => resource !== 'apirules' && !(resource === 'secrets' && verb === 'delete') && verb !== '*',
    );

    expect(await troubles(narrow)).toEqual([
      'problem rights in namespace models: no right to delete secrets, get apirules.gateway.kyma-project.io, ' +
        'list apirules.gateway.kyma-project.io, create apirules.gateway.kyma-project.io, ' +
        'patch apirules.gateway.kyma-project.io, delete apirules.gateway.kyma-project.io',
      expect.stringMatching(/^problem APIRules v2 in models: ClusterAccessError/),
    ]);
  });

  it('warns of a user who may do everything', async () => {
    expect(await troubles(open.kubernetes.kubeconfig)).toEqual([
      'warning excess rights on the cluster: the kubeconfig’s user may do everything',
    ]);
  });

  it('asks no further with a kubeconfig that is refused, or a token that the cluster doesn’t know', async () => {
    const program = open.kubernetes.kubeconfig.replace(/token: .+/, 'exec: { command: kubelogin }');
    const unknown = open.kubernetes.kubeconfig.replace(/token: .+/, 'token: nobody');

    expect(await troubles(program)).toEqual([expect.stringMatching(/^problem kubeconfig: .*user\.exec/s)]);
    expect(await troubles(unknown)).toEqual([
      expect.stringMatching(/^problem cluster login: .*doesn't accept the token/),
    ]);
  });

  it('warns of a token that ends soon', async () => {
    const claims = { exp: NOW.getTime() / 1000 + 3 * 86_400 };
    const token = `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
    const admin = readKubeconfig(open.kubernetes.kubeconfig, loopback);

    const found = await troubles(open.kubernetes.kubeconfig, {
      access: async () => ({ ...admin, credentials: { token } }),
      open: () => openAs(admin),
    });

    expect(found[0]).toBe('warning kubeconfig token: it ends on 2026-11-27, in 3 days');
  });

  it('finds a gateway that isn’t there, and a pipeline without a cluster', async () => {
    const elsewhere = definitionOf({
      deployment: { target: 'kyma', namespace: 'models', gateway: 'kyma-system/other', auth: { noAuth: true } },
    });

    expect(await troubles(open.kubernetes.kubeconfig, {}, [elsewhere])).toContainEqual(
      expect.stringMatching(/^problem gateway of flights: ClusterRefusedError: .*kyma-system\/other/),
    );
    expect(await kymaFindings(undefined, [ON_KYMA])).toMatchObject([{ status: 'problem', subject: 'kubeconfig' }]);
    expect(await kymaFindings(undefined, [definitionOf()])).toEqual([]);
  });

  it('tells of pull secrets that were not renewed, have expired or are missing', async () => {
    const model = deployedModel(`127.0.0.1:1/models@sha256:${'0'.repeat(64)}`);
    const [deployment] = workloadManifests(model).filter(({ kind }) => kind === 'Deployment');
    await open.cluster.apply(deployment!);
    const age = async (hoursLeft: number) => {
      const expiresAt = new Date(NOW.getTime() + hoursLeft * 3_600_000);
      const name = { pipeline: model.pipeline, namespace: 'models' };
      await open.cluster.apply(pullSecretManifest(name, { host: 'h', username: 'u', password: 'p', expiresAt }));
      return (await troubles(open.kubernetes.kubeconfig)).filter((text) => text.includes('pull secret'));
    };

    const missing = (await troubles(open.kubernetes.kubeconfig)).filter((text) => text.includes('pull secret'));

    expect(missing).toEqual([`problem pull secret models/${model.pipeline}-registry: it is missing`]);
    expect(await age(8)).toEqual([]);
    expect(await age(3)).toEqual([expect.stringMatching(/^warning .*its token ends in 3 hours: it was not renewed$/)]);
    expect(await age(-1)).toEqual([expect.stringMatching(/^problem .*its token has expired$/)]);
  });
});
