import { beforeEach, describe, expect, it } from 'vitest';
import { deployEndpoint as deployEndpointStep } from '#functions/deployment/deploy-endpoint/deploy-endpoint.ts';
import { restoreEndpoint as restoreEndpointStep } from '#functions/deployment/restore-endpoint/restore-endpoint.ts';
import { sourceArchiveUri } from '#shared/sagemaker/source-archive.ts';
import { granted } from '#test/functions/granted.ts';
import { givenModel } from '#test/shared/models/fixture.ts';
import { givenRun, RUN_URI } from '#test/shared/pipeline/fixture.ts';
import { type InMemoryPorts, inMemoryPorts, keptTasks } from '#test/shared/tasks/ports.ts';

const deployEndpoint = granted('deployEndpoint', deployEndpointStep);
const restoreEndpoint = granted('restoreEndpoint', restoreEndpointStep);

const settings = { region: 'eu-central-1', modelRoleArn: 'arn:aws:iam::1:role/model' };
const DEPLOYMENT = { target: 'sagemaker', instances: { type: 'ml.m5.large', count: 2 } };

const SERVERLESS = { target: 'sagemaker', serverless: {} };

let ports: InMemoryPorts;
beforeEach(() => {
  ports = inMemoryPorts('token-1', 'token-2', 'token-3');
});

/** Deploys a model of its own for each run; gives the run's folder and the configuration's name. */
const deploy = async (
  taskToken = 'token-1',
  runId = 'run-1',
  deployment: object = DEPLOYMENT,
  trainingJobName = `job-of-${runId}`,
) => {
  const run = await givenRun(ports.objectStore, { runId, settings: { deployment } });
  const modelRecordUri = await givenModel(ports.objectStore, { trainingJobName });
  await deployEndpoint({ runUri: run.runUri, modelRecordUri, taskToken }, ports, settings);
  return run.runUri;
};
const factOf = (runUri: string) => JSON.parse(ports.objectStore.objects.get(`${runUri}deployment/endpoint.json`)!);
const endpoint = () => ports.sageMaker.endpoints.get('flights')!;

