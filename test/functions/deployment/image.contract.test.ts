import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commitImage as commitImageStep } from '#functions/deployment/commit-image/commit-image.ts';
import { CommitImageInput, CommitImageOutput } from '#functions/deployment/commit-image/schema.ts';
import { copyLayer as copyLayerStep } from '#functions/deployment/copy-layer/copy-layer.ts';
import { CopyLayerInput, CopyLayerOutput } from '#functions/deployment/copy-layer/schema.ts';
import { planImage as planImageStep } from '#functions/deployment/plan-image/plan-image.ts';
import { PlanImageInput, PlanImageOutput } from '#functions/deployment/plan-image/schema.ts';
import { sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import { trainingOutputUri } from '#shared/sagemaker/training-job.ts';
import { granted } from '#test/functions/granted.ts';
import { BASE_IMAGE_URI, type OpenRegistry, openRegistry, REPOSITORY } from '#test/local/registry/open-registry.ts';
import { tarGz } from '#test/shared/images/archives.ts';
import { givenArchive } from '#test/shared/models/fixture.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';

const commitImage = granted('commitImage', commitImageStep);
const copyLayer = granted('copyLayer', copyLayerStep);
const planImage = granted('planImage', planImageStep);

const RUN_URI = 's3://store/runs/tiny/run-1/';
const MODEL_RECORD_URI = 's3://store/models/tiny/tiny-job.json';
const settings = { modelRepository: REPOSITORY };

let open: OpenRegistry;
beforeAll(async () => {
  open = await openRegistry();
});
afterAll(() => open.close());

/** An object store with a model of the register. */
const storeWith = async ({ weights = 'weights', imageUri = BASE_IMAGE_URI, entryPoint = 'train.py' } = {}) => {
  const objectStore = inMemoryObjectStore();
  const modelUri = `${trainingOutputUri(RUN_URI)}tiny-job/output/model.tar.gz`;
  const model = await tarGz([{ name: 'model.joblib', content: weights, mtime: new Date() }]);
  const source = await tarGz([{ name: 'train.py', content: 'def model_fn(): ...' }]);
  const record = {
    version: 2,
    pipeline: 'tiny',
    trainingJobName: 'tiny-job',
    runUri: RUN_URI,
    modelArchive: await givenArchive(objectStore, modelUri, model),
    sourceArchive: await givenArchive(objectStore, sourceArchiveUri(RUN_URI), source),
    entryPoint,
    imageUri,
    metrics: {},
    codeSha256: 'a'.repeat(64),
    modelPackageArn: 'arn:aws:sagemaker:eu-central-1:000000000000:model-package/tiny/1',
    registeredAt: '2026-11-24T00:00:00.000Z',
  };
  await objectStore.put(MODEL_RECORD_URI, JSON.stringify(record));
  return objectStore;
};

/** The three steps as the state machine calls them, with their schemas. */
const deploy = async (objectStore: Awaited<ReturnType<typeof storeWith>>) => {
  const ports = { objectStore, registries: open.registries };
  const planInput = PlanImageInput.parse({ runUri: RUN_URI, modelRecordUri: MODEL_RECORD_URI });
  const plan = PlanImageOutput.parse(await planImage(planInput, ports, settings));
  const copiedLayers: CopyLayerOutput[] = [];
  for (const layer of plan.layers) {
    copiedLayers.push(CopyLayerOutput.parse(await copyLayer(CopyLayerInput.parse(layer), ports, settings)));
  }
  const commitInput = CommitImageInput.parse({ ...planInput, baseImageUri: plan.baseImageUri, copiedLayers });
  return { plan, copiedLayers, image: CommitImageOutput.parse(await commitImage(commitInput, ports, settings)) };
};

describe('the image of a model', () => {
  it('is the base image and one layer; later ones push only that, and an unchanged one nothing', async () => {
    const first = await deploy(await storeWith());
    const same = await deploy(await storeWith());
    const retrained = await deploy(await storeWith({ weights: 'other weights' }));

    expect(first.plan.layers).toHaveLength(2);
    expect(first.copiedLayers.map(({ bytesPushed }) => bytesPushed)).toEqual(
      first.plan.layers.map(({ sizeBytes }) => sizeBytes),
    );
    expect(same.plan.layers).toEqual([]);
    expect(same.image).toEqual({ ...first.image, bytesPushed: 0 });
    expect(retrained.plan.layers).toEqual([]);
    expect(retrained.image.digest).not.toBe(first.image.digest);
    expect(retrained.image.tag).not.toBe(first.image.tag);
    expect(first.image.bytesPushed - retrained.image.bytesPushed).toBeGreaterThan(
      first.plan.layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) - 50,
    );
  });

  it.each([
    [`${trainingOutputUri(RUN_URI)}tiny-job/output/model.tar.gz`, [{ name: 'model.joblib', content: 'PWNED' }]],
    [sourceArchiveUri(RUN_URI), [{ name: 'train.py', content: 'PWNED' }]],
  ])('isn’t made of %s that was overwritten since it was evaluated', async (uri, files) => {
    const objectStore = await storeWith();
    await objectStore.put(uri, await tarGz(files));

    await expect(deploy(objectStore)).rejects.toMatchObject({
      name: 'ModelChangedError',
      message: expect.stringContaining(uri),
    });
  });

  it('is called by its digest, and can be pulled', async () => {
    const { image, plan } = await deploy(await storeWith());
    const registry = await open.registries.ownRegistry();

    expect(image.imageUri).toBe(`${new URL(open.registry.url).host}/${REPOSITORY}@${image.digest}`);
    expect(image.tag).toMatch(/^tiny-[0-9a-f]{12}$/);
    const manifest = JSON.parse((await registry.findManifest(REPOSITORY, image.digest))!.bytes.toString());
    expect(manifest.layers).toHaveLength(3);
    const configBytes = await buffer(
      registry.readBlob(REPOSITORY, { digest: manifest.config.digest, sizeBytes: manifest.config.size }),
    );
    const { config, rootfs } = JSON.parse(configBytes.toString());
    expect(rootfs.diff_ids).toHaveLength(3);
    expect(config).toMatchObject({
      Cmd: ['serve'],
      User: '1000:1000',
      ExposedPorts: { '8080/tcp': {} },
      Labels: { 'org.opencontainers.image.base.name': plan.baseImageUri },
    });
    expect(config.Env).toEqual(
      expect.arrayContaining(['SAGEMAKER_PROGRAM=train.py', 'SAGEMAKER_SUBMIT_DIRECTORY=/opt/ml/code']),
    );
  });

  it('is recorded in the run, and leaves no temporary file', async () => {
    const objectStore = await storeWith({ weights: 'recorded' });
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('model-layer-'));

    const { image } = await deploy(objectStore);

    expect(JSON.parse(objectStore.objects.get(`${RUN_URI}deployment/image.json`)!)).toMatchObject({
      ...image,
      modelRecordUri: MODEL_RECORD_URI,
      layer: { modelSha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const after = (await readdir(tmpdir())).filter((name) => name.startsWith('model-layer-'));
    expect(after.length).toBeLessThanOrEqual(before.length);
  });

  it('keeps the base that was planned, although its tag moves meanwhile', async () => {
    const ports = { objectStore: await storeWith({ weights: 'moved' }), registries: open.registries };
    const input = { runUri: RUN_URI, modelRecordUri: MODEL_RECORD_URI };
    const { baseImageUri } = await planImage(input, ports, settings);

    await open.moveBaseTag();
    const image = await commitImage({ ...input, baseImageUri, copiedLayers: [] }, ports, settings);
    await open.restoreBaseTag();

    expect(baseImageUri).toContain(open.baseDigest);
    expect(image.bytesPushed).toBeGreaterThan(0);
  });

  it('is one for two runs that commit it at the same moment', async () => {
    await deploy(await storeWith());
    const objectStore = await storeWith({ weights: 'raced' });
    const ports = { objectStore, registries: open.registries };
    const input = { runUri: RUN_URI, modelRecordUri: MODEL_RECORD_URI };
    const { baseImageUri } = await planImage(input, ports, settings);

    const [one, other] = await Promise.all(
      [1, 2].map(() => commitImage({ ...input, baseImageUri, copiedLayers: [] }, ports, settings)),
    );

    expect(one?.digest).toBe(other?.digest);
  });
});

describe('a model that can’t be put on an image', () => {
  it.each([
    [
      'lies on an image of another registry',
      { imageUri: 'docker.io/library/python:3.12' },
      'InvalidInputError',
      'Amazon ECR only',
    ],
    [
      'lies on an image that doesn’t exist',
      { imageUri: BASE_IMAGE_URI.replace('1.2-1', '9.9-9') },
      'RegistryRefusedError',
      'sagemaker-scikit-learn:9.9-9',
    ],
    ['has an image URI without a tag', { imageUri: 'registry/repository' }, 'InvalidInputError', 'neither a tag'],
  ])('%s', async (_, options, name, message) => {
    await expect(deploy(await storeWith(options))).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
  });

  it('comes without its script', async () => {
    await expect(deploy(await storeWith({ entryPoint: 'serve.py' }))).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('serve.py'),
    });
  });

  it('finds no repository to be put in', async () => {
    const ports = { objectStore: await storeWith(), registries: open.registries };
    const input = { runUri: RUN_URI, modelRecordUri: MODEL_RECORD_URI };
    const { layers } = await planImage(input, ports, { modelRepository: 'missing' });

    await expect(copyLayer(layers[0]!, ports, { modelRepository: 'missing' })).rejects.toMatchObject({
      name: 'RegistryRefusedError',
      message: expect.stringContaining("repository with name 'missing' does not exist"),
    });
  });
});
