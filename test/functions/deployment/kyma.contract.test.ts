import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyToKyma as applyToKymaStep } from '#functions/deployment/apply-to-kyma/apply-to-kyma.ts';
import { checkRollout as checkRolloutStep } from '#functions/deployment/check-rollout/check-rollout.ts';
import { rollBackKyma as rollBackKymaStep } from '#functions/deployment/roll-back-kyma/roll-back-kyma.ts';
import { smokeTest as smokeTestStep } from '#functions/deployment/smoke-test/smoke-test.ts';
import { refreshPullSecret as refreshPullSecretStep } from '#functions/events/refresh-pull-secret/refresh-pull-secret.ts';
import { planScoring as planScoringStep } from '#functions/prediction/plan-scoring/plan-scoring.ts';
import { ScorePartInput } from '#functions/prediction/score-part/schema.ts';
import { scorePart as scorePartStep } from '#functions/prediction/score-part/score-part.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { deployedToKyma } from '#shared/kyma/deployed-models.ts';
import { readKubeconfig } from '#shared/kyma/kubeconfig.ts';
import { kymaModelServer } from '#shared/kyma/model-server.ts';
import type { ApiRule, Deployment, HorizontalPodAutoscaler, KubernetesObject, Pod } from '#shared/kyma/objects.ts';
import { deleteOwned, ownedObjects } from '#shared/kyma/owned-objects.ts';
import { EXPIRES_AT_ANNOTATION, MODEL_ANNOTATION, RUN_ANNOTATION, selectorOf } from '#shared/kyma/ownership.ts';
import { runFolderUri } from '#shared/pipeline/run.ts';
import { granted } from '#test/functions/granted.ts';
import { eventually } from '#test/local/kubernetes/eventually.ts';
import { loopback, type OpenKubernetes, openKubernetes } from '#test/local/kubernetes/open-kubernetes.ts';
import { documentedRights } from '#test/shared/kyma/documented-role.ts';
import { addingModel, brokenModel } from '#test/shared/kyma/models.ts';
import { MERGE, rawCall } from '#test/shared/kyma/raw-call.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenDataset, givenRun, STORE_URI } from '#test/shared/pipeline/fixture.ts';

const applyToKyma = granted('applyToKyma', applyToKymaStep);
const checkRollout = granted('checkRollout', checkRolloutStep);
const rollBackKyma = granted('rollBackKyma', rollBackKymaStep);
const smokeTest = granted('smokeTest', smokeTestStep);
const refreshPullSecret = granted('refreshPullSecret', refreshPullSecretStep);
const planScoring = granted('planScoring', planScoringStep);
const scorePart = granted('scorePart', scorePartStep);

let open: OpenKubernetes;
/** As the service account of docs/kyma.md, which may make namespaces. */
let deployer: Cluster;
beforeAll(async () => {
  open = await openKubernetes();
  deployer = open.clusterOf(open.kubernetes.addUser('deployer', documentedRights({ makesNamespaces: true })));
});
afterAll(() => open.close());

let objectStore: ReturnType<typeof inMemoryObjectStore>;
let namespace: string;
let count = 0;
beforeEach(() => {
  objectStore = inMemoryObjectStore();
  count += 1;
  namespace = `case-${count}`;
  open.registry.setPassword('secret');
  open.registry.setStatus(undefined);
});
// What is left would go on running, and take its share of the processor.
afterEach(async () => {
  for (const name of [`case-${count}`, namespace]) await open.cluster.delete('Namespace', { name });
});

const SKLEARN = '492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-py312';
const jwtAuth = () => {
  const { issuer, jwksUri, clientId } = open.kubernetes.issuer;
  return { jwt: { issuer, jwksUri, audiences: [clientId] } };
};

const ports = () => ({
  objectStore,
  openCluster: async () => deployer,
  registries: {
    pullCredentials: async () => ({
      host: open.registry.host,
      username: 'AWS',
      password: 'secret',
      expiresAt: new Date(Date.now() + 43_200_000),
    }),
  },
});

