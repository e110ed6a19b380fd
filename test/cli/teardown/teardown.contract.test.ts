import {
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateModelPackageGroupCommand,
  ListModelsCommand,
} from '@aws-sdk/client-sagemaker';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it } from 'vitest';
import { teardown } from '#cli/commands/teardown.ts';
import { sageMakerThings } from '#cli/teardown/sagemaker.ts';
import { secretThings } from '#cli/teardown/storage.ts';
import type { StandIn } from '#local/stand-in.ts';
import { type FakeAnswers, named, serveFakeAws } from '#test/cli/doctor/fake-aws.ts';
import { recordingTerminal } from '#test/cli/recording-terminal.ts';
import { IMAGE, openLaptop, ROLE } from '#test/local/sagemaker/laptop.ts';

const before = { ...process.env };
const servers: StandIn[] = [];
afterEach(async () => {
  process.env = { ...before };
  for (const server of servers.splice(0)) await server.close();
});

describe('teardown in SageMaker', () => {
  it('finds by the stage’s tag what its runs have made, and leaves what other stages have', async () => {
    const laptop = await openLaptop();
    try {
      const { sagemaker } = laptop;
      for (const store of ['of-dev', 'of-prod']) {
        const Tags = [{ Key: 'fedml:store', Value: store }];
        await sagemaker.send(
          new CreateModelCommand({
            ModelName: `m-${store}`,
            ExecutionRoleArn: ROLE,
            PrimaryContainer: { Image: IMAGE },
            Tags,
          }),
        );
        await sagemaker.send(
          new CreateEndpointConfigCommand({
            EndpointConfigName: `c-${store}`,
            ProductionVariants: [
              { VariantName: 'v', ModelName: `m-${store}`, InstanceType: 'ml.m5.large', InitialInstanceCount: 1 },
            ],
            Tags,
          }),
        );
        await sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName: `g-${store}`, Tags }));
      }

      const things = await sageMakerThings(sagemaker, 'of-dev');
      expect(things.map(({ name }) => name)).toEqual([
        'endpoint config c-of-dev',
        'model m-of-dev',
        'model package group g-of-dev',
      ]);
      for (const { remove } of things) await remove();

      expect(await sageMakerThings(sagemaker, 'of-dev')).toEqual([]);
      expect(await sageMakerThings(sagemaker, 'of-prod')).toHaveLength(3);
      const { Models } = await sagemaker.send(new ListModelsCommand({}));
      expect(Models!.map(({ ModelName }) => ModelName)).toEqual(['m-of-prod']);
    } finally {
      await laptop.close();
    }
  });
});

const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:WarehouseSecret-1a2b-AbCdEf';

const answersFor = (): FakeAnswers => ({
  'lambda GetFunctionConfiguration': {
    FunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:x',
    Environment: {
      Variables: {
        FEDML_STORE_URI: 's3://of-dev',
        FEDML_STAGE: 'dev',
        FEDML_WAREHOUSE_SECRET_ARN: SECRET,
        FEDML_TRAINING_ROLE_ARN: 'arn:aws:iam::123456789012:role/train',
        FEDML_MODEL_ROLE_ARN: 'arn:aws:iam::123456789012:role/serve',
        FEDML_EVENT_BUS_NAME: 'fedml-serverless-dev',
        FEDML_MODEL_REPOSITORY: 'fedml-serverless-dev-models',
      },
    },
  },
  'SageMaker ListEndpoints': { Endpoints: [{ EndpointName: 'flights-dev', EndpointArn: 'arn:e' }] },
  'SageMaker ListEndpointConfigs': {},
  'SageMaker ListModels': {},
  'SageMaker ListModelPackageGroups': {},
  'SageMaker ListTags': { Tags: [{ Key: 'fedml:store', Value: 'of-dev' }] },
  'AmazonEC2ContainerRegistry_V20150921 DescribeRepositories': {},
  's3 HEAD': '',
  'secretsmanager DescribeSecret': {},
});

const DELETING: FakeAnswers = {
  'SageMaker DeleteEndpoint': {},
  'AmazonEC2ContainerRegistry_V20150921 DeleteRepository': {},
  's3 GET versions': '<ListVersionsResult/>',
  's3 DELETE': '',
  'secretsmanager DeleteSecret': {},
};

