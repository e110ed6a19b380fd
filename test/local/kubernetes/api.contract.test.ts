import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readKubeconfig } from '#shared/kyma/kubeconfig.ts';
import { apiRuleManifest, namespaceManifest, workloadManifests } from '#shared/kyma/manifests.ts';
import { selectorOf } from '#shared/kyma/ownership.ts';
import { deployedModel } from '#test/shared/kyma/models.ts';
import { APPLY, MERGE, rawCall } from '#test/shared/kyma/raw-call.ts';
import { eventually } from './eventually.ts';
import { loopback, type OpenKubernetes, openKubernetes } from './open-kubernetes.ts';

let open: OpenKubernetes;
beforeAll(async () => {
  open = await openKubernetes();
  await open.cluster.apply(namespaceManifest('models'));
});
afterAll(() => open.close());

const DEPLOYMENTS = '/apis/apps/v1/namespaces/models/deployments';
const model = deployedModel(`127.0.0.1:1/models@sha256:${'0'.repeat(64)}`);
const manifest = (kind: string) =>
  structuredClone([...workloadManifests(model), apiRuleManifest(model)].find((each) => each.kind === kind)!);

const SECRETS = '/api/v1/namespaces/models/secrets';

const call = (method: string, path: string, body?: unknown, contentType?: string) =>
  rawCall(readKubeconfig(open.kubernetes.kubeconfig, loopback), method, path, body, contentType);

describe('a body', () => {
  it('of more than 3 MiB is refused, as by kube-apiserver', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'large' }, data: { a: 'A'.repeat(3 << 20) } };

    expect(await call('POST', SECRETS, secret)).toMatchObject({
      code: 413,
      body: { reason: 'RequestEntityTooLarge', message: 'Request entity too large: limit is 3145728' },
    });
  });

  it('of a POST with a field that the schema lacks is refused with 400', async () => {
    const spec = { ...(manifest('Deployment').spec as object), replica: 2 };

    expect(
      await call('POST', DEPLOYMENTS, { ...manifest('Deployment'), metadata: { name: 'other' }, spec }),
    ).toMatchObject({
      code: 400,
      body: { message: expect.stringContaining('strict decoding error: unknown field "spec.replica"') },
    });
  });

  it('that changes the type of a Secret is refused, and one that is no login for a registry', async () => {
    const secret = (type: string, data: object) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'typed' },
      type,
      data,
    });
    const docker = 'kubernetes.io/dockerconfigjson';
    await call('POST', SECRETS, secret('Opaque', {}));

    const patch = { ...secret(docker, { '.dockerconfigjson': 'e30=' }) };
    const retyped = await call('PATCH', `${SECRETS}/typed?fieldManager=x&force=true`, patch, APPLY);
    const empty = await call('POST', SECRETS, { ...secret(docker, {}), metadata: { name: 'empty' } });

    expect(retyped).toMatchObject({ code: 422, body: { details: { causes: [{ field: 'type' }] } } });
    expect(empty).toMatchObject({ code: 422, body: { details: { causes: [{ field: 'data[.dockerconfigjson]' }] } } });
  });

  it('in an old version of the APIRule is not served', async () => {
    const { code, body } = await call('GET', '/apis/gateway.kyma-project.io/v1beta1/namespaces/models/apirules');

    expect(code).toBe(404);
    expect(body.message).toContain('served as v2, not v1beta1');
  });

  it('of an APIRule’s status has one of the known states', async () => {
    await open.cluster.apply(manifest('APIRule'));
    const status = `/apis/gateway.kyma-project.io/v2/namespaces/models/apirules/adder/status`;

    expect(await call('PATCH', status, { status: { state: 'Fine' } }, MERGE)).toMatchObject({
      code: 422,
      body: { details: { causes: [{ reason: 'FieldValueNotSupported', field: 'status.state' }, { field: '<nil>' }] } },
    });
  });
});