const modelServer = () => {
  const { tokenUrl, clientId, clientSecret } = open.kubernetes.issuer;
  return kymaModelServer({
    openClient: async () => ({
      oauth: { tokenUrl, clientId, clientSecret },
      certificateAuthority: open.kubernetes.certificateAuthority,
    }),
    guard: () => loopback,
    openCluster: ports().openCluster,
    pausesMs: [50],
  });
};

/** A run of the pipeline that is to deploy an image. */
const given = async (runId: string, deployment: object = {}) => {
  const settings = { deployment: { target: 'kyma', namespace, host: namespace, auth: jwtAuth(), ...deployment } };
  await givenRun(objectStore, { runId, settings });
  return runFolderUri(STORE_URI, 'flights', runId);
};

const apply = async (runUri: string, imageUri: string, trainingJobName = 'job-1') => {
  const modelRecordUri = await givenModel(objectStore, { imageUri: SKLEARN, trainingJobName });
  return applyToKyma({ runUri, modelRecordUri, imageUri }, ports());
};

/** Looks as the state machine does, only more often. */
const rolledOut = (runUri: string) =>
  eventually(async () => (await checkRollout({ runUri }, ports())).state === 'ready', 'the rollout was ready');

/** Rolls back and looks, as the state machine does, until what is to serve does. */
const rolledBackTo = async (runUri: string) => {
  let output = await rollBackKyma({ runUri }, ports());
  await eventually(async () => {
    if (output.waitsFor === undefined) return true;
    output = await rollBackKyma({ runUri, since: output.since }, ports());
    return false;
  }, 'what served before served again');
  return output;
};

const get = async <T extends KubernetesObject>(kind: T['kind'], name = 'flights'): Promise<T> =>
  (await open.cluster.get<T>(kind, { namespace, name }))!;

const deploy = async (runId: string, files: Record<string, string>, deployment?: object) => {
  const runUri = await given(runId, deployment);
  const imageUri = await open.registry.push(files);
  const { url } = await apply(runUri, imageUri);
  await rolledOut(runUri);
  return { runUri, imageUri, url };
};

const image = async () =>
  (await open.cluster.get<Deployment>('Deployment', { namespace, name: 'flights' }))?.spec.template.spec.containers[0]
    ?.image;

describe('a deployment to Kyma', () => {
  it('serves at the host’s URL, to holders of a token', async () => {
    const { runUri, url } = await deploy('run-1', addingModel(5));
    await givenDataset(objectStore, 'test', ['ID', 'A', 'LATE'], ['1,10,0\n2,20,1\n'], false, runUri);

    expect(url).toBe(`https://${namespace}.kyma.localhost:${new URL(open.kubernetes.gateway.url).port}/`);
    expect(await modelServer().predict(url, '1\n2\n')).toBe('6.0\n7.0\n');
    expect(await smokeTest({ runUri, url }, { objectStore, modelServer: modelServer() })).toEqual({ rowCount: 2 });
    expect(JSON.parse(objectStore.objects.get(`${runUri}deployment/kyma.json`)!)).toMatchObject({
      url,
      previous: null,
    });
  });

  it('replaces the model without a moment when none serves', async () => {
    const { url } = await deploy('run-1', addingModel(5));
    const server = modelServer();
    const seen = new Set<string>();
    let isOver = false;
    const asking = (async () => {
      while (!isOver) seen.add(await server.predict(url, '1\n'));
    })();

    await deploy('run-2', addingModel(50));
    isOver = true;
    await asking;

    expect(await server.predict(url, '1\n')).toBe('51.0\n');
    expect([...seen].every((answer) => ['6.0\n', '51.0\n'].includes(answer))).toBe(true);
  });

  it('restarts nothing when the image is the same', async () => {
    const { imageUri } = await deploy('run-1', addingModel(5));
    const pods = async () =>
      (await open.cluster.list<Pod>('Pod', { namespace, labels: selectorOf({ pipeline: 'flights' }) })).map(
        ({ metadata }) => metadata.uid,
      );
    const before = await pods();

    const runUri = await given('run-2');
    await apply(runUri, imageUri);
    await rolledOut(runUri);

    expect(await pods()).toEqual(before);
  });

  it('can be applied twice, and keeps what was there before', async () => {
    const first = await deploy('run-1', addingModel(5));
    const runUri = await given('run-2');
    const imageUri = await open.registry.push(addingModel(50));

    await apply(runUri, imageUri);
    await apply(runUri, imageUri);

    expect(JSON.parse(objectStore.objects.get(`${runUri}deployment/kyma.json`)!)).toMatchObject({
      previous: { imageUri: first.imageUri, runUri: first.runUri },
    });
  });

  it('of a run that another one has followed can be rolled back to that other one', async () => {
    const first = await deploy('run-1', addingModel(5));
    const second = await deploy('run-2', addingModel(50));

    await apply(first.runUri, first.imageUri);
    const rolledBack = await rolledBackTo(first.runUri);

    expect(rolledBack).toEqual({ outcome: 'restored', imageUri: second.imageUri });
  });

  it('brings more pods up when the pipeline asks for them', async () => {
    await deploy('run-1', addingModel(5), { replicas: { min: 2, max: 2 } });

    const { status } = (await open.cluster.get<Deployment>('Deployment', { namespace, name: 'flights' }))!;
    expect(status).toMatchObject({ replicas: 2, availableReplicas: 2 });
  });
});

