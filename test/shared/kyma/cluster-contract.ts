import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Cluster } from '#shared/kyma/cluster.ts';
import type { ClusterAccess } from '#shared/kyma/kubeconfig.ts';
import { apiRuleManifest, namespaceManifest, workloadManifests } from '#shared/kyma/manifests.ts';
import type { Deployment, KubernetesObject } from '#shared/kyma/objects.ts';
import { deleteOwned, ownedObjects } from '#shared/kyma/owned-objects.ts';
import type { DeployedModel } from '#shared/kyma/ownership.ts';
import { pullSecretManifest } from '#shared/kyma/pull-secret.ts';
import { eventually } from '#test/local/kubernetes/eventually.ts';
import { deployedModel, settings } from './models.ts';
import { APPLY, MERGE, rawCall } from './raw-call.ts';

export interface OpenCluster {
  readonly cluster: Cluster;
  readonly access: ClusterAccess;
  close(): Promise<void>;
}

type Loose = KubernetesObject & Record<string, never>;

/**
 * What this project asks of a cluster's API: that its manifests are right, and that an apply does what it is built on. Run
 * against the laptop's cluster and against a real one, so that neither the manifests nor the stand-in are right by themselves.
 */
export const clusterContract = (
  title: string,
  open: () => Promise<OpenCluster>,
  { isSkipped = false }: { readonly isSkipped?: boolean } = {},
): void => {
  describe.skipIf(isSkipped)(title, () => {
    const namespace = `fedml-contract-${crypto.randomUUID().slice(0, 8)}`;
    const image = `127.0.0.1:1/models@sha256:${'0'.repeat(64)}`;
    const model = deployedModel(image, { settings: { ...settings, namespace, environment: { LEVEL: 'debug' } } });
    const withAuth = (auth: DeployedModel['settings']['auth']): DeployedModel => ({
      ...model,
      settings: { ...model.settings, auth },
    });
    const asRoot: DeployedModel = { ...model, runAsUser: null };
    const jwt = { issuer: 'https://tenant.example.com', jwksUri: 'https://tenant.example.com/certs' };
    const pullSecret = pullSecretManifest(
      { pipeline: model.pipeline, namespace },
      { host: 'registry.example.com', username: 'AWS', password: 'secret', expiresAt: new Date('2030-01-01') },
    );
    const all = () => [pullSecret, ...workloadManifests(model), apiRuleManifest(model)];
    const manifest = <T extends KubernetesObject = Loose>(kind: string, of = model): T =>
      structuredClone([...workloadManifests(of), apiRuleManifest(of)].find((each) => each.kind === kind)!) as T;
    /** A manifest with one of its fields changed, or left out. */
    const changed = (kind: string, path: string, value: unknown): KubernetesObject => {
      const object = manifest(kind);
      const ways = path.split('.');
      const last = ways.pop()!;
      const parent = ways.reduce<Record<string, unknown>>(
        (node, name) => node[name] as Record<string, unknown>,
        object as never,
      );
      if (value === undefined) delete parent[last];
      else parent[last] = value;
      return object;
    };

    let opened: OpenCluster;
    let cluster: Cluster;
    beforeAll(async () => {
      opened = await open();
      cluster = opened.cluster;
      await cluster.apply(namespaceManifest(namespace));
    });
    afterAll(async () => {
      await cluster?.delete('Namespace', { name: namespace });
      await opened?.close();
    });

    // Whoever has set fields of it in another test would keep them.
    beforeEach(() => cluster.delete('Deployment', { namespace, name: 'adder' }));

    const deployment = `/apis/apps/v1/namespaces/${namespace}/deployments/adder`;
    /** An apply of another manager's. */
    const applyAs = (manager: string, spec: object, isForced = false) =>
      rawCall(
        opened.access,
        'PATCH',
        `${deployment}?fieldManager=${manager}&force=${isForced}&fieldValidation=Strict`,
        { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'adder', namespace }, spec },
        APPLY,
      );

    it.each<[string, () => KubernetesObject[]]>([
      ['a model without root', all],
      ['a model as root', () => workloadManifests(asRoot)],
      ['a route for everybody', () => [apiRuleManifest(withAuth({ noAuth: true }))]],
      ['a route by tokens', () => [apiRuleManifest(withAuth({ jwt }))]],
      [
        'a route by tokens for an audience with scopes',
        () => [apiRuleManifest(withAuth({ jwt: { ...jwt, audiences: ['a'], requiredScopes: ['predict'] } }))],
      ],
    ])('takes the manifests of %s, and finds nothing to change in them the second time', async (_, objects) => {
      const first = await applyAll(cluster, objects());
      const second = await applyAll(cluster, objects());

      expect(second.map(wished)).toEqual(first.map(wished));
      expect(second.map(({ metadata }) => metadata.generation)).toEqual(
        first.map(({ metadata }) => metadata.generation),
      );
    });

    it('changes what is set and removes what is no longer set', async () => {
      const first = await cluster.apply(manifest('Deployment'));
      const other = changed('Deployment', 'spec.template.spec.hostname', 'a') as Deployment;
      const second = await cluster.apply(other);
      const third = await cluster.apply(manifest<Deployment>('Deployment'));

      const start = first.metadata.generation!;
      expect(second.metadata.uid).toBe(first.metadata.uid);
      expect(second.spec.template.spec).toMatchObject({ hostname: 'a' });
      expect(third.spec.template.spec).not.toHaveProperty('hostname');
      expect([second, third].map(({ metadata }) => metadata.generation! - start)).toEqual([1, 2]);
    });

    it('takes volumes and init containers away with what it has filled in, and brings them back', async () => {
      await cluster.apply(manifest('Deployment'));
      const bare = await cluster.apply(manifest<Deployment>('Deployment', asRoot));
      const back = await cluster.apply(manifest<Deployment>('Deployment'));

      const { initContainers, volumes, containers } = bare.spec.template.spec;
      expect([initContainers, volumes, containers[0]!.volumeMounts]).toEqual([undefined, undefined, undefined]);
      expect(back.spec.template.spec).toMatchObject({
        initContainers: [{ name: 'copy-code', image }],
        volumes: [{ name: 'tmp' }, { name: 'code' }],
      });
    });

    it('leaves what others own beside it', async () => {
      await cluster.apply(manifest('Deployment'));
      const labels = { metadata: { labels: { team: 'ml' } } };
      await rawCall(opened.access, 'PATCH', `${deployment}?fieldManager=person`, labels, MERGE);

      const { metadata } = await cluster.apply(manifest('Deployment'));

      expect(metadata.labels).toMatchObject({ team: 'ml', 'app.kubernetes.io/instance': 'adder' });
    });

    it('refuses another manager a field of ours, naming us, unless it is forced; then we take it back', async () => {
      await cluster.apply(manifest('Deployment'));
      const wish = { progressDeadlineSeconds: 42 };

      const refused = await applyAs('person', wish);
      const forced = await applyAs('person', wish, true);
      const back = await cluster.apply(manifest('Deployment'));

      expect(refused).toMatchObject({
        code: 409,
        body: {
          reason: 'Conflict',
          message: 'Apply failed with 1 conflict: conflict with "fedml-serverless": .spec.progressDeadlineSeconds',
          details: { causes: [{ reason: 'FieldManagerConflict', field: '.spec.progressDeadlineSeconds' }] },
        },
      });
      expect(forced).toMatchObject({ code: 200, body: { spec: wish } });
      expect(back).toMatchObject({ spec: { progressDeadlineSeconds: 600 } });
    });

    it('names the fields of a conflict in one message', async () => {
      await cluster.apply(manifest('Deployment'));

      const { body } = await applyAs('person', { progressDeadlineSeconds: 42, revisionHistoryLimit: 9 });

      expect(body.message).toBe(
        'Apply failed with 2 conflicts: conflicts with "fedml-serverless":\n- .spec.progressDeadlineSeconds\n- .spec.revisionHistoryLimit',
      );
    });

    it('shares a field that both set alike', async () => {
      await cluster.apply(manifest('Deployment'));

      const { code, body } = await applyAs('person', { progressDeadlineSeconds: 600 });

      expect(code).toBe(200);
      expect(body.metadata!.managedFields!.map(({ manager }) => manager)).toEqual(
        expect.arrayContaining(['fedml-serverless', 'person']),
      );
    });

    it('merges containers and their variables by their names', async () => {
      await cluster.apply(manifest('Deployment'));
      const containers = [{ name: 'model', env: [{ name: 'TEAM', value: 'ml' }] }];

      await applyAs('neighbour', { template: { spec: { containers } } });
      const { spec } = await cluster.apply(manifest<Deployment>('Deployment'));

      expect(spec.template.spec.containers).toMatchObject([
        {
          name: 'model',
          image,
          env: expect.arrayContaining([containers[0]!.env[0], { name: 'LEVEL', value: 'debug' }]),
        },
      ]);
    });

    it('needs a field manager for an apply', async () => {
      const { code, body } = await rawCall(opened.access, 'PATCH', deployment, manifest('Deployment'), APPLY);

      expect([code, body.message]).toEqual([
        422,
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      ]);
    });

    it.each<[string, string, string, unknown, string]>([
      ['a field that there is not', 'Deployment', 'spec.replica', 2, '.spec.replica: field not declared in schema'],
      [
        'a misspelt field of a container',
        'Deployment',
        'spec.template.spec.containers.0.imag',
        'x',
        '.spec.template.spec.containers[name="model"].imag: field not declared in schema',
      ],
      [
        'what the documentation of APIRules calls fromParameters',
        'APIRule',
        'spec.rules.0.fromParameters',
        ['x'],
        '.spec.rules[0].fromParameters: field not declared in schema',
      ],
      [
        'a text for a number',
        'Deployment',
        'spec.replicas',
        'two',
        '.spec.replicas: expected numeric (int or float), got string',
      ],
      [
        'a text for a yes or no',
        'Deployment',
        'spec.template.spec.enableServiceLinks',
        'no',
        '.spec.template.spec.enableServiceLinks: expected boolean, got &{no}',
      ],
      [
        'a quantity that is none',
        'Deployment',
        'spec.template.spec.containers.0.resources.limits.memory',
        '2Gibi',
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      ],
      [
        'a variable twice',
        'Deployment',
        'spec.template.spec.containers.0.env',
        [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
        '.spec.template.spec.containers[name="model"].env: duplicate entries for key [name="A"]',
      ],
    ])('refuses %s', async (_, kind, path, value, message) => {
      await expect(cluster.apply(changed(kind, path, value))).rejects.toMatchObject({
        name: 'ClusterRefusedError',
        message: expect.stringContaining(message),
      });
    });

    const ONE_STRATEGY = cel('spec.rules[0]', 'One of the following fields must be set: noAuth, jwt, extAuth');

    it.each<[string, string, string, unknown, string | RegExp]>([
      ['no host', 'APIRule', 'spec.hosts', undefined, 'spec.hosts: Required value'],
      ['two hosts', 'APIRule', 'spec.hosts', ['a', 'b'], 'spec.hosts: Too many: 2: must have at most 1 item'],
      ['a host in upper case', 'APIRule', 'spec.hosts', ['Adder'], cel('spec.hosts[0]', 'Host must be a lowercase')],
      [
        'a method that is none',
        'APIRule',
        'spec.rules.0.methods',
        ['FETCH'],
        'spec.rules[0].methods[0]: Unsupported value: "FETCH"',
      ],
      ['no strategy', 'APIRule', 'spec.rules.0.noAuth', undefined, ONE_STRATEGY],
      ['two strategies', 'APIRule', 'spec.rules.0.jwt', { authentications: [jwt] }, ONE_STRATEGY],
      ['noAuth: false', 'APIRule', 'spec.rules.0.noAuth', false, ONE_STRATEGY],
      [
        'a regular expression as path',
        'APIRule',
        'spec.rules.0.path',
        'x.*',
        'spec.rules[0].path in body should match',
      ],
      [
        'a gateway without namespace',
        'APIRule',
        'spec.gateway',
        'kyma',
        cel('spec.gateway', 'Gateway must be in the namespace/name format'),
      ],
      [
        'a timeout of hours',
        'APIRule',
        'spec.timeout',
        5000,
        'spec.timeout in body should be less than or equal to 3900',
      ],
      [
        'a port that is none',
        'APIRule',
        'spec.service.port',
        0,
        'spec.service.port in body should be greater than or equal to 1',
      ],
      [
        'more pods at least than at most',
        'HorizontalPodAutoscaler',
        'spec.minReplicas',
        5,
        'spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`',
      ],
      [
        'two kinds of budget',
        'PodDisruptionBudget',
        'spec.minAvailable',
        1,
        'minAvailable and maxUnavailable cannot be both set',
      ],
      ['no ports', 'Service', 'spec.ports', [], 'spec.ports: Required value'],
      [
        'no containers',
        'Deployment',
        'spec.template.spec.containers',
        [],
        'spec.template.spec.containers: Required value',
      ],
      [
        'no image',
        'Deployment',
        'spec.template.spec.containers.0.image',
        undefined,
        'spec.template.spec.containers[0].image: Required value',
      ],
      [
        'a mount without its volume',
        'Deployment',
        'spec.template.spec.volumes',
        undefined,
        'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "tmp"',
      ],
      [
        'more memory asked for than allowed',
        'Deployment',
        'spec.template.spec.containers.0.resources.requests.memory',
        '3Gi',
        'must be less than or equal to memory limit of 2Gi',
      ],
      [
        'a probe with two handlers',
        'Deployment',
        'spec.template.spec.containers.0.readinessProbe.exec',
        { command: ['x'] },
        'may not specify more than 1 handler type',
      ],
      [
        'a user below root',
        'Deployment',
        'spec.template.spec.securityContext.runAsUser',
        -1,
        'must be between 0 and 2147483647, inclusive',
      ],
      [
        'a label with a blank',
        'Deployment',
        'metadata.labels.team',
        'a b',
        'metadata.labels: Invalid value: "a b": a valid label must be',
      ],
      [
        'another selector',
        'Deployment',
        'spec.selector.matchLabels',
        { a: 'b' },
        'spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: field is immutable',
      ],
    ])('refuses %s with its cause', async (_, kind, path, value, cause) => {
      await applyAll(cluster, all());

      const { name, message } = await cluster.apply(changed(kind, path, value)).then(
        () => ({ name: 'none', message: '' }),
        (error: Error) => error,
      );

      expect(name).toBe('ClusterRefusedError');
      expect(message.split('\n  ').slice(1).join('\n')).toMatch(cause);
      expect(message).not.toContain('validation rules were not checked');
    });

    it('refuses what is for a namespace that is not there', async () => {
      const homeless = changed('Deployment', 'metadata.namespace', 'fedml-nowhere');

      await expect(cluster.apply(homeless)).rejects.toMatchObject({
        name: 'ClusterRefusedError',
        message: expect.stringContaining('namespaces "fedml-nowhere" not found'),
      });
    });

    it('lists by label, in pages', async () => {
      for (const index of Array.from({ length: 205 }, (_, each) => each)) {
        const metadata = { name: `secret-${index}`, labels: { app: 'many' } };
        await rawCall(opened.access, 'POST', `/api/v1/namespaces/${namespace}/secrets`, {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata,
        });
      }

      expect(await cluster.list('Secret', { namespace, labels: { app: 'many' } })).toHaveLength(205);
      expect(await cluster.list('Secret', { namespace, labels: { app: 'none' } })).toEqual([]);
    });

    it('finds neither what is not there nor a log or events of it', async () => {
      const name = { namespace, name: 'nobody' };

      expect(await cluster.get('APIRule', name)).toBeUndefined();
      expect(await cluster.logTail(name, 'model', { previous: false, lineCount: 5 })).toBe('');
      expect(await cluster.events({ apiVersion: 'v1', kind: 'Pod', metadata: name })).toEqual([]);
      await cluster.delete('Service', name);
    });

    it('gives up all that a pipeline owns, and nothing else', async () => {
      await applyAll(cluster, all());
      const labels = { 'app.kubernetes.io/instance': 'adder' };
      await cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other', namespace, labels } });
      const place = { pipeline: model.pipeline, namespace };

      const deleted = await deleteOwned(cluster, place);

      expect(deleted.map(({ kind }) => kind).sort()).toEqual(
        all()
          .map(({ kind }) => kind)
          .sort(),
      );
      await eventually(async () => (await ownedObjects(cluster, place)).length === 0, 'the objects were gone');
      expect(await cluster.get('Secret', { namespace, name: 'other' })).toBeDefined();
    });
  });
};

/** A refusal by a CEL rule: Kubernetes 1.35 quotes a text and leaves an object out, versions before it name the type. */
const cel = (field: string, why: string): RegExp =>
  new RegExp(`${field.replace(/[[\]]/g, '\\$&')}: Invalid value: (?:".*": )?${why}`);

const applyAll = async (cluster: Cluster, objects: readonly KubernetesObject[]): Promise<KubernetesObject[]> => {
  const applied: KubernetesObject[] = [];
  for (const object of objects) applied.push(await cluster.apply(object));
  return applied;
};

/** An object without what its controllers write. */
const wished = ({ status: _, metadata, ...rest }: KubernetesObject): object => {
  const { name, labels, uid } = metadata;
  return { ...rest, metadata: { name, labels, uid } };
};
