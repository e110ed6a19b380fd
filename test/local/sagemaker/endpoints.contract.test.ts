import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  UpdateEndpointCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointAsyncCommand, InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '#test/local/is-alive.ts';
import type { Laptop } from './laptop.ts';
import { BUCKET, IMAGE, openLaptop, ROLE, until } from './laptop.ts';

const ARN = 'arn:aws:sagemaker:eu-central-1:000000000000';

/** A model that answers with its process, so that a test sees which server it talks to. No library needs loading. */
const echo = (version: string) => `
import json, os, sys, time
def model_fn(folder):
    print("model loaded", flush=True)
    return "${version}"
def transform_fn(model, body, content_type, accept):
    text = body if isinstance(body, str) else body.decode()
    if text == "die": os._exit(1)
    if text == "sleep": time.sleep(30)
    if text == "long": return "x" * 7_000_000, "text/plain"
    return json.dumps({"version": model, "pid": os.getpid(), "length": len(body), "accept": accept}), "application/json"
`;

const BROKEN = 'def model_fn(folder): raise ValueError("broken on purpose")';

let laptop: Laptop;
beforeAll(async () => {
  laptop = await openLaptop({ settings: { serverlessIdleMs: 300, invocationTimeoutMs: 1_500 } });
  for (const version of ['v1', 'v2']) await laptop.createModel(version, echo(version));
  await laptop.createModel('broken', BROKEN);
  for (const name of ['v1', 'v2', 'broken']) await laptop.createEndpointConfig(name, [{}]);
});
afterAll(() => laptop.close());

const invoke = async (EndpointName: string, body = 'hello', more: { TargetVariant?: string; Accept?: string } = {}) => {
  const { Body, ...answer } = await laptop.runtime.send(
    new InvokeEndpointCommand({ EndpointName, Body: body, ContentType: 'text/plain', ...more }),
  );
  return {
    ...answer,
    ...(JSON.parse(Buffer.from(Body).toString()) as { version: string; pid: number; length: number; accept: string }),
  };
};

const statusesOf = (name: string) =>
  laptop.events.filter(({ detail }) => detail.EndpointName === name).map(({ detail }) => detail.EndpointStatus);