describe('deployEndpoint', () => {
  it('creates model, configuration and endpoint, and waits for it', async () => {
    await deploy();

    const [model] = ports.sageMaker.models.values();
    const [config] = ports.sageMaker.endpointConfigs.values();
    expect(model).toMatchObject({
      ExecutionRoleArn: settings.modelRoleArn,
      PrimaryContainer: {
        Image: 'image',
        ModelDataUrl: 's3://store/fedml/training-output/flights/run-1/job-1/output/model.tar.gz',
        Environment: {
          SAGEMAKER_PROGRAM: 'train.py',
          SAGEMAKER_SUBMIT_DIRECTORY: sourceArchiveUri(RUN_URI.replace('run-1', 'run-0')),
          SAGEMAKER_CONTAINER_LOG_LEVEL: '20',
          SAGEMAKER_REGION: 'eu-central-1',
        },
      },
    });
    expect(config!.ProductionVariants).toEqual([
      {
        VariantName: 'AllTraffic',
        ModelName: model!.ModelName,
        InitialVariantWeight: 1,
        InitialInstanceCount: 2,
        InstanceType: 'ml.m5.large',
      },
    ]);
    expect(endpoint()).toMatchObject({ EndpointStatus: 'Creating', EndpointConfigName: config!.EndpointConfigName });
    expect(keptTasks(ports)).toHaveLength(1);
  });

  it('configures a serverless endpoint with one worker', async () => {
    await deploy('token-1', 'run-1', {
      target: 'sagemaker',
      endpointName: 'late',
      serverless: { memorySizeMb: 4096, maxConcurrency: 7 },
      environment: { LEVEL: 'debug' },
    });

    const [config] = ports.sageMaker.endpointConfigs.values();
    expect(config!.ProductionVariants[0]).toMatchObject({
      ServerlessConfig: { MemorySizeInMB: 4096, MaxConcurrency: 7 },
    });
    expect(config!.ProductionVariants[0]).not.toHaveProperty('InstanceType');
    const [model] = ports.sageMaker.models.values();
    expect(model!.PrimaryContainer.Environment).toMatchObject({ LEVEL: 'debug', SAGEMAKER_MODEL_SERVER_WORKERS: '1' });
    expect(ports.sageMaker.endpoints.has('late')).toBe(true);
  });

  it.each([
    [{}, 'flights-prod'],
    [{ endpointName: 'late' }, 'late'],
  ])('names the endpoint by its stage, unless pipeline.yml does: %j', async (named, endpointName) => {
    const settingsOfRun = { deployment: { ...DEPLOYMENT, ...named } };
    const { runUri } = await givenRun(ports.objectStore, { stage: 'prod', settings: settingsOfRun });
    const modelRecordUri = await givenModel(ports.objectStore, { trainingJobName: 'job' });

    await deployEndpoint({ runUri, modelRecordUri, taskToken: 'token-1' }, ports, settings);

    expect([...ports.sageMaker.endpoints.keys()]).toEqual([endpointName]);
  });

  it('updates an endpoint that serves an older model, and remembers what that was', async () => {
    await deploy('token-1', 'run-1');
    ports.sageMaker.settleEndpoint('flights');
    const previous = endpoint().EndpointConfigName;

    const runUri = await deploy('token-2', 'run-2');

    expect(endpoint()).toMatchObject({ EndpointStatus: 'Updating', EndpointConfigName: previous });
    expect(factOf(runUri)).toMatchObject({ endpointName: 'flights', previousEndpointConfigName: previous });
  });

  it('answers another run, whose event was lost, before it changes the endpoint', async () => {
    await deploy('token-1', 'run-1');
    ports.sageMaker.settleEndpoint('flights');

    await deploy('token-2', 'run-2');

    expect(ports.taskTokens.successes.get('token-1')).toMatchObject({ endpointName: 'flights' });
  });

  it('is refused while another run’s change is under way', async () => {
    await deploy('token-1', 'run-1');

    await expect(deploy('token-2', 'run-2')).rejects.toMatchObject({ name: 'EndpointBusyError' });
    expect(keptTasks(ports)).toHaveLength(1);
  });

  it('is refused while somebody who is no run of ours changes the endpoint', async () => {
    ports.sageMaker.endpoints.set('flights', {
      EndpointStatus: 'Updating',
      EndpointConfigName: 'by-hand-1',
      PendingDeploymentSummary: { EndpointConfigName: 'by-hand-2' },
    });

    await expect(deploy()).rejects.toMatchObject({ name: 'EndpointBusyError' });
  });

  it('removes an endpoint whose creation failed, to create it anew', async () => {
    ports.sageMaker.endpoints.set('flights', { EndpointStatus: 'Failed', EndpointConfigName: 'old' });

    await expect(deploy()).rejects.toMatchObject({ name: 'EndpointBusyError' });
    await deploy();

    expect(endpoint().EndpointStatus).toBe('Creating');
  });

  it('run again adopts its own creation', async () => {
    await deploy('token-1');
    await deploy('token-2');

    expect(keptTasks(ports)).toHaveLength(2);
    expect(ports.sageMaker.endpointConfigs.size).toBe(1);
  });

  it('run again adopts its own update, and remembers the configuration from before it', async () => {
    await deploy('token-1', 'run-1');
    ports.sageMaker.settleEndpoint('flights');
    const previous = endpoint().EndpointConfigName;
    const runUri = await deploy('token-2', 'run-2');
    ports.sageMaker.settleEndpoint('flights');

    await deploy('token-3', 'run-2');

    expect(ports.taskTokens.successes.get('token-3')).toMatchObject({ endpointName: 'flights' });
    expect(factOf(runUri)).toMatchObject({ previousEndpointConfigName: previous });
  });

  it('leaves an endpoint alone that serves this model in this configuration already, whichever run deployed it', async () => {
    await deploy('token-1', 'run-1');
    ports.sageMaker.settleEndpoint('flights');
    const { EndpointConfigName, LastModifiedTime } = endpoint();

    const runUri = await deploy('token-2', 'run-2', DEPLOYMENT, 'job-of-run-1');

    expect(endpoint()).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName, LastModifiedTime });
    expect(ports.sageMaker.endpointConfigs.size).toBe(1);
    expect(ports.taskTokens.successes.get('token-2')).toEqual({
      endpointName: 'flights',
      endpointConfigName: EndpointConfigName,
    });
    expect(factOf(runUri)).toMatchObject({ previousEndpointConfigName: EndpointConfigName });
  });

  it('updates an endpoint that serves the model in another configuration', async () => {
    await deploy('token-1', 'run-1');
    ports.sageMaker.settleEndpoint('flights');

    await deploy('token-2', 'run-2', { target: 'sagemaker', instances: { count: 1 } }, 'job-of-run-1');

    expect(endpoint().EndpointStatus).toBe('Updating');
  });

  it('refuses a pipeline that deploys nothing', async () => {
    await expect(deploy('token-1', 'run-1', { target: 'none' })).rejects.toMatchObject({ name: 'InvalidInputError' });
  });

  it('refuses what SageMaker would refuse, before it makes anything, and says the ways out', async () => {
    await deploy('token-1', 'run-1', DEPLOYMENT);
    ports.sageMaker.settleEndpoint('flights');

    await expect(deploy('token-2', 'run-2', SERVERLESS)).rejects.toMatchObject({
      name: 'SageMakerRefusedError',
      message: expect.stringMatching(/flights runs on instances.*deployment\.endpointName.*undeploy flights/),
    });
    expect(ports.sageMaker.models.size).toBe(1);
    expect(ports.sageMaker.endpointConfigs.size).toBe(1);
  });
});

