import { CreateEndpointCommand, CreateEndpointConfigCommand, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { InvokeEndpointAsyncCommand, InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { allow, roleArn, roleFor, type Statement } from '#test/local/iam/roles.ts';
import { PERSON } from '#test/local/iam/test-iam.ts';
import { BUCKET, channel, IMAGE, type Laptop, openLaptop, ROLE } from './laptop.ts';

const OBJECTS = `arn:aws:s3:::${BUCKET}`;
const SESSION = 'arn:aws:sts::000000000000:assumed-role/execution/SageMaker';
const LOG_GROUPS = 'arn:aws:logs:eu-central-1:000000000000:log-group:/aws/sagemaker';
const REPOSITORY = 'arn:aws:ecr:eu-central-1:492215442770:repository/sagemaker-scikit-learn';

/** All that the role of a training job and of a model takes here, by what it is for. */
const GRANTS = {
  list: allow('s3:ListBucket', OBJECTS),
  inputs: allow('s3:GetObject', `${OBJECTS}/data/*`),
  code: allow('s3:GetObject', `${OBJECTS}/code/*`),
  models: allow('s3:GetObject', `${OBJECTS}/models/*`),
  outputs: allow('s3:PutObject', `${OBJECTS}/out/*`),
  readCheckpoints: allow('s3:GetObject', `${OBJECTS}/checkpoints/*`),
  writeCheckpoints: allow('s3:PutObject', `${OBJECTS}/checkpoints/*`),
  logGroups: allow(['logs:CreateLogGroup', 'logs:CreateLogStream'], `${LOG_GROUPS}/*`),
  logEvents: allow('logs:PutLogEvents', `${LOG_GROUPS}/*`),
  metrics: allow('cloudwatch:PutMetricData', '*', { StringLike: { 'cloudwatch:namespace': '/aws/sagemaker/*' } }),
  login: allow('ecr:GetAuthorizationToken'),
  pulls: allow(['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], REPOSITORY),
};
type Grant = keyof typeof GRANTS;

let laptop: Laptop;
const setGrants = (grants: readonly Statement[]) =>
  laptop.setPolicies({ roles: [roleFor('sagemaker.amazonaws.com', ROLE, grants)] });
const without = (...missing: readonly Grant[]): Statement[] =>
  Object.entries(GRANTS).flatMap(([name, statement]) => (missing.includes(name as Grant) ? [] : [statement]));

beforeAll(async () => {
  laptop = await openLaptop();
  await laptop.put('data/rows.csv', '1,2\n');
  await laptop.put('checkpoints/before', 'x');
});
beforeEach(() => setGrants(without()));
afterAll(() => laptop?.close());

const SCRIPT = `
import json, os
variables = {name: value for name, value in os.environ.items() if name.startswith("AWS")}
print("VARIABLES " + json.dumps(variables))
print("accuracy=0.5")
open(os.path.join(os.environ["SM_MODEL_DIR"], "model.txt"), "w").write("trained")
folder = json.load(open(os.path.join(os.environ["SM_INPUT_CONFIG_DIR"], "checkpointconfig.json")))["LocalPath"]
open(os.path.join(folder, "after"), "w").write("x")
`;

const train = async (name: string) => {
  await laptop.train(name, SCRIPT, {
    AlgorithmSpecification: {
      TrainingImage: IMAGE,
      TrainingInputMode: 'File',
      MetricDefinitions: [{ Name: 'accuracy', Regex: 'accuracy=([0-9.]+)' }],
    },
    InputDataConfig: [channel('train', `s3://${BUCKET}/data`)],
    CheckpointConfig: { S3Uri: `s3://${BUCKET}/checkpoints` },
  });
  return laptop.trained(name);
};

describe('a training job', () => {
  it('does all it does as its role, and its script has the role’s keys and nobody else’s', async () => {
    const job = await train('all');

    expect([job.TrainingJobStatus, job.FinalMetricDataList?.[0]?.Value]).toEqual(['Completed', 0.5]);
    const variables = JSON.parse(/VARIABLES (.*)/.exec(await laptop.trainingLog('all'))![1]!);
    const keys = laptop.iam.sessionKeys(ROLE, 'SageMaker');
    expect(variables).toEqual({
      AWS_REGION: 'eu-central-1',
      AWS_DEFAULT_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken,
      AWS_ENDPOINT_URL_S3: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/),
    });
    expect(JSON.stringify(variables)).not.toContain(PERSON.secretAccessKey);
  });

  it.each<[Grant, string]>([
    [
      'list',
      `ClientError: Data download failed:AccessDenied (403): User: ${SESSION} is not authorized to perform: s3:ListBucket on resource: "${OBJECTS}"`,
    ],
    [
      'inputs',
      `ClientError: Data download failed:AccessDenied (403): User: ${SESSION} is not authorized to perform: s3:GetObject on resource: "${OBJECTS}/data/rows.csv"`,
    ],
    [
      'readCheckpoints',
      `ClientError: Checkpoint download failed:AccessDenied (403): User: ${SESSION} is not authorized to perform: s3:GetObject`,
    ],
    ['code', 'AlgorithmError: Framework Error: \ns3://bucket/code/without-code/sourcedir.tar.gz: AccessDenied: User:'],
    [
      'outputs',
      `ClientError: Artifact upload failed:AccessDenied (403): User: ${SESSION} is not authorized to perform: s3:PutObject on resource: "${OBJECTS}/out/without-outputs/output/model.tar.gz"`,
    ],
    [
      'writeCheckpoints',
      `ClientError: Artifact upload failed:AccessDenied (403): User: ${SESSION} is not authorized to perform: s3:PutObject on resource: "${OBJECTS}/checkpoints/`,
    ],
    [
      'login',
      'ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are incorrect.',
    ],
    [
      'pulls',
      'ClientError: Cannot pull algorithm container. Either the image does not exist or its permissions are incorrect.',
    ],
  ])('fails without the grant %s, and says why', async (grant, reason) => {
    setGrants(without(grant));

    const job = await train(`without-${grant}`);

    expect(job.TrainingJobStatus).toBe('Failed');
    expect(job.FailureReason).toContain(reason);
  });

  it.each<Grant>(['logGroups', 'logEvents'])('goes on without the grant %s, but without a log', async (grant) => {
    setGrants(without(grant));

    const job = await train(`without-${grant}`);

    expect(job.TrainingJobStatus).toBe('Completed');
    expect(await laptop.trainingLog(`without-${grant}`)).toBe('');
    expect(laptop.problems).toContain(
      `The role ${ROLE} may not write the log group /aws/sagemaker/TrainingJobs: its lines are lost.`,
    );
  });

  it('has no metrics where its role may not put them into CloudWatch', async () => {
    setGrants(without('metrics'));

    const job = await train('without-metrics');

    expect([job.TrainingJobStatus, job.FinalMetricDataList]).toEqual(['Completed', undefined]);
  });
});

const SERVE = `
import os
def model_fn(folder): return open(os.path.join(folder, "name")).read()
def transform_fn(model, body, content_type, accept):
    return os.environ["AWS_SESSION_TOKEN"] if body == "whose" else model, "text/csv"
`;

describe('a model', () => {
  it('is not made where its role may not read its data or pull its image', async () => {
    const create = (ModelName: string) => laptop.createModel(ModelName, SERVE);

    setGrants(without('models'));
    await expect(create('unreadable')).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(
        `^Could not access model data at s3://${BUCKET}/models/unreadable/model.tar.gz. Please ensure that the role "${ROLE}" exists`,
      ),
    });
    setGrants(without('pulls'));
    await expect(create('unpullable')).rejects.toMatchObject({
      name: 'ValidationException',
      message: `The role "${ROLE}" does not have BatchGetImage permission for the image: "${IMAGE}".`,
    });
  });

  it('is not served once its role may not read it, and the endpoint says why', async () => {
    await laptop.createModel('lost', SERVE, { name: 'lost' });
    await laptop.createEndpointConfig('lost', [{}]);
    setGrants(without('models'));

    const { EndpointStatus, FailureReason } = await laptop.deploy('lost');

    expect(EndpointStatus).toBe('Failed');
    expect(FailureReason).toContain(
      `Failed to download model data for container "container_1" from URL: "s3://${BUCKET}/models/lost/model.tar.gz". Please ensure ` +
        'that there is an object located at the URL and that the role passed to CreateModel has permissions to download the object.',
    );
  });

  it('is not served once its role may not pull its image', async () => {
    await laptop.createModel('imageless', SERVE, { name: 'imageless' });
    await laptop.createEndpointConfig('imageless', [{}]);
    setGrants(without('pulls'));

    expect(await laptop.deploy('imageless')).toMatchObject({
      EndpointStatus: 'Failed',
      FailureReason: `The role "${ROLE}" does not have BatchGetImage permission for the image: "${IMAGE}".`,
    });
  });

  it('answers as its role, logs as its role', async () => {
    await laptop.createModel('served', SERVE, { name: 'served' });
    await laptop.createEndpointConfig('served', [{}]);
    setGrants(without('logEvents'));
    await laptop.deploy('served');

    const { Body } = await laptop.runtime.send(
      new InvokeEndpointCommand({ EndpointName: 'served', Body: 'whose', ContentType: 'text/csv' }),
    );

    expect(Buffer.from(Body).toString()).toBe(laptop.iam.sessionKeys(ROLE, 'SageMaker').sessionToken);
    expect(await laptop.endpointLog('served')).toBe('');
  });
});

describe('a key of the customer’s own', () => {
  const KEY = 'arn:aws:kms:eu-central-1:000000000000:key/mine';
  const KEY_GRANTS = [
    allow('kms:Encrypt', KEY),
    allow('kms:CreateGrant', KEY, { Bool: { 'kms:GrantIsForAWSResource': 'true' } }),
    allow('kms:GenerateDataKey', KEY, { StringEquals: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' } }),
  ];
  const encrypted = async (name: string) => {
    await laptop.train(name, SCRIPT.split('folder =')[0]!, {
      OutputDataConfig: { S3OutputPath: `s3://${BUCKET}/out`, KmsKeyId: KEY },
      ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 30, VolumeKmsKeyId: KEY },
    });
    return laptop.trained(name);
  };

  it.each(['kms:Encrypt', 'kms:CreateGrant', 'kms:GenerateDataKey'])(
    'is not used by a job whose role lacks %s',
    async (action) => {
      setGrants([...without(), ...KEY_GRANTS.filter(({ Action }) => Action !== action)]);

      const { TrainingJobStatus, FailureReason } = await encrypted(`without-${action.slice('kms:'.length)}`);

      expect([TrainingJobStatus, FailureReason]).toEqual(['Failed', expect.stringContaining(`perform: ${action} on`)]);
    },
  );

  it('encrypts the disks and the model of a job whose role may use it', async () => {
    setGrants([...without(), ...KEY_GRANTS]);

    expect((await encrypted('encrypted')).TrainingJobStatus).toBe('Completed');
  });

  it('is handed on to an endpoint’s volumes by whoever creates or updates the endpoint', async () => {
    await laptop.createModel('locked', SERVE, { name: 'locked' });
    await laptop.sagemaker.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: 'locked',
        KmsKeyId: 'mine',
        ProductionVariants: [
          { VariantName: 'v', ModelName: 'locked', InitialInstanceCount: 1, InstanceType: 'ml.m5.large' },
        ],
      }),
    );
    const deployer = roleArn('deployer');
    const endpoint = { EndpointName: 'locked', EndpointConfigName: 'locked' };
    const setDeployer = (...grants: Statement[]) =>
      laptop.setPolicies({
        roles: [
          roleFor('sagemaker.amazonaws.com', ROLE),
          roleFor('lambda.amazonaws.com', deployer, [allow('sagemaker:*'), ...grants]),
        ],
      });
    const refusal = {
      name: 'AccessDeniedException',
      message: expect.stringContaining(`is not authorized to perform: kms:CreateGrant on resource: ${KEY}`),
    };

    setDeployer();
    await expect(laptop.as(deployer).sagemaker.send(new CreateEndpointCommand(endpoint))).rejects.toMatchObject(
      refusal,
    );
    setDeployer(...KEY_GRANTS);
    await laptop.as(deployer).sagemaker.send(new CreateEndpointCommand(endpoint));
    await laptop.deployed('locked');
    setDeployer();
    await expect(laptop.as(deployer).sagemaker.send(new UpdateEndpointCommand(endpoint))).rejects.toMatchObject(
      refusal,
    );
  });
});

