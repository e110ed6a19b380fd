import { beforeEach, describe, expect, it } from 'vitest';
import { trainModel as trainModelStep } from '#functions/training/train-model/train-model.ts';
import { CapacityUnavailableError } from '#shared/errors.ts';
import { runResourceName } from '#shared/pipeline/run.ts';
import { granted } from '#test/functions/granted.ts';
import { givenDataset, givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryPorts, inMemoryPorts, keptTasks } from '#test/shared/tasks/ports.ts';

const trainModel = granted('trainModel', trainModelStep);

const settings = { region: 'eu-central-1', trainingRoleArn: 'arn:aws:iam::1:role/training' };
const NAME = runResourceName({ pipeline: 'flights', runUri: RUN_URI });

let ports: InMemoryPorts;
beforeEach(async () => {
  ports = inMemoryPorts('token-1', 'token-2');
  await givenRun(ports.objectStore);
  for (const dataset of ['train', 'test'] as const) await givenDataset(ports.objectStore, dataset, ['A'], ['1\n']);
});

const train = (taskToken = 'token-1', attemptId = 'execution#0') =>
  trainModel({ runUri: RUN_URI, taskToken, attemptId }, ports, settings);

const jobNames = () => [...ports.sageMaker.trainingJobs.keys()];

const end = (name: string, ending: object) => Object.assign(ports.sageMaker.trainingJobs.get(name)!, ending);

it('starts a job named from the run and keeps the token until it ends', async () => {
  await train();

  expect(jobNames()).toEqual([NAME]);
  expect(keptTasks(ports)).toHaveLength(1);
  expect(ports.taskTokens.successes.size).toBe(0);
});

it('keeps the token before it creates the job, whose event may come first', async () => {
  const { createTrainingJob } = ports.sageMaker;
  let keptAtCreation = 0;
  ports.sageMaker.createTrainingJob = async (request) => {
    keptAtCreation = keptTasks(ports).length;
    return createTrainingJob(request);
  };

  await train();

  expect(keptAtCreation).toBe(1);
});

it('leaves no token behind when SageMaker has no room', async () => {
  ports.sageMaker.createTrainingJob = async () => {
    throw new CapacityUnavailableError('no room');
  };

  await expect(train()).rejects.toMatchObject({ name: 'CapacityUnavailableError' });
  expect(keptTasks(ports)).toEqual([]);
});

it('uses an image of the user’s own', async () => {
  await givenRun(ports.objectStore, { settings: { training: { imageUri: 'my/image:1' } } });

  await train();

  expect(ports.sageMaker.trainingJobs.get(NAME)!.AlgorithmSpecification.TrainingImage).toBe('my/image:1');
});

describe('run again', () => {
  it('adopts the job that an earlier try started', async () => {
    await train('token-1');
    await train('token-2');

    expect(jobNames()).toEqual([NAME]);
    expect(keptTasks(ports)).toHaveLength(2);
  });

  it('answers at once when the job is completed by then', async () => {
    await train('token-1');
    ports.sageMaker.completeTraining(NAME);

    await train('token-2');

    expect(ports.taskTokens.successes.get('token-2')).toMatchObject({ trainingJobName: NAME });
  });

  it('answers with the failure of its own job, and trains no second time', async () => {
    await train('token-1');
    end(NAME, { TrainingJobStatus: 'Failed', FailureReason: 'AlgorithmError: ExitCode 1' });

    await train('token-2');

    expect(jobNames()).toEqual([NAME]);
    expect(ports.taskTokens.failures.get('token-2')).toMatchObject({ error: 'TrainingFailedError' });
  });

  it('starts another job where the first failed for want of capacity', async () => {
    await train('token-1');
    end(NAME, { TrainingJobStatus: 'Failed', FailureReason: 'CapacityError: none left' });

    await train('token-2');

    expect(jobNames()).toEqual([NAME, `${NAME}-2`]);
    expect(ports.taskTokens.failures.size).toBe(0);
  });

  it('starts another job when the execution was redriven after a failure', async () => {
    await train('token-1', 'execution#0');
    end(NAME, { TrainingJobStatus: 'Stopped', SecondaryStatus: 'Stopped' });

    await train('token-2', 'execution#1');

    expect(jobNames()).toEqual([NAME, `${NAME}-2`]);
  });

  it('leaves somebody else’s job of the same name alone', async () => {
    await givenRun(ports.objectStore, { settings: { training: { hyperparameters: { depth: 9 } } } });
    await train('token-1');
    await givenRun(ports.objectStore);

    await train('token-2');

    expect(jobNames()).toEqual([NAME, `${NAME}-2`]);
  });
});
