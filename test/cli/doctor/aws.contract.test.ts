import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { awsFindings } from '#cli/doctor/aws.ts';
import { AwsError } from '#local/http/aws-json.ts';
import type { StandIn } from '#local/stand-in.ts';
import type { Config } from '#shared/config.ts';
import { serveFake } from '#test/local/http/fake-service.ts';
import { STATE_MACHINE_ARN } from '#test/shared/executions/in-memory.ts';
import { inMemoryObjectStore } from '#test/shared/object-store/in-memory.ts';
import { definitionOf, STORE_URI } from '#test/shared/pipeline/fixture.ts';
import { inMemorySageMaker } from '#test/shared/sagemaker/in-memory.ts';

const CONFIG: Config = {
  region: 'eu-central-1',
  storeUri: STORE_URI,
  pipelinesDir: 'pipelines',
  warehouseSecretArn: 'secret',
  trainingRoleArn: 'arn:aws:iam::000000000000:role/training',
  modelRoleArn: 'arn:aws:iam::000000000000:role/model',
  eventBusName: 'fedml',
  stage: undefined,
  modelRepository: 'fedml-models',
};

const servers: StandIn[] = [];
const before = { ...process.env };
beforeEach(async () => {
  const missing = (name: string) => () => {
    throw new AwsError(name, 'It does not exist.');
  };
  servers.push(
    await serveFake({
      targetPrefix: 'AWSEvents',
      jsonVersion: '1.1',
      operations: {
        DescribeEventBus: ({ Name }: { Name: string }) =>
          Name === 'fedml' ? { Name } : missing('ResourceNotFoundException')(),
      },
    }),
    await serveFake({
      targetPrefix: 'AWSStepFunctions',
      jsonVersion: '1.0',
      operations: {
        DescribeStateMachine: ({ stateMachineArn }: { stateMachineArn: string }) =>
          stateMachineArn === STATE_MACHINE_ARN ? { stateMachineArn } : missing('StateMachineDoesNotExist')(),
      },
    }),
  );
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_ENDPOINT_URL_EVENTBRIDGE: servers[0]!.url,
    AWS_ENDPOINT_URL_SFN: servers[1]!.url,
  });
});
afterEach(async () => {
  process.env = { ...before };
  for (const server of servers.splice(0)) await server.close();
});

const troubles = async (config: Partial<Config> = {}, arn = STATE_MACHINE_ARN, settings: object = {}) => {
  const ports = { objectStore: inMemoryObjectStore(), sageMaker: inMemorySageMaker() };
  const findings = await awsFindings({ ...CONFIG, ...config }, arn, [definitionOf(settings)], ports);
  return findings.filter(({ status }) => status !== 'ok').map(({ subject, detail }) => [subject, detail]);
};

describe('the doctor in AWS', () => {
  it('finds nothing where all is well', async () => {
    expect(await troubles({}, STATE_MACHINE_ARN, { deployment: { target: 'sagemaker' } })).toEqual([]);
  });

  it('finds all that is missing at once', async () => {
    const found = await troubles(
      { eventBusName: 'gone', trainingRoleArn: 'training', modelRoleArn: 'arn:aws:iam::111111111111:role/model' },
      'arn:aws:states:eu-central-1:000000000000:stateMachine:gone',
      { training: { frameworkVersion: '9.9' } },
    );

    expect(found).toEqual([
      ['training role', expect.stringContaining('no role')],
      ['model role', expect.stringContaining('another account')],
      ['state machine pipeline', expect.stringContaining('StateMachineDoesNotExist')],
      ['event bus gone', expect.stringContaining('ResourceNotFoundException')],
      ['image of flights', expect.stringContaining('9.9')],
    ]);
  });

  it('finds a store that it may not write to', async () => {
    const objectStore = inMemoryObjectStore();
    objectStore.put = async () => Promise.reject(new Error('AccessDenied: s3:PutObject'));

    const [finding] = await awsFindings(CONFIG, STATE_MACHINE_ARN, [], { objectStore, sageMaker: inMemorySageMaker() });

    expect(finding).toMatchObject({ status: 'problem', detail: 'Error: AccessDenied: s3:PutObject' });
  });
});