describe('a rollback', () => {
  /** Where the Deployment, its route and its autoscaler say that they come from. */
  const origins = async () =>
    Promise.all(
      (['Deployment', 'APIRule', 'HorizontalPodAutoscaler', 'Service'] as const).map(async (kind) => {
        const { annotations = {} } = (await get(kind)).metadata;
        return [annotations[RUN_ANNOTATION], annotations[MODEL_ANNOTATION]];
      }),
    );
  const bounds = async () => {
    const { minReplicas, maxReplicas } = (await get<HorizontalPodAutoscaler>('HorizontalPodAutoscaler')).spec;
    return [minReplicas, maxReplicas];
  };
  const memory = async () => {
    const { resources } = (await get<Deployment>('Deployment')).spec.template.spec.containers[0]!;
    return (resources as { limits: { memory: string } }).limits.memory;
  };

  it('of a run that changed the model, the bounds and the route brings back all of it, and says whose it is', async () => {
    const first = await deploy('run-1', addingModel(5), { replicas: { min: 1, max: 2 } });
    const before = await origins();
    const route = (await get<ApiRule>('APIRule')).spec;
    const runUri = await given('run-2', { replicas: { min: 2, max: 4 }, auth: { noAuth: true } });
    await apply(runUri, await open.registry.push(addingModel(50)), 'job-2');
    await rolledOut(runUri);

    const changed = await origins();
    const rolledBack = await rolledBackTo(runUri);

    expect(changed).not.toEqual(before);
    expect(rolledBack).toEqual({ outcome: 'restored', imageUri: first.imageUri });
    expect(await origins()).toEqual(before);
    expect((await get<ApiRule>('APIRule')).spec).toEqual(route);
    expect(await bounds()).toEqual([1, 2]);
    expect(await modelServer().predict(first.url, '1\n')).toBe('6.0\n');
    expect(await rollBackKyma({ runUri }, ports())).toEqual(rolledBack);
  });

  it('of a run that changed only the memory does not bring its own template back', async () => {
    const { imageUri } = await deploy('run-1', addingModel(5), { resources: { limits: { memory: '1Gi' } } });
    const runUri = await given('run-2', { resources: { limits: { memory: '3Gi' } } });
    await apply(runUri, imageUri);
    await rolledOut(runUri);

    const changed = await memory();
    await rolledBackTo(runUri);

    expect([changed, await memory()]).toEqual(['3Gi', '1Gi']);
  });

  it('after another run was stopped brings back what served all the time', async () => {
    const first = await deploy('run-1', addingModel(5), { replicas: { min: 1, max: 2 } });
    const before = await origins();
    const stopped = await given('run-2', { replicas: { min: 2, max: 9 } });
    await apply(stopped, await open.registry.push(brokenModel), 'job-2');
    await eventually(
      async () =>
        (await open.cluster.list<Pod>('Pod', { namespace, labels: selectorOf({ pipeline: 'flights' }) })).length > 1,
      'the broken pod was there',
    );
    const runUri = await given('run-3', { replicas: { min: 3, max: 9 } });
    await apply(runUri, await open.registry.push({ ...brokenModel, 'opt/ml/model/number': 'neither' }), 'job-3');

    const rolledBack = await rolledBackTo(runUri);

    expect(rolledBack).toEqual({ outcome: 'restored', imageUri: first.imageUri });
    expect(await origins()).toEqual(before);
    expect(await bounds()).toEqual([1, 2]);
  });

  it('waits until what it brought back serves, and says so when it never does', async () => {
    await deploy('run-1', addingModel(5));
    const runUri = await given('run-2');
    await apply(runUri, await open.registry.push(addingModel(50)), 'job-2');
    await rolledOut(runUri);
    open.registry.setStatus(503);
    await open.kubernetes.replaceNode();

    const looked = await rollBackKyma({ runUri }, ports());
    const later = () => new Date(Date.now() + 11 * 60_000);

    expect(looked).toMatchObject({ outcome: 'restored', waitsFor: expect.stringContaining('0 of') });
    await expect(rollBackKyma({ runUri, since: looked.since }, { ...ports(), now: later })).rejects.toMatchObject({
      name: 'RolloutFailedError',
      message: expect.stringMatching(
        /^The rollback of \S+\/flights failed: what served before, of .*run-1\/, is not back/,
      ),
    });
    open.registry.setStatus(undefined);
    expect(await rolledBackTo(runUri)).toMatchObject({ outcome: 'restored' });
  });

  it('of a run that never came to the cluster has nothing to do', async () => {
    expect(await rollBackKyma({ runUri: await given('run-1') }, ports())).toEqual({ outcome: 'left', imageUri: null });
  });
});

