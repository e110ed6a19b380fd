import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '#shared/tasks/settle.ts';
import { keepTask, type Task, waitingTasks } from '#shared/tasks/task-store.ts';
import { collect } from '#test/collect.ts';
import { RUN_URI, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryPorts, inMemoryPorts, keptTasks } from './ports.ts';

const NOW = new Date('2026-03-01T06:00:00Z');

let ports: InMemoryPorts;
beforeEach(() => {
  ports = inMemoryPorts('token-1');
});

const keep = (task: Partial<Task> & Pick<Task, 'kind' | 'name'>) =>
  keepTask(ports.objectStore, STORE_URI, {
    runUri: RUN_URI,
    token: 'token-1',
    createdAt: NOW.toISOString(),
    ...task,
  } as Task);

const givenTraining = async (description: object): Promise<void> => {
  ports.sageMaker.trainingJobs.set('job-1', { ...description } as never);
};

describe('a training job', () => {
  it('that is completed answers with its model, and its token is dropped', async () => {
    const kept = await keep({ kind: 'training', name: 'job-1' });
    await givenTraining({
      TrainingJobStatus: 'Completed',
      ModelArtifacts: { S3ModelArtifacts: 's3://store/training-output/flights/run-1/job-1/output/model.tar.gz' },
    });

    expect(await settle(kept, ports, NOW)).toBe('answered');
    expect(ports.taskTokens.successes.get('token-1')).toEqual({
      trainingJobName: 'job-1',
      modelUri: 's3://store/training-output/flights/run-1/job-1/output/model.tar.gz',
    });
    expect(keptTasks(ports)).toEqual([]);
  });

  it('that is still going sends a heartbeat and keeps the token', async () => {
    const kept = await keep({ kind: 'training', name: 'job-1' });
    await givenTraining({ TrainingJobStatus: 'InProgress', SecondaryStatus: 'Training' });

    expect(await settle(kept, ports, NOW)).toBe('waiting');
    expect(ports.taskTokens.heartbeats).toEqual(['token-1']);
    expect(keptTasks(ports)).toHaveLength(1);
  });

  it('that isn’t created yet is waited for', async () => {
    const kept = await keep({ kind: 'training', name: 'job-1' });

    expect(await settle(kept, ports, NOW)).toBe('waiting');
  });

  it('that isn’t there a quarter of an hour later was deleted', async () => {
    const kept = await keep({ kind: 'training', name: 'job-1' });

    expect(await settle(kept, ports, new Date('2026-03-01T06:16:00Z'))).toBe('answered');
    expect(ports.taskTokens.failures.get('token-1')).toMatchObject({ error: 'TrainingFailedError' });
  });

  it('that failed answers with the script’s own last words', async () => {
    const kept = await keep({ kind: 'training', name: 'job-1' });
    await givenTraining({
      TrainingJobStatus: 'Failed',
      FailureReason: 'AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage ""',
    });
    ports.logLines.push('Traceback (most recent call last):', '  File "train.py", line 1', 'ValueError: no rows');

    await settle(kept, ports, NOW);

    const { error, cause } = ports.taskTokens.failures.get('token-1')!;
    expect(error).toBe('TrainingFailedError');
    expect(cause).toMatch(/job-1.*ExitCode 1[\s\S]*ValueError: no rows$/);
  });

  it.each([
    ['CapacityError: Unable to provision requested ML compute capacity.', 'CapacityUnavailableError'],
    ['InternalServerError: We encountered an internal error.', 'SageMakerUnavailableError'],
  ])('that failed by %s answers with an error that is retried', async (FailureReason, error) => {
    const kept = await keep({ kind: 'training', name: 'job-1' });
    await givenTraining({ TrainingJobStatus: 'Failed', FailureReason });

    await settle(kept, ports, NOW);

    expect(ports.taskTokens.failures.get('token-1')).toMatchObject({ error });
  });

  it.each([
    ['MaxRuntimeExceeded', 'training.maxRuntimeSeconds'],
    ['MaxWaitTimeExceeded', 'training.spot.maxWaitSeconds'],
    ['Stopped', 'Somebody stopped it'],
  ])('that was stopped is no success, and says why: %s', async (SecondaryStatus, sentence) => {
    const kept = await keep({ kind: 'training', name: 'job-1' });
    await givenTraining({
      TrainingJobStatus: 'Stopped',
      SecondaryStatus,
      ModelArtifacts: { S3ModelArtifacts: 's3://store/training-output/flights/run-1/job-1/output/model.tar.gz' },
    });

    await settle(kept, ports, NOW);

    const failure = ports.taskTokens.failures.get('token-1')!;
    expect(failure.error).toBe('TrainingStoppedError');
    expect(failure.cause).toContain(sentence);
  });

  it('that is completed without a model is a failure', async () => {
    const kept = await keep({ kind: 'training', name: 'job-1' });
    await givenTraining({ TrainingJobStatus: 'Completed' });

    await settle(kept, ports, NOW);

    expect(ports.taskTokens.failures.get('token-1')).toMatchObject({ error: 'ModelMissingError' });
  });
});

