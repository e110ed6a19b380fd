import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { apiRuleManifest, namespaceManifest, workloadManifests } from '#shared/kyma/manifests.ts';
import type { Deployment, KubernetesObject } from '#shared/kyma/objects.ts';
import { selectorOf } from '#shared/kyma/ownership.ts';
import { deployedModel } from '#test/shared/kyma/models.ts';
import { eventually, type OpenKubernetes, openKubernetes } from './open-kubernetes.ts';

let open: OpenKubernetes;
beforeAll(async () => {
  open = await openKubernetes();
  await open.cluster.apply(namespaceManifest('models'));
});
afterAll(() => open.close());

const NAME = { namespace: 'models', name: 'adder' };
const DEPLOYMENTS = '/apis/apps/v1/namespaces/models/deployments';
const model = deployedModel(`127.0.0.1:1/models@sha256:${'0'.repeat(64)}`);
const manifest = (kind: string) =>
  structuredClone([...workloadManifests(model), apiRuleManifest(model)].find((each) => each.kind === kind)!);

interface Answer {
  readonly code: number;
  readonly body: {
    readonly message?: string;
    readonly reason?: string;
    readonly details?: {
      readonly causes?: { readonly field: string; readonly message: string; readonly reason: string }[];
    };
    readonly metadata?: { readonly managedFields?: { readonly manager: string; readonly operation: string }[] };
    readonly spec?: { readonly replicas?: number };
  };
}

/** One request as any HTTP client would send it. */
const call = async (
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> => {
  const { token } = (parse(open.kubernetes.kubeconfig) as { users: { user: { token: string } }[] }).users[0]!.user;
  const sent = request(new URL(path, open.kubernetes.url), {
    method,
    ca: open.kubernetes.certificateAuthority,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
  });
  const answered = new Promise<Answer>((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', (response) => {
      text(response).then((content) => resolve({ code: response.statusCode!, body: JSON.parse(content) }), reject);
    });
  });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return answered;
};

const APPLY = { 'content-type': 'application/apply-patch+yaml' };
const apply = (object: KubernetesObject, manager: string, force = false) =>
  call('PATCH', `${DEPLOYMENTS}/${object.metadata.name}?fieldManager=${manager}&force=${force}`, object, APPLY);

describe('server-side apply', () => {
  it('creates once, then changes what is set and removes what is no longer set', async () => {
    const first = await open.cluster.apply(manifest('Deployment') as Deployment);
    const changed = manifest('Deployment') as Deployment & { spec: { template: { spec: { hostname?: string } } } };
    changed.spec.template.spec.hostname = 'a';
    const second = await open.cluster.apply(changed);
    const third = await open.cluster.apply(manifest('Deployment') as Deployment);

    expect(second.metadata.uid).toBe(first.metadata.uid);
    expect(second.spec.template.spec).toMatchObject({ hostname: 'a' });
    expect(third.spec.template.spec).not.toHaveProperty('hostname');
    expect([first, second, third].map(({ metadata }) => metadata.generation)).toEqual([1, 2, 3]);
  });

  it('leaves what others own beside it', async () => {
    await open.cluster.apply(manifest('Deployment'));
    await call(
      'PATCH',
      `${DEPLOYMENTS}/adder?fieldManager=person`,
      { metadata: { labels: { team: 'ml' } } },
      {
        'content-type': 'application/merge-patch+json',
      },
    );

    const { metadata } = await open.cluster.apply(manifest('Deployment'));

    expect(metadata.labels).toMatchObject({ team: 'ml', 'app.kubernetes.io/instance': 'adder' });
  });

  it('is refused where another manager owns a field that would change, naming both, unless it is forced', async () => {
    await open.cluster.apply(manifest('Deployment'));
    const other = manifest('Deployment') as Deployment & { spec: { progressDeadlineSeconds?: number } };
    const wish = {
      apiVersion: other.apiVersion,
      kind: other.kind,
      metadata: NAME,
      spec: { progressDeadlineSeconds: 42 },
    } as unknown as KubernetesObject;

    const refused = await apply(wish, 'person');
    const forced = await apply(wish, 'person', true);
    const back = await open.cluster.apply(manifest('Deployment'));

    expect(refused).toMatchObject({
      code: 409,
      body: {
        reason: 'Conflict',
        message: expect.stringContaining(
          'conflict with "fedml-serverless" using apps/v1: .spec.progressDeadlineSeconds',
        ),
        details: { causes: [{ reason: 'FieldManagerConflict', field: '.spec.progressDeadlineSeconds' }] },
      },
    });
    expect(forced).toMatchObject({ code: 200, body: { spec: { progressDeadlineSeconds: 42 } } });
    expect(back).toMatchObject({ spec: { progressDeadlineSeconds: 600 } });
  });

  it('shares a field that both set alike', async () => {
    await open.cluster.apply(manifest('Deployment'));

    const { code, body } = await apply(manifest('Deployment'), 'person');

    expect(code).toBe(200);
    expect(body.metadata!.managedFields!.map(({ manager }) => manager)).toEqual(
      expect.arrayContaining(['fedml-serverless', 'person']),
    );
  });

  it('merges containers by their names', async () => {
    await open.cluster.apply(manifest('Deployment'));
    const patch = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: NAME,
      spec: { template: { spec: { containers: [{ name: 'model', env: [{ name: 'A', value: '1' }] }] } } },
    } as unknown as KubernetesObject;

    await apply(patch, 'person');
    const { spec } = await open.cluster.apply(manifest('Deployment') as Deployment);

    expect(spec.template.spec.containers).toMatchObject([
      { name: 'model', image: model.imageUri, env: [{ name: 'A', value: '1' }] },
    ]);
  });

  it('needs a field manager', async () => {
    const { code } = await call('PATCH', `${DEPLOYMENTS}/adder`, manifest('Deployment'), APPLY);

    expect(code).toBe(400);
  });
});