describe('a rollout that meets what can pass', () => {
  const isWaiting = async (runUri: string, text: string) =>
    eventually(async () => (await checkRollout({ runUri }, ports())).detail.includes(text), `it waited for ${text}`);

  it('waits for the webhook of the sidecar’s injector', async () => {
    const runUri = await given('run-1');
    const comeBack = open.kubernetes.admission.addAbsentWebhook({
      name: 'namespace.sidecar-injector.istio.io',
      service: 'istiod.istio-system',
      sees: ({ kind, metadata }) => kind === 'Pod' && metadata.namespace === namespace,
    });
    await apply(runUri, await open.registry.push(addingModel(5)));

    await isWaiting(runUri, 'failed calling webhook');
    comeBack();

    await rolledOut(runUri);
  });

  it('waits for a registry that is busy', async () => {
    const runUri = await given('run-1');
    // The node has the other tests' images by now.
    const imageUri = await open.registry.push(addingModel(429));
    open.registry.setStatus(429);
    await apply(runUri, imageUri);

    await isWaiting(runUri, 'ImagePullBackOff');
    open.registry.setStatus(undefined);

    await rolledOut(runUri);
  });

  it('waits for a quota that another pod holds', async () => {
    const runUri = await given('run-1');
    await open.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota' as 'Secret',
      metadata: { name: 'small', namespace },
      spec: { hard: { pods: '1' } },
    };
    await open.cluster.apply(quota);
    const first = await deploy('run-0', addingModel(7));
    await apply(runUri, await open.registry.push(addingModel(5)), 'job-2');

    await isWaiting(runUri, 'exceeded quota');
    await open.cluster.apply({ ...quota, spec: { hard: { pods: '2' } } });

    await rolledOut(runUri);
    expect(await modelServer().predict(first.url, '1\n')).toBe('6.0\n');
  });

  it('waits for a host that becomes free', async () => {
    const occupied = `occupied-${namespace}`;
    await deploy('run-1', addingModel(5), { host: occupied });
    const other = namespace;
    namespace = `${namespace}-b`;
    const runUri = await given('run-2', { host: occupied });
    await apply(runUri, await open.registry.push(addingModel(5)));

    await isWaiting(runUri, 'Host is occupied');
    await open.cluster.delete('Namespace', { name: other });

    await rolledOut(runUri);
  });

  it('is not ready while it is scaled to 0', async () => {
    const { runUri } = await deploy('run-1', addingModel(5));
    const scale = { ...(await get<Deployment>('Deployment')), spec: { replicas: 0 } };
    const { apiVersion, kind, spec } = scale;
    await rawCall(
      readKubeconfig(open.kubernetes.kubeconfig, loopback),
      'PATCH',
      `/apis/apps/v1/namespaces/${namespace}/deployments/flights?fieldManager=person`,
      { apiVersion, kind, metadata: { name: 'flights', namespace }, spec },
      MERGE,
    );

    await isWaiting(runUri, 'scaled to 0');
  });
});

