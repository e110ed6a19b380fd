import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { promoteModel as promoteModelStep } from '#functions/deployment/promote-model/promote-model.ts';
import { registerModel as registerModelStep } from '#functions/training/register-model/register-model.ts';
import { championRecordUri, loadModelRecord } from '#shared/models/model-record.ts';
import { writeFact } from '#shared/pipeline/facts.ts';
import { sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import { granted } from '#test/functions/granted.ts';
import { givenArchive } from '#test/shared/models/fixture.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { givenDataset, givenRun, RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemorySageMaker, inMemorySageMaker } from '#test/shared/sagemaker/in-memory.ts';

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const MODEL_URI = 's3://store/training-output/flights/run-1/job-1/output/model.tar.gz';
const promoteModel = granted('promoteModel', promoteModelStep);
const registerModel = granted('registerModel', registerModelStep);

const DEPLOYED = { deployment: { target: 'sagemaker' } };

let objectStore: ReturnType<typeof inMemoryObjectStore>;
let sageMaker: InMemorySageMaker;
beforeEach(() => {
  objectStore = inMemoryObjectStore();
  sageMaker = inMemorySageMaker();
});

/** What EvaluateModel leaves: the archive that it has judged. */
const givenEvaluation = async (runUri: string, trainingJobName: string) => {
  const modelArchive = await givenArchive(objectStore, MODEL_URI, 'a model');
  await writeFact(objectStore, runUri, 'evaluation', { trainingJobName, modelArchive });
};

const register = async (settings = {}, trainingJobName = 'job-1') => {
  const source = await givenArchive(objectStore, sourceArchiveUri(RUN_URI), 'its code');
  await givenRun(objectStore, { settings, sourceSha256: source.sha256 });
  await givenEvaluation(RUN_URI, trainingJobName);
  await givenDataset(objectStore, 'train', ['ID', 'A', 'LATE'], ['1,2,0\n3,4,1\n']);
  return registerModel(
    {
      runUri: RUN_URI,
      trainedByRunUri: RUN_URI,
      trainingJobName,
      metrics: { auc: 0.7 },
    },
    { objectStore, sageMaker },
    { region: 'eu-central-1' },
  );
};
const registerReused = (runUri: string) =>
  registerModel(
    {
      runUri,
      trainedByRunUri: RUN_URI,
      trainingJobName: 'job-1',
      metrics: { auc: 0.7 },
    },
    { objectStore, sageMaker },
    { region: 'eu-central-1' },
  );
const archivesOf = async (modelRecordUri: string) => {
  const { modelArchive, sourceArchive } = await loadModelRecord(objectStore, modelRecordUri);
  return { modelArchive, sourceArchive };
};
const champion = () => championRecordUri(objectStore, STORE_URI, 'flights');

describe('registerModel', () => {
  it('records what is needed to serve the model and where it came from', async () => {
    const { modelRecordUri } = await register();

    expect(modelRecordUri).toBe(`${STORE_URI}/models/flights/job-1.json`);
    expect(await loadModelRecord(objectStore, modelRecordUri)).toMatchObject({
      pipeline: 'flights',
      trainingJobName: 'job-1',
      runUri: RUN_URI,
      modelArchive: { uri: MODEL_URI, sha256: digestOf('a model') },
      sourceArchive: { uri: sourceArchiveUri(RUN_URI), sha256: digestOf('its code') },
      entryPoint: 'train.py',
      imageUri: expect.stringContaining('sagemaker-scikit-learn'),
      metrics: { auc: 0.7 },
      codeSha256: 'c0de',
    });
  });

  it('makes the model the champion where nothing is deployed', async () => {
    const { modelRecordUri } = await register();

    expect(await champion()).toBe(modelRecordUri);
  });

  it('leaves the champion as it is where the model is still to be deployed', async () => {
    await register(DEPLOYED);

    await expect(champion()).rejects.toMatchObject({ name: 'NoChampionError' });
  });

  it('makes the model a version of the registry, with its metrics and what it was made of', async () => {
    const { modelRecordUri } = await register();
    const { modelPackageArn } = await loadModelRecord(objectStore, modelRecordUri);

    expect(sageMaker.modelPackages.get(modelPackageArn)).toMatchObject({
      ModelPackageGroupName: 'flights',
      ModelApprovalStatus: 'Approved',
      InferenceSpecification: {
        Containers: [
          {
            ModelDataUrl: 's3://store/training-output/flights/run-1/job-1/output/model.tar.gz',
            Environment: { SAGEMAKER_PROGRAM: 'train.py' },
          },
        ],
      },
      ModelMetrics: { ModelQuality: { Statistics: { S3Uri: `${RUN_URI}training/evaluation.json` } } },
      MetadataProperties: { CommitId: 'c0de', GeneratedBy: expect.stringContaining(':execution:pipeline:run-1') },
      CustomerMetadataProperties: {
        view: 'SPACE.V_TRAINING',
        key: 'ID',
        target: 'LATE',
        querySha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        trainManifest: `${RUN_URI}train/manifest.json`,
        trainRowCount: '2',
        trainingJobName: 'job-1',
        codeSha256: 'c0de',
        runUri: RUN_URI,
        'metric.auc': '0.7',
      },
    });
  });

  it('leaves the approval to a person where pipeline.yml says so', async () => {
    await register({ deployment: { target: 'sagemaker', approval: 'manual' } });

    const [version] = [...sageMaker.modelPackages.values()];
    expect(version).toMatchObject({ ModelApprovalStatus: 'PendingManualApproval' });
  });

  it('run again makes no second version', async () => {
    await register();
    await register();
    await register({}, 'job-2');

    expect(sageMaker.modelPackages.size).toBe(2);
  });

  it('makes no second version of a model that another run reuses', async () => {
    const first = await register();
    const { runUri } = await givenRun(objectStore, { runId: 'run-2', startedAt: '2100-01-01T00:00:00.000Z' });

    const second = await registerReused(runUri);

    expect(first.isNew).toBe(true);
    expect(second).toEqual({ ...first, isNew: false });
    expect(sageMaker.modelPackages.size).toBe(1);
    expect(JSON.parse(objectStore.objects.get(`${runUri}training/model.json`)!)).toMatchObject({ runUri: RUN_URI });
  });

  it('tells of the run that trained, where a later one is the first whose gate the model passes', async () => {
    const source = await givenArchive(objectStore, sourceArchiveUri(RUN_URI), 'its code');
    await givenRun(objectStore, { sourceSha256: source.sha256 });
    await givenDataset(objectStore, 'train', ['ID', 'A', 'LATE'], ['1,2,0\n']);
    const { runUri } = await givenRun(objectStore, { runId: 'run-2' });
    await givenEvaluation(runUri, 'job-1');

    const { modelRecordUri } = await registerReused(runUri);

    expect(await loadModelRecord(objectStore, modelRecordUri)).toMatchObject({
      runUri: RUN_URI,
      sourceArchive: { uri: sourceArchiveUri(RUN_URI) },
    });
    const [version] = [...sageMaker.modelPackages.values()];
    expect(version).toMatchObject({ CustomerMetadataProperties: { runId: 'run-1', runUri: RUN_URI } });
  });

  it('registers no model that was overwritten after it was evaluated, nor one whose code was', async () => {
    const { modelRecordUri } = await register();
    for (const { uri } of Object.values(await archivesOf(modelRecordUri))) {
      const before = objectStore.objects.get(uri)!;
      await objectStore.put(uri, 'something else');

      await expect(registerReused(RUN_URI)).rejects.toMatchObject({
        name: 'ModelChangedError',
        message: expect.stringContaining(uri),
      });
      await objectStore.put(uri, before);
    }
    expect(await registerReused(RUN_URI)).toMatchObject({ modelRecordUri });
  });

  it('registers nothing that the run hasn’t evaluated', async () => {
    await register();

    await expect(
      registerModel(
        { runUri: RUN_URI, trainedByRunUri: RUN_URI, trainingJobName: 'job-3', metrics: {} },
        { objectStore, sageMaker },
        { region: 'eu-central-1' },
      ),
    ).rejects.toMatchObject({ name: 'InvalidInputError', message: expect.stringContaining('job-3') });
  });

  it('writes only what SageMaker takes as metadata', async () => {
    await register({ source: { view: 'V', key: ['ID "x"'], target: 'Too late?' } });

    const [version] = [...sageMaker.modelPackages.values()];
    for (const [key, value] of Object.entries(version!.CustomerMetadataProperties)) {
      expect(key).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u);
      expect(value).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u);
    }
  });

  it('run again keeps the first record', async () => {
    const { modelRecordUri } = await register();
    const first = objectStore.objects.get(modelRecordUri);

    await register();

    expect(objectStore.objects.get(modelRecordUri)).toBe(first);
  });
});

describe('promoteModel', () => {
  it('makes a deployed model the champion in place of another', async () => {
    const first = await register(DEPLOYED, 'job-1');
    const second = await register(DEPLOYED, 'job-2');

    await promoteModel({ runUri: RUN_URI, ...first }, { objectStore });
    await promoteModel({ runUri: RUN_URI, ...second }, { objectStore });

    expect(await champion()).toBe(second.modelRecordUri);
  });

  it('fails when another run promotes a model at the same moment, to be tried again', async () => {
    const first = await register(DEPLOYED, 'job-1');
    const second = await register(DEPLOYED, 'job-2');
    const { getText } = objectStore;
    objectStore.getText = async (uri) => {
      const answer = getText(uri);
      await answer.catch(() => {});
      if (uri.endsWith('champion.json')) {
        objectStore.getText = getText;
        await promoteModel({ runUri: RUN_URI, ...second }, { objectStore });
      }
      return answer;
    };

    await expect(promoteModel({ runUri: RUN_URI, ...first }, { objectStore })).rejects.toMatchObject({
      name: 'ObjectChangedError',
    });
    expect(await champion()).toBe(second.modelRecordUri);
  });
});