describe('a token', () => {
  it('that was answered already is dropped without another answer', async () => {
    const kept = await keep({ kind: 'training', name: 'job-1' });
    await givenTraining({ TrainingJobStatus: 'Stopped' });
    ports.taskTokens.waiting.delete('token-1');

    expect(await settle(kept, ports, NOW)).toBe('dropped');
    expect(ports.taskTokens.failures.size).toBe(0);
    expect(keptTasks(ports)).toEqual([]);
  });

  it('whose execution is gone is kept for the sweeper while the job still runs', async () => {
    const kept = await keep({ kind: 'training', name: 'job-1' });
    await givenTraining({ TrainingJobStatus: 'InProgress' });
    ports.taskTokens.waiting.delete('token-1');

    expect(await settle(kept, ports, NOW)).toBe('orphaned');
    expect(keptTasks(ports)).toHaveLength(1);
  });

  it('is not dropped with an older one of the same job', async () => {
    const old = await keep({ kind: 'training', name: 'job-1', token: 'token-0' });
    await keep({ kind: 'training', name: 'job-1' });
    await givenTraining({ TrainingJobStatus: 'Failed' });

    expect(await settle(old, ports, NOW)).toBe('dropped');
    const left = await collect(waitingTasks(ports.objectStore, STORE_URI, { kind: 'training', name: 'job-1' }));
    expect(left.map(({ task }) => task.token)).toEqual(['token-1']);
  });

  it('is in no object’s name', async () => {
    await keep({ kind: 'training', name: 'job-1' });

    expect(keptTasks(ports).join()).not.toContain('token-1');
  });

  it('of one job is not taken for that of another whose name begins alike', async () => {
    await keep({ kind: 'training', name: 'job-10' });

    expect(await collect(waitingTasks(ports.objectStore, STORE_URI, { kind: 'training', name: 'job-1' }))).toEqual([]);
  });
});

describe('a transform job', () => {
  it.each([
    ['Completed', undefined],
    ['Failed', 'TransformFailedError'],
    ['Stopped', 'TransformFailedError'],
  ])('that is %s answers so', async (TransformJobStatus, error) => {
    const kept = await keep({ kind: 'transform', name: 'job-1' });
    ports.sageMaker.transformJobs.set('job-1', { TransformJobStatus } as never);

    expect(await settle(kept, ports, NOW)).toBe('answered');
    expect(ports.taskTokens.failures.get('token-1')?.error).toBe(error);
    expect(ports.taskTokens.successes.get('token-1')).toEqual(error ? undefined : { transformJobName: 'job-1' });
  });
});

describe('an endpoint', () => {
  const before = '2026-03-01T05:00:00.000Z';
  const keepEndpoint = () =>
    keep({ kind: 'endpoint', name: 'flights', endpointConfigName: 'config-2', unchangedSince: before });
  const given = (endpoint: object) => {
    ports.sageMaker.endpoints.set('flights', { LastModifiedTime: new Date(NOW), ...endpoint });
  };

  it('is deployed when it serves the wanted configuration', async () => {
    const kept = await keepEndpoint();
    given({ EndpointStatus: 'InService', EndpointConfigName: 'config-2' });

    expect(await settle(kept, ports, NOW)).toBe('answered');
    expect(ports.taskTokens.successes.get('token-1')).toEqual({
      endpointName: 'flights',
      endpointConfigName: 'config-2',
    });
  });

  it('is not deployed when an update was rolled back, though it is in service', async () => {
    const kept = await keepEndpoint();
    given({ EndpointStatus: 'InService', EndpointConfigName: 'config-1', FailureReason: 'ping health check' });
    ports.logLines.push('ModuleNotFoundError: No module named sklearn');

    await settle(kept, ports, NOW);

    const { error, cause } = ports.taskTokens.failures.get('token-1')!;
    expect(error).toBe('EndpointFailedError');
    expect(cause).toMatch(/serves config-1 as before[\s\S]*ping health check[\s\S]*ModuleNotFoundError/);
  });

  it('that hasn’t begun to change is waited for: an old event may ask about it', async () => {
    const kept = await keepEndpoint();
    given({ EndpointStatus: 'InService', EndpointConfigName: 'config-1', LastModifiedTime: new Date(before) });

    expect(await settle(kept, ports, NOW)).toBe('waiting');
  });

  it.each(['Creating', 'Updating', 'RollingBack', 'SystemUpdating', 'Deleting'])(
    'that is %s is waited for',
    async (status) => {
      const kept = await keepEndpoint();
      given({ EndpointStatus: status, EndpointConfigName: 'config-1' });

      expect(await settle(kept, ports, NOW)).toBe('waiting');
    },
  );

  it('with another deployment pending is waited for', async () => {
    const kept = await keepEndpoint();
    given({
      EndpointStatus: 'InService',
      EndpointConfigName: 'config-2',
      PendingDeploymentSummary: { EndpointConfigName: 'config-3' },
    });

    expect(await settle(kept, ports, NOW)).toBe('waiting');
  });

  it('that failed for want of capacity answers with an error that is retried', async () => {
    const kept = await keepEndpoint();
    given({ EndpointStatus: 'Failed', FailureReason: 'Unable to provision requested ML compute capacity.' });

    await settle(kept, ports, NOW);

    expect(ports.taskTokens.failures.get('token-1')).toMatchObject({ error: 'CapacityUnavailableError' });
  });
});