describe('a prediction through Kyma', () => {
  const prediction = {
    source: { view: 'V_SCORE', key: ['ID'] },
    method: 'kyma',
    columns: [{ name: 'P', type: 'DOUBLE' }],
    target: { table: 'T' },
  };
  const neverAsked = {
    describeEndpoint: () => Promise.reject(new Error('SageMaker is not asked.')),
    kindOfEndpointConfig: () => Promise.reject(new Error('SageMaker is not asked.')),
    modelOfEndpointConfig: () => Promise.reject(new Error('SageMaker is not asked.')),
  };
  const scoring = async (runId: string, trainingJobName: string) => {
    const deployment = { target: 'kyma', namespace, host: namespace, auth: jwtAuth() };
    await givenRun(objectStore, { runId, settings: { deployment, prediction } });
    const runUri = runFolderUri(STORE_URI, 'flights', runId);
    await givenDataset(objectStore, 'score', ['ID', 'A'], ['1,10\n2,20\n', '3,30\n'], false, runUri);
    const modelRecordUri = await givenModel(objectStore, { imageUri: SKLEARN, trainingJobName });
    return planScoring({ runUri, modelRecordUri }, { ...ports(), sageMaker: neverAsked });
  };

  it('asks the model for each part, and keeps each row’s key beside its answer', async () => {
    const { url } = await deploy('run-1', addingModel(5));

    const { method, plan, predictionsUri } = await scoring('run-2', 'job-1');
    const lines = objectStore.objects.get(`s3://${plan!.bucket}/${plan!.key}`)!.trimEnd().split('\n');
    const items = lines.map((line) => ScorePartInput.parse(JSON.parse(line)));
    for (const item of items) await scorePart(item, { objectStore, modelServer: modelServer() });

    expect(method).toBe('kyma');
    expect(items.map((item) => item.url)).toEqual([url, url]);
    expect(objectStore.objects.get(`${predictionsUri}part-00000.csv`)).toBe('1,15.0\n2,25.0\n');
    expect(objectStore.objects.get(`${predictionsUri}part-00001.csv`)).toBe('3,35.0\n');
  });

  it('goes by what serves, not by what a stopped run has asked for', async () => {
    await deploy('run-1', addingModel(5));
    const runUri = await given('run-2');
    await apply(runUri, await open.registry.push(brokenModel), 'job-2');
    await eventually(
      async () => (await get<Deployment>('Deployment')).status?.updatedReplicas === 1,
      'the broken pod was there',
    );

    expect(await scoring('run-3', 'job-1')).toMatchObject({ method: 'kyma' });
    await expect(scoring('run-4', 'job-2')).rejects.toMatchObject({
      message: expect.stringContaining('serves the model of job-1, not of job-2'),
    });
  });

  it('is refused where another model serves, or none', async () => {
    await expect(scoring('run-1', 'job-1')).rejects.toMatchObject({ name: 'EndpointFailedError' });
    await deploy('run-2', addingModel(5));

    await expect(scoring('run-3', 'job-2')).rejects.toMatchObject({
      name: 'EndpointFailedError',
      message: expect.stringContaining('serves the model of job-1, not of job-2'),
    });
  });
});