describe('a user', () => {
  it('without a right is told which verb is missing on what', async () => {
    const reader = open.clusterOf(open.kubernetes.addUser('reader', ({ verb }) => ['get', 'list'].includes(verb)));

    expect(await reader.get('Namespace', { name: 'models' })).toBeDefined();
    await expect(reader.apply(manifest('Service'))).rejects.toMatchObject({
      name: 'ClusterAccessError',
      message: expect.stringContaining('the verb patch on services'),
    });
  });

  it('with a token that the cluster doesn’t know is told to store a new kubeconfig', async () => {
    const stranger = open.clusterOf(open.kubernetes.kubeconfig.replace(/token: .*/, 'token: other'));

    await expect(stranger.get('Namespace', { name: 'models' })).rejects.toMatchObject({ name: 'ClusterAccessError' });
  });

  it('who trusts another authority gets no connection', async () => {
    const other = await openKubernetes();
    try {
      const authority = /certificate-authority-data: .*/;
      const mixed = open.kubernetes.kubeconfig.replace(authority, authority.exec(other.kubernetes.kubeconfig)![0]);

      await expect(open.clusterOf(mixed).get('Namespace', { name: 'models' })).rejects.toMatchObject({
        name: 'ClusterUnavailableError',
      });
    } finally {
      await other.close();
    }
  });
});

describe('lists', () => {
  it('are of one namespace or of all', async () => {
    await open.cluster.apply(namespaceManifest('others'));
    for (const namespace of ['models', 'others']) {
      const metadata = { name: 'listed', namespace, labels: { app: 'listed' } };
      await open.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata });
    }

    expect(await open.cluster.list('Secret', { labels: { app: 'listed' } })).toHaveLength(2);
    expect(await open.cluster.list('Secret', { namespace: 'others', labels: { app: 'listed' } })).toHaveLength(1);
  });

  it('go on only from where this server said', async () => {
    expect(await call('GET', `${SECRETS}?limit=1&continue=zzz`)).toMatchObject({ code: 400 });
  });
});

it('refuses by name what it doesn’t do', async () => {
  expect(await call('DELETE', '/api/v1/namespaces/models/secrets')).toMatchObject({
    code: 501,
    body: { message: "The laptop's Kubernetes does not answer deletes of whole collections." },
  });
  expect(await call('GET', '/apis/batch/v1/namespaces/models/jobs')).toMatchObject({ code: 404 });
  expect(await call('PATCH', `${DEPLOYMENTS}/adder`, {}, 'application/strategic-merge-patch+json')).toMatchObject({
    code: 415,
  });
});

it('empties a namespace before it goes', async () => {
  await open.cluster.apply(namespaceManifest('short'));
  await open.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a', namespace: 'short' } });

  await open.cluster.delete('Namespace', { name: 'short' });

  await eventually(async () => !(await open.cluster.get('Namespace', { name: 'short' })), 'the namespace was gone');
  expect(await open.cluster.get('Secret', { namespace: 'short', name: 'a' })).toBeUndefined();
});

/** A second opinion, where it is installed. */
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

describe.skipIf(!hasKubectl)('kubectl', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubectl-'));
    await writeFile(join(folder, 'config'), open.kubernetes.kubeconfig);
    await open.cluster.apply(manifest('Deployment'));
    await open.cluster.apply(manifest('Service'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const kubectl = async (...args: string[]): Promise<string> => {
    const options = { env: { ...process.env, HOME: folder } };
    const { stdout } = await promisify(execFile)('kubectl', ['--kubeconfig', join(folder, 'config'), ...args], options);
    return stdout;
  };

  it('finds the resources by their short names', async () => {
    expect(await kubectl('get', 'deploy,svc', '-n', 'models', '-o', 'name')).toBe(
      'deployment.apps/adder\nservice/adder\n',
    );
  });

  it('shows who owns what, and the events', async () => {
    const shown = await kubectl('get', 'deployment', 'adder', '-n', 'models', '-o', 'yaml', '--show-managed-fields');

    expect(shown).toContain('manager: fedml-serverless');
    expect(await kubectl('get', 'events', '-n', 'models', '-o', 'name')).toContain('event/adder');
  });

  it('deletes, and pods go with their owner', async () => {
    await kubectl('delete', 'deployment', 'adder', '-n', 'models', '--wait=false');

    await eventually(
      async () => (await open.cluster.list('Pod', { namespace: 'models', labels: selectorOf(model) })).length === 0,
      'the pods were gone',
    );
  });
});
