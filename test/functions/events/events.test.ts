import { beforeEach, describe, expect, it } from 'vitest';
import { resumeTask as resumeTaskStep } from '#functions/events/resume-task/resume-task.ts';
import { ResumeTaskInput } from '#functions/events/resume-task/schema.ts';
import { sweepTasks as sweepTasksStep } from '#functions/events/sweep-tasks/sweep-tasks.ts';
import { keepTask } from '#shared/tasks/task-store.ts';
import { granted } from '#test/functions/granted.ts';
import { type InMemoryExecutions, inMemoryExecutions, STATE_MACHINE_ARN } from '#test/shared/executions/in-memory.ts';
import { givenRun, RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryPorts, inMemoryPorts, keptTasks } from '#test/shared/tasks/ports.ts';

const resumeTask = granted('resumeTask', resumeTaskStep);
const sweepTasks = granted('sweepTasks', sweepTasksStep);

let ports: InMemoryPorts;
beforeEach(() => {
  ports = inMemoryPorts('token-1', 'token-2');
});

const keepTraining = (name: string, token: string) =>
  keepTask(ports.objectStore, STORE_URI, {
    kind: 'training',
    name,
    runUri: RUN_URI,
    token,
    createdAt: new Date().toISOString(),
  });
const givenJob = (name: string, TrainingJobStatus: string) =>
  ports.sageMaker.trainingJobs.set(name, {
    TrainingJobStatus,
    ModelArtifacts: { S3ModelArtifacts: 's3://store/training-output/flights/run-1/job-1/output/model.tar.gz' },
  } as never);

/** As SageMaker sends it: more fields than anybody reads, times in milliseconds, tags as a map. */
const trainingEvent = (name: string, status = 'Completed') =>
  ResumeTaskInput.parse({
    version: '0',
    id: '1',
    'detail-type': 'SageMaker Training Job State Change',
    source: 'aws.sagemaker',
    account: '000000000000',
    time: '2026-03-01T06:00:00Z',
    region: 'eu-central-1',
    resources: [`arn:aws:sagemaker:eu-central-1:000000000000:training-job/${name}`],
    detail: {
      TrainingJobName: name,
      TrainingJobStatus: status,
      SecondaryStatus: status,
      CreationTime: 1_772_344_800_000,
      Tags: { 'fedml:run': 'run-1' },
      FailureReason: null,
    },
  });

const resume = (event: ResumeTaskInput) => resumeTask(event, ports, { storeUri: STORE_URI });

describe('resumeTask', () => {
  it('answers the others of a job when one can’t be answered, and fails at the end', async () => {
    await keepTraining('job-1', 'token-1');
    await keepTraining('job-1', 'token-2');
    givenJob('job-1', 'Completed');
    const { succeed } = ports.taskTokens;
    ports.taskTokens.succeed = (token, output) =>
      token === 'token-1' ? Promise.reject(new Error('ThrottlingException')) : succeed(token, output);

    await expect(resume(trainingEvent('job-1'))).rejects.toMatchObject({
      name: 'AggregateError',
      message: expect.stringContaining('ThrottlingException'),
    });
    expect(ports.taskTokens.successes.has('token-2')).toBe(true);
  });

  it('answers the state that waits for the event’s job', async () => {
    await keepTraining('job-1', 'token-1');
    givenJob('job-1', 'Completed');

    expect(await resume(trainingEvent('job-1'))).toEqual({ answered: 1, dropped: 0, waiting: 0, orphaned: 0 });
    expect(ports.taskTokens.successes.get('token-1')).toMatchObject({ trainingJobName: 'job-1' });
  });

  it('does nothing for an event that comes twice', async () => {
    await keepTraining('job-1', 'token-1');
    givenJob('job-1', 'Completed');

    await resume(trainingEvent('job-1'));

    expect(await resume(trainingEvent('job-1'))).toEqual({ answered: 0, dropped: 0, waiting: 0, orphaned: 0 });
  });

  it('believes SageMaker, not an event that comes late or out of order', async () => {
    await keepTraining('job-1', 'token-1');
    givenJob('job-1', 'Completed');

    await resume(trainingEvent('job-1', 'Failed'));

    expect(ports.taskTokens.successes.has('token-1')).toBe(true);
  });

  it('does nothing for an event before its token is kept, nor for somebody else’s job', async () => {
    givenJob('job-1', 'Completed');

    expect(await resume(trainingEvent('job-1'))).toEqual({ answered: 0, dropped: 0, waiting: 0, orphaned: 0 });
  });

  it('answers once when two functions hear of the job at the same time', async () => {
    await keepTraining('job-1', 'token-1');
    givenJob('job-1', 'Completed');

    const both = await Promise.all([resume(trainingEvent('job-1')), resume(trainingEvent('job-1'))]);

    expect(both.map(({ answered }) => answered).sort()).toEqual([0, 1]);
    expect(keptTasks(ports)).toEqual([]);
  });

  it('refuses events that aren’t SageMaker’s', () => {
    expect(ResumeTaskInput.safeParse({ ...trainingEvent('job-1'), source: 'mallory' }).success).toBe(false);
  });
});