describe('a rollout that fails', () => {
  const failure = async (runUri: string) => {
    let error: Error | undefined;
    await eventually(async () => {
      error = await checkRollout({ runUri }, ports()).then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      return error;
    }, 'the rollout failed');
    return error!;
  };

  it('says by which event, with the end of the log, when the model is broken, and brings the old one back', async () => {
    const { url, imageUri } = await deploy('run-1', addingModel(5));
    const runUri = await given('run-2');
    await apply(runUri, await open.registry.push(brokenModel));

    const error = await failure(runUri);
    expect(await modelServer().predict(url, '1\n')).toBe('6.0\n');
    const rolledBack = await rolledBackTo(runUri);

    expect(error).toMatchObject({ name: 'RolloutFailedError' });
    expect(error.message).toContain('CrashLoopBackOff');
    expect(error.message).toContain('Back-off restarting failed container');
    expect(error.message).toContain('ValueError: the model is made for another version');
    expect(rolledBack).toEqual({ outcome: 'restored', imageUri });
    expect(await image()).toBe(imageUri);
    await eventually(async () => {
      const { status } = (await open.cluster.get<Deployment>('Deployment', { namespace, name: 'flights' }))!;
      return status?.replicas === 1 && status.availableReplicas === 1;
    }, 'only the old pod was left');
    expect(await modelServer().predict(url, '1\n')).toBe('6.0\n');
  });

  it('says so when the registry doesn’t let the node in, and leaves nothing of a first deployment', async () => {
    const runUri = await given('run-1');
    const imageUri = await open.registry.push(addingModel(1));
    open.registry.setPassword('another');
    await apply(runUri, imageUri);

    const error = await failure(runUri);
    const rolledBack = await rollBackKyma({ runUri }, ports());

    expect(error.message).toMatch(/ErrImagePull|ImagePullBackOff/);
    expect(error.message).toContain('authorization token has expired');
    expect(rolledBack).toEqual({ outcome: 'removed', imageUri: null });
    expect(await ownedObjects(open.cluster, { pipeline: 'flights', namespace })).toEqual([]);
  });

  it('says so when a quota has no room for the pods', async () => {
    const runUri = await given('run-1');
    await open.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await open.cluster.apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota' as 'Secret',
      metadata: { name: 'small', namespace },
      spec: { hard: { 'limits.memory': '1Gi' } },
    });

    await apply(runUri, await open.registry.push(addingModel(1)));

    expect((await failure(runUri)).message).toContain('QuotaExceeded');
  });

  it('says so when another APIRule has the host', async () => {
    const occupied = `occupied-${namespace}`;
    await deploy('run-1', addingModel(5), { host: occupied });
    namespace = `${namespace}-b`;
    const runUri = await given('run-2', { host: occupied });
    await apply(runUri, await open.registry.push(addingModel(5)));

    expect((await failure(runUri)).message).toContain('Host is occupied by another Virtual Service');
  });

  it('says so when another run has deployed since', async () => {
    const { runUri } = await deploy('run-1', addingModel(5));
    await deploy('run-2', addingModel(6));

    expect((await failure(runUri)).message).toContain('Another run has deployed since');
    expect(await rollBackKyma({ runUri }, ports())).toMatchObject({ outcome: 'left' });
  });

  it('gives up after a quarter of an hour', async () => {
    const runUri = await given('run-1', { replicas: { min: 1, max: 1 } });
    await apply(runUri, await open.registry.push(addingModel(5)));

    const now = () => Date.now() + 16 * 60_000;
    await expect(checkRollout({ runUri }, { ...ports(), now })).rejects.toMatchObject({
      name: 'RolloutFailedError',
      message: expect.stringContaining('TimeLimit'),
    });
  });
});

