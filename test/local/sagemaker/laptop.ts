import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type {
  CreateTrainingJobCommandInput,
  CreateTransformJobCommandInput,
  ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateTrainingJobCommand,
  CreateTransformJobCommand,
  DescribeEndpointCommand,
  DescribeTrainingJobCommand,
  DescribeTransformJobCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import type { LogFiles } from '#local/cloudwatch-logs/log-files.ts';
import { openLogFiles } from '#local/cloudwatch-logs/log-files.ts';
import type { DeployedPolicies, KeyPair } from '#local/iam/iam.ts';
import { openImagePolicies } from '#local/registry/open-images.ts';
import { startS3 } from '#local/s3/start-s3.ts';
import { packArchive, unpackArchive } from '#local/sagemaker/archive.ts';
import type { Settings } from '#local/sagemaker/context.ts';
import type { EventChaos, SageMakerEvent } from '#local/sagemaker/events.ts';
import { pythonInterpreter } from '#local/sagemaker/python-interpreter.ts';
import { startSageMaker } from '#local/sagemaker/server.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { roleArn, roleFor } from '#test/local/iam/roles.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';

export const ROLE = roleArn('execution');
export const IMAGE = '492215442770.dkr.ecr.eu-central-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3';
export const BUCKET = 'bucket';

interface LaptopOptions {
  readonly settings?: Partial<Settings>;
  readonly chaos?: EventChaos;
  readonly python?: string;
}

/** S3 and SageMaker of the laptop in a temporary folder, with their real clients and the events that came out. */
export const openLaptop = async ({ settings = {}, chaos = {}, python }: LaptopOptions = {}) => {
  const interpreter = python ?? (await pythonInterpreter('.'));
  const folder = await mkdtemp(join(tmpdir(), 'sagemaker-test-'));
  const iam = testIam();
  const setPolicies = (policies: Partial<DeployedPolicies> = {}) =>
    iam.deploy({
      roles: [roleFor('sagemaker.amazonaws.com', roleArn('execution'))],
      resourcePolicies: openImagePolicies([IMAGE]),
      ...policies,
    });
  setPolicies();
  const problems: string[] = [];
  const s3 = await startS3({ dataDir: join(folder, 's3'), account: LOCAL_ACCOUNT, iam });
  const logs = openLogFiles(join(folder, 'logs'));
  const events: SageMakerEvent[] = [];
  const start = () =>
    startSageMaker({
      dataDir: join(folder, 'sagemaker'),
      account: LOCAL_ACCOUNT,
      iam,
      onProblem: (text) => problems.push(text),
      s3Endpoint: s3.url,
      python: interpreter,
      logs,
      emit: (event) => events.push(event),
      chaos,
      settings: { containerStartupTimeoutMs: 20_000, ...settings },
    });
  let standIn = await start();
  const region = LOCAL_ACCOUNT.region;
  const objects = new S3Client({ endpoint: s3.url, region, credentials: PERSON, forcePathStyle: true });
  await objects.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const clients = (credentials: KeyPair = PERSON) => ({
    sagemaker: new SageMakerClient({ endpoint: standIn.url, region, credentials, maxAttempts: 1 }),
    runtime: new SageMakerRuntimeClient({ endpoint: standIn.runtimeUrl, region, credentials, maxAttempts: 1 }),
  });
  let current = clients();
  const lastDetail = (member: string, name: string) => events.findLast(({ detail }) => detail[member] === name)?.detail;

  const put = async (key: string, body: string | Buffer) => {
    await objects.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
    return `s3://${BUCKET}/${key}`;
  };
  const read = async (key: string): Promise<string> => {
    const { Body } = await objects.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return Body!.transformToString();
  };
  const keys = async (prefix: string): Promise<string[]> => {
    const { Contents = [] } = await objects.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }));
    return Contents.map(({ Key }) => Key!);
  };
  /** Puts files as a tar.gz and returns its URI. */
  const putArchive = async (key: string, files: Readonly<Record<string, string>>) => {
    const source = await mkdtemp(join(folder, 'archive-'));
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(source, name)), { recursive: true });
      await writeFile(join(source, name), content);
    }
    await packArchive(source, `${source}.tar.gz`);
    return put(key, await readFile(`${source}.tar.gz`));
  };
  /** The names of the files in an archive. */
  const unpack = async (key: string): Promise<string> => {
    const target = await mkdtemp(join(folder, 'unpacked-'));
    const { Body } = await objects.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    await unpackArchive(Body as Readable, target);
    return target;
  };

  return {
    folder,
    logs,
    events,
    iam,
    /** What the stand-in said of roles that lack something. */
    problems,
    /** Replaces policies; the role of jobs and models may do everything unless it is among them. */
    setPolicies,
    /** The clients of a session of a role. */
    as: (role: string) => clients(iam.sessionKeys(role, 'test')),
    put,
    read,
    keys,
    putArchive,
    unpack,
    get sagemaker() {
      return current.sagemaker;
    },
    get runtime() {
      return current.runtime;
    },
    get url() {
      return standIn.url;
    },
    /** Starts a training job of one script, or of several files; `overrides` replace members of the request. */
    async train(
      name: string,
      code: string | Readonly<Record<string, string>>,
      overrides: Partial<CreateTrainingJobCommandInput> = {},
    ) {
      const files = typeof code === 'string' ? { 'train.py': code } : code;
      const source = await putArchive(`code/${name}/sourcedir.tar.gz`, files);
      return current.sagemaker.send(new CreateTrainingJobCommand({ ...trainingRequest(name, source), ...overrides }));
    },
    /** Waits until the job is over and describes it. */
    trained: async (name: string) => {
      await until(events, () => isOver(lastDetail('TrainingJobName', name)?.TrainingJobStatus));
      return current.sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: name }));
    },
    trainingLog: (name: string) => readLog(logs, '/aws/sagemaker/TrainingJobs', `${name}/`),
    endpointLog: (name: string) => readLog(logs, `/aws/sagemaker/Endpoints/${name}`, ''),
    transformLog: (name: string) => readLog(logs, '/aws/sagemaker/TransformJobs', `${name}/`),
    /** Makes a model of code whose model directory holds `files`. */
    async createModel(name: string, serve: string, files: Readonly<Record<string, string>> = {}) {
      const code = await putArchive(`models/${name}/sourcedir.tar.gz`, { 'serve.py': serve });
      const model = await putArchive(`models/${name}/model.tar.gz`, files);
      await current.sagemaker.send(
        new CreateModelCommand({
          ModelName: name,
          ExecutionRoleArn: ROLE,
          PrimaryContainer: {
            Image: IMAGE,
            ModelDataUrl: model,
            Environment: { SAGEMAKER_PROGRAM: 'serve.py', SAGEMAKER_SUBMIT_DIRECTORY: code },
          },
        }),
      );
      return name;
    },
    async createEndpointConfig(name: string, variants: readonly Partial<ProductionVariant>[]) {
      const ProductionVariants = variants.map((variant) => ({
        VariantName: 'AllTraffic',
        ModelName: name,
        ...(variant.ServerlessConfig ? {} : { InitialInstanceCount: 1, InstanceType: 'ml.m5.large' as const }),
        InitialVariantWeight: 1,
        ...variant,
      }));
      await current.sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: name, ProductionVariants }));
    },
    /** Creates an endpoint on a config of the same name and waits for its end. */
    async deploy(name: string, EndpointConfigName = name) {
      await current.sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName }));
      return this.deployed(name);
    },
    /** Waits until an endpoint has settled and describes it. */
    async deployed(name: string) {
      await until(events, () =>
        ['IN_SERVICE', 'FAILED'].includes(String(lastDetail('EndpointName', name)?.EndpointStatus)),
      );
      return current.sagemaker.send(new DescribeEndpointCommand({ EndpointName: name }));
    },
    /** Runs a transform job to its end and describes it. */
    async transform(request: CreateTransformJobCommandInput) {
      await current.sagemaker.send(new CreateTransformJobCommand(request));
      return this.transformed(request.TransformJobName!);
    },
    async transformed(name: string) {
      await until(events, () => isOver(lastDetail('TransformJobName', name)?.TransformJobStatus));
      return current.sagemaker.send(new DescribeTransformJobCommand({ TransformJobName: name }));
    },
    /** Ends SageMaker and starts it again on the same folder. */
    async restart() {
      await standIn.close();
      standIn = await start();
      current = clients();
    },
    async close() {
      await standIn.close();
      await s3.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

export type Laptop = Awaited<ReturnType<typeof openLaptop>>;

/** What the Python SDK sends for a script, in short. */
export const trainingRequest = (name: string, source: string): CreateTrainingJobCommandInput => ({
  TrainingJobName: name,
  RoleArn: ROLE,
  AlgorithmSpecification: { TrainingImage: IMAGE, TrainingInputMode: 'File' },
  HyperParameters: {
    sagemaker_program: '"train.py"',
    sagemaker_submit_directory: JSON.stringify(source),
    sagemaker_container_log_level: '20',
    sagemaker_job_name: JSON.stringify(name),
    sagemaker_region: '"eu-central-1"',
  },
  OutputDataConfig: { S3OutputPath: `s3://${BUCKET}/out` },
  ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 30 },
  StoppingCondition: { MaxRuntimeInSeconds: 600 },
});

export const channel = (name: string, uri: string) => ({
  ChannelName: name,
  ContentType: 'text/csv',
  DataSource: {
    S3DataSource: { S3DataType: 'S3Prefix' as const, S3Uri: uri, S3DataDistributionType: 'FullyReplicated' as const },
  },
});

const isOver = (status: unknown): boolean => ['Completed', 'Failed', 'Stopped'].includes(String(status));

const POLL_MS = 10;
const PATIENCE_MS = 40_000;

/** Waits for an event that fits. */
export const until = async (
  events: readonly SageMakerEvent[],
  fits: (event: SageMakerEvent) => boolean,
): Promise<void> => {
  const deadline = Date.now() + PATIENCE_MS;
  while (!events.some(fits)) {
    if (Date.now() > deadline)
      throw new Error(`No such event came. There were: ${JSON.stringify(events, null, 1).slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

const readLog = async (logs: LogFiles, group: string, prefix: string): Promise<string> => {
  const lines: string[] = [];
  if (!logs.hasGroup(group)) return '';
  for (const { name } of logs.streams(group)) {
    if (!name.startsWith(prefix)) continue;
    for await (const { message } of logs.read(group, name)) lines.push(message);
  }
  return lines.join('\n');
};