describe('an endpoint', () => {
  it('comes into service, answers and is announced in upper snake case', async () => {
    const { EndpointArn, ...endpoint } = await laptop.deploy('Predict-1', 'v1');

    expect(EndpointArn).toBe(`${ARN}:endpoint/predict-1`);
    expect(endpoint).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: 'v1',
      ProductionVariants: [{ VariantName: 'AllTraffic', CurrentWeight: 1, CurrentInstanceCount: 1 }],
    });
    expect(await invoke('Predict-1')).toMatchObject({
      version: 'v1',
      InvokedProductionVariant: 'AllTraffic',
      ContentType: 'application/json',
    });
    expect(statusesOf('Predict-1')).toEqual(['CREATING', 'IN_SERVICE']);
    expect(laptop.events.find(({ detail }) => detail.EndpointName === 'Predict-1')).toMatchObject({
      'detail-type': 'SageMaker Endpoint State Change',
      resources: [EndpointArn],
      detail: {
        EndpointConfigName: 'v1',
        ProductionVariants: [{ DesiredWeight: 1, DesiredInstanceCount: 1 }],
        Tags: {},
      },
    });
  });

  it('fails when its model doesn’t pass the ping, with the cause in its log, and can only be deleted then', async () => {
    const { EndpointStatus, FailureReason } = await laptop.deploy('fails', 'broken');

    expect(EndpointStatus).toBe('Failed');
    expect(FailureReason).toBe(
      'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs for this endpoint.',
    );
    expect(await laptop.endpointLog('fails')).toContain('ValueError: broken on purpose');
    expect(statusesOf('fails')).toEqual(['CREATING', 'FAILED']);
    await expect(
      laptop.sagemaker.send(new UpdateEndpointCommand({ EndpointName: 'fails', EndpointConfigName: 'v1' })),
    ).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await expect(invoke('fails')).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Endpoint fails of account 000000000000 not found.',
    });
    await laptop.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'fails' }));
  });

  it('fails when its model’s files are gone or hostile', async () => {
    const model = await laptop.putArchive('going.tar.gz', {});
    const create = (name: string) =>
      laptop.sagemaker.send(
        new CreateModelCommand({
          ModelName: name,
          ExecutionRoleArn: ROLE,
          PrimaryContainer: { Image: IMAGE, ModelDataUrl: model },
        }),
      );
    await create('hostile');
    await laptop.createEndpointConfig('hostile', [{}]);
    await laptop.put('going.tar.gz', 'no archive');

    const { FailureReason } = await laptop.deploy('hostile');

    expect(FailureReason).toMatch(
      /^Failed to extract model data archive for container "container_1" from URL "s3:\/\/bucket\/going.tar.gz"/,
    );
  });

  it('restarts a model server that died', async () => {
    await laptop.deploy('mortal', 'v1');
    const before = await invoke('mortal');

    await expect(invoke('mortal', 'die')).rejects.toMatchObject({ name: 'ModelError', OriginalStatusCode: 502 });
    const after = await invoke('mortal');

    expect(after.version).toBe('v1');
    expect(after.pid).not.toBe(before.pid);
  });

  it('answers a container that takes too long with a ModelError, and others go on', async () => {
    await laptop.deploy('sleepy', 'v1');

    await expect(invoke('sleepy', 'sleep')).rejects.toMatchObject({
      name: 'ModelError',
      OriginalMessage: expect.stringContaining('Your invocation timed out'),
    });
    expect((await invoke('sleepy')).version).toBe('v1');
  });

  it('limits bodies to 6,291,456 bytes, both ways', async () => {
    await laptop.deploy('limits', 'v1');

    expect((await invoke('limits', 'x'.repeat(6_291_456))).length).toBe(6_291_456);
    await expect(invoke('limits', 'x'.repeat(6_291_457))).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining('less than or equal to 6291456'),
    });
    await expect(invoke('limits', 'long')).rejects.toMatchObject({ name: 'ModelError' });
  });

  it('shares its traffic by weight and serves the variant that is asked for', async () => {
    await laptop.createEndpointConfig('weighted', [
      { VariantName: 'blue', ModelName: 'v1', InitialVariantWeight: 0 },
      { VariantName: 'green', ModelName: 'v2', InitialVariantWeight: 1 },
    ]);
    await laptop.deploy('weighted');

    for (let call = 0; call < 5; call += 1) expect((await invoke('weighted')).version).toBe('v2');
    expect(await invoke('weighted', 'x', { TargetVariant: 'blue' })).toMatchObject({
      version: 'v1',
      InvokedProductionVariant: 'blue',
    });
    await expect(invoke('weighted', 'x', { TargetVariant: 'red' })).rejects.toMatchObject({ name: 'ValidationError' });
  });

  it('is gone after its deletion', async () => {
    await laptop.deploy('short-lived', 'v1');
    const { pid } = await invoke('short-lived');

    await laptop.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'short-lived' }));
    await expect
      .poll(() =>
        laptop.sagemaker
          .send(new DescribeEndpointCommand({ EndpointName: 'short-lived' }))
          .catch((error) => error.message),
      )
      .toBe(`Could not find endpoint "${ARN}:endpoint/short-lived".`);

    expect(isAlive(pid)).toBe(false);
    expect(statusesOf('short-lived')).toEqual(['CREATING', 'IN_SERVICE', 'DELETING']);
  });
});

