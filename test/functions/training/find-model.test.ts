import { beforeEach, describe, expect, it } from 'vitest';
import { findModel as findModelStep } from '#functions/training/find-model/find-model.ts';
import { rememberTraining } from '#shared/reuse/known-training.ts';
import { loadModelSearch } from '#shared/reuse/model-search.ts';
import { trainingOutputUri } from '#shared/sagemaker/training-job.ts';
import { granted } from '#test/functions/granted.ts';
import { givenArchive } from '#test/shared/models/fixture.ts';
import { givenDataset, givenRun, RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryPorts, inMemoryPorts } from '#test/shared/tasks/ports.ts';

const findModel = granted('findModel', findModelStep);

const NEXT_URI = `${STORE_URI}/runs/flights/run-2/`;
const MODEL_URI = `${trainingOutputUri(RUN_URI)}job-1/output/model.tar.gz`;

let ports: InMemoryPorts;
beforeEach(() => {
  ports = inMemoryPorts();
});

const search = async (runId: string, settings: object = {}) => {
  const { runUri } = await givenRun(ports.objectStore, { runId, settings });
  for (const dataset of ['train', 'test'] as const) {
    await givenDataset(ports.objectStore, dataset, ['ID', 'LATE'], ['1,0\n'], false, runUri);
  }
  return findModel({ runUri }, ports, { region: 'eu-central-1' });
};

/** Run 1 has trained job-1. */
const givenTraining = async () => {
  await search('run-1');
  ports.sageMaker.trainingJobs.set('job-1', {
    TrainingJobStatus: 'Completed',
    ModelArtifacts: { S3ModelArtifacts: MODEL_URI },
  } as never);
  const modelArchive = await givenArchive(ports.objectStore, MODEL_URI);
  const { inputs } = (await loadModelSearch(ports.objectStore, RUN_URI))!;
  const training = { runUri: RUN_URI, trainingJobName: 'job-1', modelArchive, inputs };
  await rememberTraining(ports.objectStore, 'flights', training);
  return training;
};

describe('findModel', () => {
  it('finds nothing before anything was trained', async () => {
    expect(await search('run-1')).toEqual({ reused: null, because: 'nothing was trained before' });
  });

  it('finds the model of a training of the same, and leaves the fact in the run’s folder', async () => {
    await givenTraining();

    const found = await search('run-2');

    expect(found).toEqual({
      reused: { runUri: RUN_URI, trainingJobName: 'job-1', modelUri: MODEL_URI },
      because: 'the data, the code and the settings are the same',
    });
    expect(await loadModelSearch(ports.objectStore, NEXT_URI)).toMatchObject({
      reused: { runUri: RUN_URI, trainingJobName: 'job-1', modelArchive: { uri: MODEL_URI } },
      because: found.because,
    });
  });

  it('says what has changed since the last training', async () => {
    await givenTraining();

    const found = await search('run-2', { training: { entryPoint: 'fit.py', hyperparameters: { depth: 3 } } });

    expect(found).toEqual({ reused: null, because: 'the code and the settings changed since job-1' });
  });

  it('finds nothing where the run is to reuse nothing', async () => {
    await givenTraining();

    expect(await search('run-2', { reuse: false })).toEqual({ reused: null, because: 'reuse is off for this run' });
  });

  it.each<[string, () => unknown, RegExp]>([
    ['the model is gone', () => ports.objectStore.delete(MODEL_URI), /the model of job-1 was overwritten or deleted/],
    [
      'the model was overwritten',
      () => ports.objectStore.put(MODEL_URI, 'another model'),
      /the model of job-1 was overwritten or deleted/,
    ],
    [
      'SageMaker doesn’t know the job',
      () => ports.sageMaker.trainingJobs.delete('job-1'),
      /doesn't know the training job job-1 any more/,
    ],
    [
      'a job of the same name is another one',
      () =>
        ports.sageMaker.trainingJobs.set('job-1', {
          TrainingJobStatus: 'Completed',
          ModelArtifacts: { S3ModelArtifacts: 's3://elsewhere/model.tar.gz' },
        } as never),
      /doesn't know the training job job-1 any more/,
    ],
  ])('has the run train anew when %s', async (_, change, because) => {
    await givenTraining();
    await change();

    const found = await search('run-2');

    expect(found.reused).toBeNull();
    expect(found.because).toMatch(because);
  });

  it('has the run train anew when what it finds is nothing that it understands', async () => {
    await givenTraining();
    for (const uri of [...ports.objectStore.objects.keys()]) {
      if (uri.includes('/trainings/')) await ports.objectStore.put(uri, 'not JSON');
    }

    expect(await search('run-2')).toEqual({ reused: null, because: 'nothing was trained before' });
  });
});

describe('of two runs that have trained the same', () => {
  it('the later one’s model is found', async () => {
    const training = await givenTraining();
    const modelArchive = await givenArchive(
      ports.objectStore,
      `${trainingOutputUri(NEXT_URI)}job-2/output/model.tar.gz`,
    );
    const later = { ...training, runUri: NEXT_URI, trainingJobName: 'job-2', modelArchive };
    ports.sageMaker.trainingJobs.set('job-2', {
      TrainingJobStatus: 'Completed',
      ModelArtifacts: { S3ModelArtifacts: modelArchive.uri },
    } as never);

    await rememberTraining(ports.objectStore, 'flights', later);

    expect((await search('run-3')).reused).toMatchObject({ trainingJobName: 'job-2' });
  });

  it('either one’s is found when both are remembered at the same moment', async () => {
    const training = await givenTraining();
    const { put } = ports.objectStore;
    ports.objectStore.put = async (uri, body, options) => {
      if (uri.includes('/trainings/')) {
        ports.objectStore.put = put;
        await rememberTraining(ports.objectStore, 'flights', training);
        await put(uri, `${JSON.stringify({ version: 2, ...training, trainingJobName: 'job-1' })} `);
      }
      return put(uri, body, options);
    };

    await rememberTraining(ports.objectStore, 'flights', { ...training, trainingJobName: 'job-2' });

    expect((await search('run-3')).reused).toMatchObject({ trainingJobName: 'job-1' });
  });
});