describe('restoreEndpoint', () => {
  it('gives the endpoint back to the model from before, and waits for it', async () => {
    await deploy('token-1', 'run-1');
    ports.sageMaker.settleEndpoint('flights');
    const previous = endpoint().EndpointConfigName;
    const runUri = await deploy('token-2', 'run-2');
    ports.sageMaker.settleEndpoint('flights');

    await restoreEndpoint({ runUri, taskToken: 'token-3' }, ports);

    expect(endpoint().PendingDeploymentSummary).toEqual({ EndpointConfigName: previous });
    expect(ports.taskTokens.successes.has('token-3')).toBe(false);
  });

  it('says of an endpoint that had served the failed model before the run that it still does', async () => {
    await deploy('token-1', 'run-1');
    ports.sageMaker.settleEndpoint('flights');
    const runUri = await deploy('token-2', 'run-2', DEPLOYMENT, 'job-of-run-1');

    await expect(restoreEndpoint({ runUri, taskToken: 'token-3' }, ports)).rejects.toMatchObject({
      name: 'EndpointFailedError',
      message: expect.stringContaining('it still serves it'),
    });
    expect(endpoint()).toMatchObject({ EndpointStatus: 'InService' });
  });

  it('creates a serverless endpoint anew that can’t be updated back from instances', async () => {
    await deploy('token-1', 'run-1', SERVERLESS);
    ports.sageMaker.settleEndpoint('flights');
    const previous = endpoint().EndpointConfigName;
    const runUri = await deploy('token-2', 'run-2', DEPLOYMENT);
    ports.sageMaker.settleEndpoint('flights');
    const restore = () => restoreEndpoint({ runUri, taskToken: 'token-3' }, ports);

    await expect(restore()).rejects.toMatchObject({ name: 'EndpointBusyError' });
    expect(ports.sageMaker.endpoints.size).toBe(0);
    await restore();

    expect(endpoint()).toMatchObject({ EndpointStatus: 'Creating', EndpointConfigName: previous });
    expect(ports.taskTokens.successes.has('token-3')).toBe(false);
  });

  it('creates no endpoint anew that a person has deleted meanwhile', async () => {
    await deploy('token-1', 'run-1', SERVERLESS);
    ports.sageMaker.settleEndpoint('flights');
    const runUri = await deploy('token-2', 'run-2', DEPLOYMENT);
    await ports.sageMaker.deleteEndpoint('flights');

    await restoreEndpoint({ runUri, taskToken: 'token-3' }, ports);

    expect(ports.sageMaker.endpoints.size).toBe(0);
    expect(ports.taskTokens.successes.has('token-3')).toBe(true);
  });

  it('deletes an endpoint that the run created', async () => {
    const runUri = await deploy('token-1');
    ports.sageMaker.settleEndpoint('flights');

    await restoreEndpoint({ runUri, taskToken: 'token-3' }, ports);

    expect(ports.sageMaker.endpoints.size).toBe(0);
    expect(ports.taskTokens.successes.has('token-3')).toBe(true);
  });

  it('leaves an endpoint alone that serves another run’s model by now', async () => {
    const runUri = await deploy('token-1', 'run-1');
    ports.sageMaker.settleEndpoint('flights');
    await deploy('token-2', 'run-2');
    ports.sageMaker.settleEndpoint('flights');
    const serving = endpoint().EndpointConfigName;

    await restoreEndpoint({ runUri, taskToken: 'token-3' }, ports);

    expect(endpoint()).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: serving });
    expect(ports.taskTokens.successes.has('token-3')).toBe(true);
  });
});