describe('an update', () => {
  const update = (EndpointName: string, EndpointConfigName: string) =>
    laptop.sagemaker.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName }));
  const settled = async (name: string) => {
    await until(laptop.events, () => statusesOf(name).at(-1) === 'IN_SERVICE');
    return laptop.sagemaker.send(new DescribeEndpointCommand({ EndpointName: name }));
  };

  it('starts green, swaps and ends blue, without a call lost', async () => {
    await laptop.deploy('swaps', 'v1');
    const blue = await invoke('swaps');
    let isOver = false;
    const versions: string[] = [];
    const calling = (async () => {
      while (!isOver) versions.push((await invoke('swaps')).version);
    })();

    await update('swaps', 'v2');
    const during = await laptop.sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'swaps' }));
    const after = await settled('swaps');
    isOver = true;
    await calling;

    expect(during).toMatchObject({
      EndpointStatus: 'Updating',
      EndpointConfigName: 'v1',
      PendingDeploymentSummary: { EndpointConfigName: 'v2' },
    });
    expect(after).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'v2' });
    expect(after.PendingDeploymentSummary).toBeUndefined();
    expect(versions).toContain('v1');
    expect((await invoke('swaps')).version).toBe('v2');
    await expect.poll(() => isAlive(blue.pid)).toBe(false);
    expect(statusesOf('swaps')).toEqual(['CREATING', 'IN_SERVICE', 'UPDATING', 'IN_SERVICE']);
  });

  it('that fails keeps blue and the old configuration, in service', async () => {
    await laptop.deploy('keeps', 'v1');
    const blue = await invoke('keeps');

    await update('keeps', 'broken');
    await until(laptop.events, () => statusesOf('keeps').includes('ROLLING_BACK'));
    const after = await settled('keeps');

    expect(after).toMatchObject({ EndpointStatus: 'InService', EndpointConfigName: 'v1' });
    expect(after.FailureReason).toContain('did not pass the ping health check');
    expect((await invoke('keeps')).pid).toBe(blue.pid);
  });

  it('is refused while another one runs, and for a configuration that isn’t there', async () => {
    await laptop.deploy('busy', 'v1');

    await update('busy', 'v2');

    await expect(update('busy', 'v1')).rejects.toMatchObject({
      message: `Cannot update in-progress endpoint "${ARN}:endpoint/busy".`,
    });
    await settled('busy');
    await expect(update('busy', 'no-config')).rejects.toMatchObject({
      message: `Could not find endpoint configuration "${ARN}:endpoint-config/no-config".`,
    });
  });
});

describe('a serverless endpoint', () => {
  it('stops its server when it is idle and starts it again for the next call', async () => {
    await laptop.createEndpointConfig('serverless', [
      { ModelName: 'v1', ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 } },
    ]);
    const endpoint = await laptop.deploy('serverless');
    const first = await invoke('serverless');

    await expect.poll(() => isAlive(first.pid)).toBe(false);
    const second = await invoke('serverless');

    expect(endpoint.ProductionVariants).toMatchObject([
      { CurrentServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 } },
    ]);
    expect(second.version).toBe('v1');
    expect(second.pid).not.toBe(first.pid);
  });

  it('can’t come from instances, and excludes what serverless excludes', async () => {
    await laptop.createEndpointConfig('to-serverless', [
      { ModelName: 'v1', ServerlessConfig: { MemorySizeInMB: 1024, MaxConcurrency: 1 } },
    ]);
    await laptop.deploy('instances', 'v1');

    const update = () =>
      laptop.sagemaker.send(
        new UpdateEndpointCommand({ EndpointName: 'instances', EndpointConfigName: 'to-serverless' }),
      );
    const config = () =>
      laptop.sagemaker.send(
        new CreateEndpointConfigCommand({
          EndpointConfigName: 'odd',
          ProductionVariants: [
            {
              VariantName: 'a',
              ModelName: 'v1',
              ServerlessConfig: { MemorySizeInMB: 1000, MaxConcurrency: 1 },
              InstanceType: 'ml.m5.large',
            },
            { VariantName: 'a', ModelName: 'v1' },
          ],
        }),
      );

    await expect(update()).rejects.toMatchObject({ message: expect.stringContaining('from instances to serverless') });
    await expect(config()).rejects.toMatchObject({
      message: expect.stringMatching(
        /^2 validation errors.*memorySizeInMB.*enum value set: \[1024, .*either InstanceType and InitialInstanceCount, or ServerlessConfig/,
      ),
    });
  });
});