describe('a body', () => {
  it('with a field that the schema lacks is refused: an apply with 500, as the API server does, a POST with 400', async () => {
    const wrong = { ...manifest('Deployment'), spec: { ...(manifest('Deployment').spec as object), replica: 2 } };

    const applied = await apply(wrong, 'person');
    const posted = await call('POST', DEPLOYMENTS, { ...wrong, metadata: { name: 'other' } });

    expect(applied.code).toBe(500);
    expect(applied.body.message).toContain('.spec.replica: field not declared in schema');
    expect(posted).toMatchObject({
      code: 400,
      body: { message: expect.stringContaining('unknown field "spec.replica"') },
    });
  });

  it('with a value of another type is refused', async () => {
    const wrong = { ...manifest('Deployment'), spec: { ...(manifest('Deployment').spec as object), replicas: 'two' } };

    expect((await apply(wrong, 'person')).body.message).toContain('.spec.replicas: expected numeric');
  });

  it.each<[string, string, object, string]>([
    ['no host', 'APIRule', { hosts: undefined }, 'spec.hosts'],
    ['two hosts', 'APIRule', { hosts: ['a', 'b'] }, 'spec.hosts'],
    ['a host in upper case', 'APIRule', { hosts: ['Adder'] }, 'spec.hosts[0]'],
    [
      'a method that is none',
      'APIRule',
      { rules: [{ path: '/', methods: ['FETCH'], noAuth: true }] },
      'spec.rules[0].methods',
    ],
    ['no strategy', 'APIRule', { rules: [{ path: '/', methods: ['GET'] }] }, 'spec.rules[0]'],
    ['noAuth: false', 'APIRule', { rules: [{ path: '/', methods: ['GET'], noAuth: false }] }, 'spec.rules[0].noAuth'],
    [
      'a path with a regular expression',
      'APIRule',
      { rules: [{ path: 'x.*', methods: ['GET'], noAuth: true }] },
      'spec.rules[0].path',
    ],
    ['more pods at least than at most', 'HorizontalPodAutoscaler', { minReplicas: 5 }, 'spec.maxReplicas'],
    ['two kinds of budget', 'PodDisruptionBudget', { minAvailable: 1 }, 'spec'],
    ['no ports', 'Service', { ports: [] }, 'spec.ports'],
    [
      'another selector than its pods',
      'Deployment',
      { selector: { matchLabels: { a: 'b' } } },
      'spec.template.metadata.labels',
    ],
  ])('with %s is refused with its cause', async (_, kind, changes, field) => {
    const object = manifest(kind);
    const wrong = { ...object, spec: { ...(object.spec as object), ...changes } };

    await expect(open.cluster.apply(wrong)).rejects.toMatchObject({
      name: 'ClusterRefusedError',
      message: expect.stringContaining(`\n  ${field}`),
    });
  });

  it('in an old version of the APIRule is not served', async () => {
    const { code, body } = await call('GET', '/apis/gateway.kyma-project.io/v1beta1/namespaces/models/apirules');

    expect(code).toBe(404);
    expect(body.message).toContain('served as v2, not v1beta1');
  });

  it('for a namespace that is not there is refused', async () => {
    const homeless = { ...manifest('Deployment'), metadata: { name: 'adder', namespace: 'nowhere' } };

    await expect(open.cluster.apply(homeless)).rejects.toMatchObject({
      name: 'ClusterRefusedError',
      message: expect.stringContaining('namespaces "nowhere" not found'),
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
  it('are by label, in pages, in one namespace or all', async () => {
    await open.cluster.apply(namespaceManifest('others'));
    for (const index of Array.from({ length: 205 }, (_, each) => each)) {
      const namespace = index % 2 ? 'others' : 'models';
      const metadata = { name: `secret-${index}`, namespace, labels: { app: 'many' } };
      await call('POST', `/api/v1/namespaces/${namespace}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata });
    }

    expect(await open.cluster.list('Secret', { labels: { app: 'many' } })).toHaveLength(205);
    expect(await open.cluster.list('Secret', { namespace: 'others', labels: { app: 'many' } })).toHaveLength(102);
    expect(await open.cluster.list('Secret', { labels: { app: 'none' } })).toEqual([]);
  });
});

it('refuses by name what it doesn’t do', async () => {
  expect(await call('DELETE', '/api/v1/namespaces/models/secrets')).toMatchObject({
    code: 501,
    body: { message: "The laptop's Kubernetes does not answer deletes of whole collections." },
  });
  expect(await call('GET', '/apis/batch/v1/namespaces/models/jobs')).toMatchObject({ code: 404 });
  expect(
    await call('PATCH', `${DEPLOYMENTS}/adder`, {}, { 'content-type': 'application/strategic-merge-patch+json' }),
  ).toMatchObject({ code: 415 });
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