describe('a batch transform', () => {
  const transform = async (name: string) =>
    laptop.transform({
      TransformJobName: name,
      ModelName: 'transforming',
      TransformInput: {
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://${BUCKET}/data` } },
        ContentType: 'text/csv',
      },
      TransformOutput: { S3OutputPath: `s3://${BUCKET}/out`, Accept: 'text/csv' },
      TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
    });
  beforeAll(async () => {
    setGrants(without());
    await laptop.createModel('transforming', SERVE, { name: 'served' });
  });

  it.each<[Grant, string, string]>([
    ['inputs', 's3:GetObject', `${OBJECTS}/data/rows.csv`],
    ['list', 's3:ListBucket', OBJECTS],
    ['outputs', 's3:PutObject', `${OBJECTS}/out/rows.csv.out`],
  ])('fails where its model’s role lacks the grant %s', async (grant, action, resource) => {
    setGrants(without(grant));

    const { TransformJobStatus, FailureReason } = await transform(`no-${grant}`);

    expect(TransformJobStatus).toBe('Failed');
    expect(FailureReason).toContain(`is not authorized to perform: ${action} on resource: "${resource}"`);
  });

  it('succeeds with the grants of the role alone', async () => {
    expect((await transform('allowed')).TransformJobStatus).toBe('Completed');
  });
});