describe('an asynchronous endpoint', () => {
  it('takes its input from S3 and puts the answer there', async () => {
    await laptop.sagemaker.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: 'async',
        ProductionVariants: [
          { VariantName: 'AllTraffic', ModelName: 'v1', InitialInstanceCount: 1, InstanceType: 'ml.m5.large' },
        ],
        AsyncInferenceConfig: {
          OutputConfig: { S3OutputPath: `s3://${BUCKET}/async/out/`, S3FailurePath: `s3://${BUCKET}/async/failed/` },
        },
      }),
    );
    await laptop.deploy('async');
    const send = (InputLocation: string) =>
      laptop.runtime.send(
        new InvokeEndpointAsyncCommand({ EndpointName: 'async', InputLocation, ContentType: 'text/plain' }),
      );
    const keyOf = (uri: string | undefined) => uri!.slice(`s3://${BUCKET}/`.length);

    const good = await send(await laptop.put('async/in', 'hello'));
    await expect.poll(() => laptop.read(keyOf(good.OutputLocation)).catch(() => '')).toContain('"length": 5');
    const bad = await send(await laptop.put('async/deadly', 'die'));
    await expect.poll(() => laptop.read(keyOf(bad.FailureLocation)).catch(() => '')).toContain('502');
    await expect(invoke('async')).rejects.toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining('InvokeEndpointAsync only'),
    });
  });
});

describe('models and configurations', () => {
  it('are described, listed and deleted', async () => {
    await laptop.createModel('listed', echo('x'), { 'model.txt': 'weights' });
    await laptop.createEndpointConfig('listed', [{}]);

    const model = await laptop.sagemaker.send(new DescribeModelCommand({ ModelName: 'listed' }));
    const config = await laptop.sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'listed' }));
    const models = await laptop.sagemaker.send(new ListModelsCommand({ NameContains: 'listed' }));
    const configs = await laptop.sagemaker.send(new ListEndpointConfigsCommand({ NameContains: 'listed' }));
    const endpoints = await laptop.sagemaker.send(
      new ListEndpointsCommand({ StatusEquals: 'InService', NameContains: 'weighted' }),
    );
    await laptop.sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: 'listed' }));
    await laptop.sagemaker.send(new DeleteModelCommand({ ModelName: 'listed' }));

    expect(model).toMatchObject({
      ModelArn: `${ARN}:model/listed`,
      PrimaryContainer: { Image: IMAGE },
      CreationTime: expect.any(Date),
    });
    expect(config).toMatchObject({
      EndpointConfigArn: `${ARN}:endpoint-config/listed`,
      ProductionVariants: [{ ModelName: 'listed' }],
    });
    expect(models.Models).toHaveLength(1);
    expect(configs.EndpointConfigs).toHaveLength(1);
    expect(endpoints.Endpoints).toMatchObject([{ EndpointName: 'weighted' }]);
    await expect(laptop.sagemaker.send(new DescribeModelCommand({ ModelName: 'listed' }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: `Could not find model "${ARN}:model/listed".`,
    });
  });

  it('refuse what exists already and what doesn’t exist yet', async () => {
    const refusals: [() => Promise<unknown>, string][] = [
      [() => laptop.createModel('v1', echo('v1')), `Cannot create already existing model "${ARN}:model/v1".`],
      [
        () => laptop.createEndpointConfig('v1', [{}]),
        `Cannot create already existing endpoint configuration "${ARN}:endpoint-config/v1".`,
      ],
      [() => laptop.createEndpointConfig('none', [{}]), `Could not find model "${ARN}:model/none".`],
      [
        () => laptop.sagemaker.send(new CreateEndpointCommand({ EndpointName: 'none', EndpointConfigName: 'none' })),
        `Could not find endpoint configuration "${ARN}:endpoint-config/none".`,
      ],
      [
        () => laptop.sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'none' })),
        `Could not find endpoint "${ARN}:endpoint/none".`,
      ],
      [
        () =>
          laptop.sagemaker.send(
            new CreateModelCommand({
              ModelName: 'none',
              ExecutionRoleArn: ROLE,
              PrimaryContainer: { Image: IMAGE, ModelDataUrl: `s3://${BUCKET}/none` },
            }),
          ),
        `Could not find model data at s3://${BUCKET}/none.`,
      ],
    ];

    for (const [request, message] of refusals)
      await expect(request()).rejects.toMatchObject({ name: 'ValidationException', message });
  });
});