describe('a cluster whose owner has rules', () => {
  it('says what a policy says, and not that a right is missing', async () => {
    const runUri = await given('run-1');
    const end = open.kubernetes.admission.addPolicy({
      name: 'few-replicas',
      reason: 'Forbidden',
      denies: ({ kind, metadata }) =>
        kind === 'Deployment' && metadata.namespace === namespace ? 'no models here' : undefined,
    });

    await expect(apply(runUri, await open.registry.push(addingModel(5)))).rejects.toMatchObject({
      name: 'ClusterRefusedError',
      message: expect.stringContaining('denied request: no models here'),
    });
    end();
  });

  it('says that a namespace is being deleted', async () => {
    await deploy('run-1', addingModel(5));
    await open.cluster.delete('Namespace', { name: namespace });

    await expect(apply(await given('run-2'), await open.registry.push(addingModel(6)))).rejects.toMatchObject({
      name: 'ClusterRefusedError',
      message: expect.stringContaining('is being deleted'),
    });
  });

  it('that has made the namespace itself is content with a role in it', async () => {
    const narrow = documentedRights({ makesNamespaces: false });
    const user = open.kubernetes.addUser('narrow', (right) =>
      // The documentation's binding is in the namespace fedml.
      narrow({ ...right, namespace: right.namespace === namespace ? 'fedml' : right.namespace }),
    );
    const elsewhere = { ...ports(), openCluster: async () => open.clusterOf(user) };
    const runUri = await given('run-1');
    const modelRecordUri = await givenModel(objectStore, { imageUri: SKLEARN });
    const imageUri = await open.registry.push(addingModel(5));

    await expect(applyToKyma({ runUri, modelRecordUri, imageUri }, elsewhere)).rejects.toMatchObject({
      name: 'ClusterAccessError',
      message: expect.stringMatching(/the verb \w+ on namespaces/),
    });
    await open.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await applyToKyma({ runUri, modelRecordUri, imageUri }, elsewhere);
    await eventually(async () => (await checkRollout({ runUri }, elsewhere)).state === 'ready', 'it was ready');
  });
});

describe('what belongs to somebody else', () => {
  it('is not taken over by an apply', async () => {
    const runUri = await given('run-1');
    await open.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const foreign: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'flights', namespace },
      spec: { ports: [{ port: 80 }] },
    };
    await open.cluster.apply(foreign);

    await expect(apply(runUri, await open.registry.push(addingModel(5)))).rejects.toMatchObject({
      name: 'ClusterRefusedError',
      message: expect.stringContaining(`Service ${namespace}/flights`),
    });
  });

  it('stays when a pipeline’s objects are deleted', async () => {
    await deploy('run-1', addingModel(5));
    // A controller that replicates Secrets copies their labels as well.
    const { labels } = (await get('Secret', 'flights-registry')).metadata;
    await open.cluster.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'others', namespace, labels: labels! },
    });

    const deleted = await deleteOwned(open.cluster, { pipeline: 'flights', namespace });

    expect(deleted.map(({ kind }) => kind)).toEqual([
      'APIRule',
      'HorizontalPodAutoscaler',
      'PodDisruptionBudget',
      'Deployment',
      'Service',
      'Secret',
      'ServiceAccount',
    ]);
    expect(await open.cluster.get('Secret', { namespace, name: 'others' })).toBeDefined();
    await eventually(
      async () => (await open.cluster.list('Pod', { namespace, labels: {} })).length === 0,
      'the pods ended',
    );
  });
});

