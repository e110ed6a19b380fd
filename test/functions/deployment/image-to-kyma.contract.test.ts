import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyToKyma as applyToKymaStep } from '#functions/deployment/apply-to-kyma/apply-to-kyma.ts';
import { checkRollout as checkRolloutStep } from '#functions/deployment/check-rollout/check-rollout.ts';
import { commitImage as commitImageStep } from '#functions/deployment/commit-image/commit-image.ts';
import { copyLayer as copyLayerStep } from '#functions/deployment/copy-layer/copy-layer.ts';
import type { CopyLayerOutput } from '#functions/deployment/copy-layer/schema.ts';
import { planImage as planImageStep } from '#functions/deployment/plan-image/plan-image.ts';
import { refreshPullSecret as refreshPullSecretStep } from '#functions/events/refresh-pull-secret/refresh-pull-secret.ts';
import { kymaModelServer } from '#shared/kyma/model-server.ts';
import { runFolderUri } from '#shared/pipeline/run.ts';
import { sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import { trainingOutputUri } from '#shared/sagemaker/training-job.ts';
import { granted } from '#test/functions/granted.ts';
import { eventually } from '#test/local/kubernetes/eventually.ts';
import { loopback, type OpenKubernetes, openKubernetes } from '#test/local/kubernetes/open-kubernetes.ts';
import { BASE_IMAGE_URI, type OpenRegistry, openRegistry, REPOSITORY } from '#test/local/registry/open-registry.ts';
import { tarGz } from '#test/shared/images/archives.ts';
import { addingModel } from '#test/shared/kyma/models.ts';
import { givenArchive, givenModel } from '#test/shared/models/fixture.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenRun, STORE_URI } from '#test/shared/pipeline/fixture.ts';

const applyToKyma = granted('applyToKyma', applyToKymaStep);
const checkRollout = granted('checkRollout', checkRolloutStep);
const commitImage = granted('commitImage', commitImageStep);
const copyLayer = granted('copyLayer', copyLayerStep);
const planImage = granted('planImage', planImageStep);
const refreshPullSecret = granted('refreshPullSecret', refreshPullSecretStep);

const HOUR_MS = 3_600_000;

let now = Date.now();
let kyma: OpenKubernetes;
let registry: OpenRegistry;
beforeAll(async () => {
  kyma = await openKubernetes();
  registry = await openRegistry({ clock: () => now });
});
afterAll(async () => {
  await kyma.close();
  await registry.close();
});

const objectStore = inMemoryObjectStore();
const ports = () => ({ objectStore, registries: registry.registries, openCluster: async () => kyma.cluster });

/** All steps of the state machine, from a model in the register to a URL that answers. */
const deploy = async (runId: string, number: number) => {
  const files = addingModel(number);
  const settings = { deployment: { target: 'kyma', namespace: 'models', auth: { noAuth: true } } };
  await givenRun(objectStore, { runId, settings });
  const runUri = runFolderUri(STORE_URI, 'flights', runId);
  const model = await tarGz([{ name: 'number', content: files['opt/ml/model/number']! }]);
  const code = await tarGz([{ name: 'serve_model.py', content: files['opt/ml/code/serve_model.py']! }]);
  const modelRecordUri = await givenModel(objectStore, {
    modelArchive: await givenArchive(objectStore, `${trainingOutputUri(runUri)}job-1/output/model.tar.gz`, model),
    sourceArchive: await givenArchive(objectStore, sourceArchiveUri(runUri), code),
    runUri,
    entryPoint: 'serve_model.py',
    imageUri: BASE_IMAGE_URI,
  });
  const input = { runUri, modelRecordUri };
  const image = { modelRepository: REPOSITORY };
  const { layers, baseImageUri } = await planImage(input, ports(), image);
  const copiedLayers: CopyLayerOutput[] = [];
  for (const layer of layers) copiedLayers.push(await copyLayer(layer, ports(), image));
  const { imageUri, bytesPushed } = await commitImage({ ...input, baseImageUri, copiedLayers }, ports(), image);
  const { url } = await applyToKyma({ ...input, imageUri }, ports());
  await eventually(async () => (await checkRollout({ runUri }, ports())).state === 'ready', 'it was rolled out');
  return { url, imageUri, bytesPushed };
};

const models = kymaModelServer({
  openClient: async () => ({ certificateAuthority: kyma.kubernetes.certificateAuthority }),
  guard: () => loopback,
  openCluster: async () => kyma.cluster,
  pausesMs: [],
});

it('brings a model from the register to a URL, pushes only its layer the next time, and outlives ECR’s tokens', async () => {
  const first = await deploy('run-1', 5);
  const same = await deploy('run-2', 5);
  const other = await deploy('run-3', 50);

  expect(same).toEqual({ ...first, bytesPushed: 0 });
  expect(other.url).toBe(first.url);
  expect(other.bytesPushed).toBeLessThan(first.bytesPushed);
  expect(await models.predict(other.url, '1\n')).toBe('51.0\n');

  now += 13 * HOUR_MS;
  await kyma.kubernetes.replaceNode();
  await expect(models.predict(other.url, '1\n')).rejects.toMatchObject({ name: 'EndpointThrottledError' });
  await refreshPullSecret({}, ports());

  expect(await eventually(() => models.predict(other.url, '1\n').catch(() => undefined), 'it served again')).toBe(
    '51.0\n',
  );
});