describe('an asynchronous invocation', () => {
  it('reads and writes as the model’s role, whatever the caller may do', async () => {
    await laptop.createModel('async', SERVE, { name: 'async' });
    await laptop.sagemaker.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: 'async',
        ProductionVariants: [
          { VariantName: 'v', ModelName: 'async', InitialInstanceCount: 1, InstanceType: 'ml.m5.large' },
        ],
        AsyncInferenceConfig: {
          OutputConfig: { S3OutputPath: `s3://${BUCKET}/out`, S3FailurePath: `s3://${BUCKET}/out` },
        },
      }),
    );
    await laptop.deploy('async');
    const invoke = () =>
      laptop.runtime.send(
        new InvokeEndpointAsyncCommand({ EndpointName: 'async', InputLocation: `s3://${BUCKET}/data/rows.csv` }),
      );
    const keyOf = (uri: string) => uri.slice(`s3://${BUCKET}/`.length);

    const allowed = await invoke();
    await expect.poll(() => laptop.read(keyOf(allowed.OutputLocation!)).catch(() => '')).toBe('async');

    setGrants(without('inputs'));
    const denied = await invoke();
    await expect
      .poll(() => laptop.read(keyOf(denied.FailureLocation!)).catch(() => ''))
      .toContain(`User: ${SESSION} is not authorized to perform: s3:GetObject`);
  });
});