describe('another stage of the same cluster', () => {
  const deployAs = async (stage: string, model: number) => {
    const settings = { deployment: { target: 'kyma', namespace, auth: { noAuth: true } } };
    await givenRun(objectStore, { runId: `run-${stage}`, stage, settings });
    const runUri = runFolderUri(STORE_URI, 'flights', `run-${stage}`);
    const { url } = await apply(runUri, await open.registry.push(addingModel(model)));
    await rolledOut(runUri);
    return url;
  };
  const secretOf = async (stage: string) => {
    const { annotations } = (await get('Secret', `flights-${stage.toLowerCase()}-registry`)).metadata;
    return annotations?.[EXPIRES_AT_ANNOTATION];
  };

  it('serves its own model, and neither renews nor takes away what is another’s', async () => {
    const [dev, prod] = [await deployAs('Dev', 5), await deployAs('prod', 50)];
    const [ofDev, ofProd] = [await secretOf('Dev'), await secretOf('prod')];

    const renewed = await refreshPullSecret({}, { ...ports(), stage: 'prod' });
    const answers = [await modelServer().predict(dev, '1\n'), await modelServer().predict(prod, '1\n')];
    const listed = await deployedToKyma(open.cluster, 'prod');
    const deleted = await deleteOwned(deployer, { pipeline: 'flights', stage: 'Dev', namespace });

    expect(renewed.secretCount).toBe(1);
    expect([await secretOf('prod')]).not.toEqual([ofProd]);
    expect(ofDev).toBeDefined();
    expect(answers).toEqual(['6.0\n', '51.0\n']);
    expect(listed.filter((each) => each.namespace === namespace).map(({ url }) => url)).toEqual([prod]);
    expect(deleted.map(({ metadata }) => metadata.name)).toEqual(Array(7).fill(expect.stringMatching(/^flights-dev/)));
    expect(await modelServer().predict(prod, '1\n')).toBe('51.0\n');
  });

  it('whose name differs by upper case only is refused the objects of the first', async () => {
    await deployAs('Dev', 5);

    await expect(deployAs('dev', 6)).rejects.toMatchObject({
      name: 'ClusterRefusedError',
      message: expect.stringContaining(`Deployment ${namespace}/flights-dev`),
    });
  });
});

describe('the next day', () => {
  it('secrets of others keep what they hold, and the rest is renewed', async () => {
    await deploy('run-1', addingModel(5));
    const name = 'flights-registry';
    await open.cluster.delete('Secret', { namespace, name });
    const metadata = { name, namespace, labels: { team: 'ml' } };
    await open.cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata, data: { a: 'YQ==' } });

    await expect(refreshPullSecret({}, ports())).rejects.toMatchObject({
      name: 'ClusterRefusedError',
      message: expect.stringContaining(`${namespace}/flights-registry`),
    });
    expect(await get('Secret', name)).toMatchObject({ data: { a: 'YQ==' } });
    expect((await get('Secret', name)).metadata.labels).toEqual({ team: 'ml' });
  });

  it('pods come up again on another node after the pull secret was renewed, and don’t without', async () => {
    const { url } = await deploy('run-1', addingModel(5));
    open.registry.setPassword('of the next day');
    await open.kubernetes.replaceNode();
    const server = modelServer();
    await expect(server.predict(url, '1\n')).rejects.toMatchObject({ name: 'EndpointThrottledError' });

    const expiresAt = new Date('2030-01-01T00:00:00Z');
    const pullCredentials = async () => ({
      host: open.registry.host,
      username: 'AWS',
      password: 'of the next day',
      expiresAt,
    });
    const output = await refreshPullSecret({}, { ...ports(), registries: { pullCredentials } });

    expect(output.expiresAt).toBe('2030-01-01T00:00:00.000Z');
    const secret = await open.cluster.get('Secret', { namespace, name: 'flights-registry' });
    expect(secret?.metadata.annotations?.[EXPIRES_AT_ANNOTATION]).toBe('2030-01-01T00:00:00.000Z');
    expect(await eventually(() => server.predict(url, '1\n').catch(() => undefined), 'the model served again')).toBe(
      '6.0\n',
    );
  });

  it('no cluster needs no secret', async () => {
    expect(await refreshPullSecret({}, { ...ports(), openCluster: undefined })).toEqual({
      secretCount: 0,
      expiresAt: null,
    });
  });
});