describe('sweepTasks', () => {
  let executions: InMemoryExecutions;
  beforeEach(() => {
    executions = inMemoryExecutions();
  });
  const sweep = () => sweepTasks({ ...ports, executions }, { storeUri: STORE_URI });

  it('answers what no event has answered and sends the rest heartbeats', async () => {
    await keepTraining('job-1', 'token-1');
    await keepTraining('job-2', 'token-2');
    await keepTraining('job-3', 'token-of-a-stopped-execution');
    givenJob('job-1', 'Completed');
    givenJob('job-2', 'InProgress');
    givenJob('job-3', 'Completed');

    expect(await sweep()).toEqual({ answered: 1, dropped: 1, waiting: 1, stopped: 0 });
    expect(ports.taskTokens.heartbeats).toEqual(['token-2']);
    expect(keptTasks(ports)).toHaveLength(1);
  });

  describe('finds a job that is going and that nobody waits for', () => {
    const givenRunThatIs = async (status: 'RUNNING' | 'ABORTED') => {
      const input = {};
      const { executionArn } = await executions.start({ stateMachineArn: STATE_MACHINE_ARN, name: 'run-1', input });
      if (status !== 'RUNNING') executions.end('run-1', { status });
      await givenRun(ports.objectStore, { executionArn });
    };
    beforeEach(async () => {
      await keepTraining('job-1', 'token-that-timed-out');
      givenJob('job-1', 'InProgress');
    });
    const job = () => ports.sageMaker.trainingJobs.get('job-1')!;

    it('and stops it when its run was stopped', async () => {
      await givenRunThatIs('ABORTED');

      expect(await sweep()).toMatchObject({ stopped: 1 });
      expect(job().TrainingJobStatus).toBe('Stopping');
      expect(keptTasks(ports)).toEqual([]);
    });

    it('and stops it when nothing is left of its run', async () => {
      expect(await sweep()).toMatchObject({ stopped: 1 });
    });

    it('and leaves it to its run, which is going and may come back to it', async () => {
      await givenRunThatIs('RUNNING');

      expect(await sweep()).toMatchObject({ waiting: 1, stopped: 0 });
      expect(job().TrainingJobStatus).toBe('InProgress');
      expect(keptTasks(ports)).toHaveLength(1);
    });

    it('and waits for one that is only about to be created', async () => {
      await givenRunThatIs('ABORTED');
      ports.sageMaker.trainingJobs.delete('job-1');

      expect(await sweep()).toMatchObject({ waiting: 1, stopped: 0 });
      expect(keptTasks(ports)).toHaveLength(1);
    });
  });

  it('goes on past a task that can’t be settled, and fails at the end', async () => {
    await keepTraining('job-1', 'token-1');
    await keepTraining('job-2', 'token-2');
    givenJob('job-2', 'Completed');
    const { describeTrainingJob } = ports.sageMaker;
    ports.sageMaker.describeTrainingJob = async (name) => {
      if (name === 'job-1') throw new Error('AccessDenied: sagemaker:DescribeTrainingJob');
      return describeTrainingJob(name);
    };

    await expect(sweep()).rejects.toThrow(/1 tasks couldn't be settled: AccessDenied/);
    expect(ports.taskTokens.successes.has('token-2')).toBe(true);
  });

  it('goes on past an object that is no task', async () => {
    await ports.objectStore.put(`${STORE_URI}/tasks/training/job-0/x.json`, 'garbage');
    await keepTraining('job-1', 'token-1');
    givenJob('job-1', 'Completed');

    expect(await sweep()).toMatchObject({ answered: 1 });
  });
});