const call = async (options: Record<string, string | boolean>, answers: FakeAnswers) => {
  const server = await serveFakeAws(answers);
  servers.push(server);
  Object.assign(process.env, { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' });
  process.env.AWS_MAX_ATTEMPTS = '1';
  const out = recordingTerminal();
  const code = await teardown.run({ positionals: [], options, out });
  return { code, lines: out.lines, notes: out.notes, asked: server.asked };
};

const changes = (asked: readonly string[]) => asked.filter((operation) => / (Delete|DELETE|POST)/.test(operation));

describe('fedml teardown', () => {
  it('says by --plan what it would delete, and deletes nothing', async () => {
    const { code, lines, asked } = await call({ stage: 'dev', plan: true }, answersFor());

    expect(code).toBe(0);
    expect(lines).toEqual([
      '  would delete endpoint flights-dev',
      '  would delete repository fedml-serverless-dev-models, with all images',
      '  would delete bucket of-dev, with all versions of its objects',
      `  would delete secret ${SECRET} (restorable for 30 days)`,
      '  and then the stack fedml-serverless-dev: npx serverless remove --stage dev',
    ]);
    expect(changes(asked)).toEqual([]);
  });

  it('deletes what is confirmed, what costs by the hour first', async () => {
    const { code, lines, asked } = await call({ stage: 'dev', confirm: 'dev' }, { ...answersFor(), ...DELETING });

    expect([code, lines.at(-1)]).toEqual([0, '  Now the stack: npx serverless remove --stage dev']);
    expect(changes(asked)).toEqual([
      'SageMaker DeleteEndpoint',
      'AmazonEC2ContainerRegistry_V20150921 DeleteRepository',
      's3 DELETE',
      'secretsmanager DeleteSecret',
    ]);
  });

  it('keeps the bucket while something else could not be deleted, and ends with 1', async () => {
    const refusing = {
      'SageMaker DeleteEndpoint': named(
        'AccessDeniedException',
        'User: arn:aws:iam::1:user/me is not authorized to perform: sagemaker:DeleteEndpoint on resource: arn:e because no',
      ),
    };
    const { code, lines, asked } = await call(
      { stage: 'dev', confirm: 'dev' },
      { ...answersFor(), ...DELETING, ...refusing },
    );

    expect(code).toBe(1);
    expect(lines.join('\n')).toMatch(
      /✗ endpoint flights-dev: .*\n {6}Let arn:aws:iam::1:user\/me call sagemaker:DeleteEndpoint on arn:e\./,
    );
    expect(lines.join('\n')).toContain('kept bucket of-dev');
    expect(asked).not.toContain('s3 DELETE');
  });

  it('leaves a secret that the stage was given', async () => {
    const given = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:team/hana-AbCdEf';
    const server = await serveFakeAws(answersFor());
    servers.push(server);
    const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
    const client = new SecretsManagerClient({ endpoint: server.url, region: 'eu-central-1', credentials });

    expect(await secretThings(client, given)).toEqual([]);
    expect(await secretThings(client, SECRET)).toHaveLength(1);
  });

  it('deletes nothing where nobody confirms, or another stage is confirmed', async () => {
    await expect(call({ stage: 'dev' }, { ...answersFor(), ...DELETING })).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringMatching(/Nothing was deleted.*--confirm dev/),
    });
    await expect(call({ stage: 'dev', confirm: 'prod' }, {})).rejects.toMatchObject({ name: 'UsageError' });
    await expect(call({ plan: true, confirm: 'dev' }, {})).rejects.toThrow(
      /--stage is missing\.\n--plan deletes nothing/,
    );
  });

  it('tells in words why a stage can’t be looked at', async () => {
    const { code, notes } = await call(
      { stage: 'dev', plan: true },
      { 'lambda GetFunctionConfiguration': named('ExpiredTokenException') },
    );

    expect(code).toBe(1);
    expect(notes.join()).toMatch(/session of default credentials has expired.*aws sso login/s);
  });
});
