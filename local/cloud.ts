import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { type CloudAddress, claimStateDir, readCloudAddress } from '#local/cloud-file.ts';
import { openLogFiles } from '#local/cloudwatch-logs/log-files.ts';
import { startCloudWatchLogs } from '#local/cloudwatch-logs/server.ts';
import { fromArtifacts } from '#local/deployment/artifacts.ts';
import { deployEventBus, EVENT_BUS_NAME } from '#local/deployment/event-bus.ts';
import { readFunctions } from '#local/deployment/functions.ts';
import { deployRules } from '#local/deployment/rules.ts';
import { deployStateMachines, stateMachineArn } from '#local/deployment/state-machines.ts';
import { deployWarehouseSecret, warehousePassword } from '#local/deployment/warehouse-secret.ts';
import type { Chaos } from '#local/eventbridge/chaos.ts';
import { type EventBridge, startEventBridge } from '#local/eventbridge/eventbridge.ts';
import { startHana } from '#local/hana/start-hana.ts';
import { startHttpApi } from '#local/http-api/http-api.ts';
import { readRoutes } from '#local/http-api/routes.ts';
import { startLambda } from '#local/lambda/lambda.ts';
import { startS3 } from '#local/s3/start-s3.ts';
import { pythonInterpreter } from '#local/sagemaker/python-interpreter.ts';
import { startSageMaker } from '#local/sagemaker/server.ts';
import { keepSchedules } from '#local/scheduler/keep-schedules.ts';
import type { Scheduler } from '#local/scheduler/scheduler.ts';
import { startSecretsManager } from '#local/secrets/start-secrets-manager.ts';
import { LOCAL_ACCOUNT as account, type StandIn } from '#local/stand-in.ts';
import { startStepFunctions } from '#local/step-functions/server.ts';

export interface CloudOptions {
  /** The project: `functions/` and `statemachines/` are deployed from here. */
  readonly rootDir: string;
  /** Where everything is kept; one cloud at a time. */
  readonly stateDir: string;
  readonly pipelinesDir: string;
  /** Where `serverless package` left its archives: the functions then run from them, not from their sources. */
  readonly artifactsDir?: string;
  /** Hears in a few words what takes time. */
  readonly onProgress?: (text: string) => void;
  /** Starts the runs of the pipelines' schedules at their times, as long as the cloud is up. */
  readonly keepSchedules?: boolean;
  /** Disturbs the delivery of events, to test what hears them. */
  readonly chaos?: Chaos;
}

export interface Cloud extends CloudAddress {
  /** The runs that are due next, when schedules are kept. */
  readonly upcoming: Scheduler['upcoming'];
  /** Ends every stand-in and every process they started. Safe to call twice. */
  close(): Promise<void>;
}

const BUCKET = 'fedml-laptop';
const SPACE = 'FLIGHTS';
const DATABASE_USER = `${SPACE}#FEDML`;

/**
 * Starts AWS, SageMaker and SAP Datasphere as far as this project uses them, on 127.0.0.1, and deploys the project to them.
 *
 * @throws CloudInUseError when another process keeps a cloud on the same folder.
 */
export const startCloud = async (options: CloudOptions): Promise<Cloud> => {
  const { rootDir, stateDir, pipelinesDir, artifactsDir, onProgress = () => {} } = options;
  const python = await pythonInterpreter(rootDir);
  const claim = await claimStateDir(stateDir);
  const opened: { close(): Promise<void> }[] = [];
  const keep = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const standIn = await starting;
    opened.push(standIn);
    return standIn;
  };
  const closeAll = once(async () => {
    for (const standIn of opened.reverse()) await standIn.close();
    await claim.release();
  });
  try {
    const folder = (name: string): string => join(stateDir, name);
    onProgress('starting the services …');
    const logFiles = openLogFiles(folder('logs'));
    const logs = await keep(startCloudWatchLogs({ logs: logFiles, account }));
    const s3 = await keep(startS3({ dataDir: folder('s3'), account, onEvent: (event) => eventBridge.emit(event) }));
    const secrets = await keep(startSecretsManager({ dataDir: folder('secrets'), account }));
    const eventBridge: EventBridge = await keep(
      startEventBridge({
        dataDir: folder('eventbridge'),
        account,
        endpoints: () => ({ lambda: lambda.url, stepFunctions: stepFunctions.url }),
        ...(options.chaos && { chaos: options.chaos }),
      }),
    );
    const sageMaker = await keep(
      startSageMaker({
        dataDir: folder('sagemaker'),
        account,
        s3Endpoint: s3.url,
        python,
        logs: logFiles,
        emit: (event) => eventBridge.emit(event),
      }),
    );
    const lambdaUrl = Promise.withResolvers<string>();
    const stepFunctions = await keep(
      startStepFunctions({
        dataDir: folder('step-functions'),
        account,
        // Lambda starts last, because its functions are told where everything else is.
        endpoints: lambdaUrl.promise.then((url) => ({
          lambda: url,
          s3: s3.url,
          eventbridge: eventBridge.url,
          sagemaker: sageMaker.url,
        })),
      }),
    );
    const sdk = { region: account.region, credentials: { accessKeyId: 'laptop', secretAccessKey: 'laptop' } };
    const secretsClient = new SecretsManagerClient({ ...sdk, endpoint: secrets.url });
    const password = await warehousePassword(secretsClient);
    const hana = await keep(
      startHana({ dataDir: folder('hana'), pipelinesDir, user: DATABASE_USER, password }, onProgress),
    );
    const environment = {
      ...clientEnvironment({
        CLOUDWATCH_LOGS: logs.url,
        EVENTBRIDGE: eventBridge.url,
        S3: s3.url,
        SAGEMAKER: sageMaker.url,
        SAGEMAKER_RUNTIME: sageMaker.url,
        SECRETS_MANAGER: secrets.url,
        SFN: stepFunctions.url,
      }),
      POWERTOOLS_SERVICE_NAME: 'fedml-laptop',
      FEDML_STORE_URI: `s3://${BUCKET}`,
      FEDML_PIPELINES_DIR: pipelinesDir,
      FEDML_WAREHOUSE_SECRET_ARN: await deployWarehouseSecret(secretsClient, {
        address: hana.host,
        port: String(hana.port),
        user: DATABASE_USER,
        password,
        schema: SPACE,
        encrypt: 'true',
        sslValidateCertificate: 'true',
        sslTrustStore: hana.certificate,
      }),
      FEDML_TRAINING_ROLE_ARN: roleArn('training'),
      FEDML_MODEL_ROLE_ARN: roleArn('model'),
      FEDML_EVENT_BUS_NAME: EVENT_BUS_NAME,
      FEDML_PIPELINE_STATE_MACHINE_ARN: stateMachineArn('pipeline', account),
    };
    const lambda: StandIn = await keep(
      startLambda({
        dataDir: folder('lambda'),
        logDir: folder('logs/functions'),
        account,
        functions: artifactsDir
          ? await fromArtifacts(readFunctions(rootDir), { rootDir, artifactsDir, folder: folder('artifacts') })
          : readFunctions(rootDir),
        environment,
        taskRoot: rootDir,
      }),
    );
    lambdaUrl.resolve(lambda.url);
    await ensureBucket(new S3Client({ ...sdk, endpoint: s3.url }));
    const eventBridgeClient = new EventBridgeClient({ ...sdk, endpoint: eventBridge.url });
    await deployEventBus(eventBridgeClient);
    await deployRules(eventBridgeClient, { rootDir, account });
    const sfnClient = new SFNClient({ ...sdk, endpoint: stepFunctions.url });
    const lambdaClient = new LambdaClient({ ...sdk, endpoint: lambda.url });
    const token = randomBytes(24).toString('base64url');
    const api = await keep(
      startHttpApi({
        routes: readRoutes(rootDir),
        lambda: lambdaClient,
        account,
        token,
      }),
    );
    const address = {
      environment: { ...environment, AWS_REGION: account.region },
      stateMachineArns: await deployStateMachines(sfnClient, { rootDir, account }),
      api: { url: api.url, token },
      services: {
        'HTTP API': api.url,
        'Step Functions': stepFunctions.url,
        Lambda: lambda.url,
        S3: s3.url,
        EventBridge: eventBridge.url,
        SageMaker: sageMaker.url,
        'Secrets Manager': secrets.url,
        'CloudWatch Logs': logs.url,
        Datasphere: `${hana.host}:${hana.port} as ${DATABASE_USER}`,
      },
    };
    const scheduler =
      options.keepSchedules &&
      (await keep(
        keepSchedules({
          pipelinesDir,
          file: folder('scheduler/schedules.json'),
          lambda: lambdaClient,
          onProblem: onProgress,
        }),
      ));
    await claim.publish(address);
    return { ...address, pid: process.pid, upcoming: scheduler ? scheduler.upcoming : () => [], close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
};

/** The cloud that another process keeps on this folder, if one does; closing it is that process's business. */
export const findCloud = (stateDir: string): Promise<CloudAddress | undefined> => readCloudAddress(stateDir);

const clientEnvironment = (endpoints: Readonly<Record<string, string>>): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: 'laptop',
  AWS_SECRET_ACCESS_KEY: 'laptop',
  ...Object.fromEntries(Object.entries(endpoints).map(([service, url]) => [`AWS_ENDPOINT_URL_${service}`, url])),
});

const ensureBucket = async (s3: S3Client): Promise<void> => {
  try {
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  } catch (error) {
    if ((error as Error).name !== 'BucketAlreadyOwnedByYou') throw error;
  }
};

const roleArn = (name: string): string => `arn:aws:iam::${account.accountId}:role/fedml-${name}`;

const once = (run: () => Promise<void>): (() => Promise<void>) => {
  let running: Promise<void> | undefined;
  return () => {
    running ??= run();
    return running;
  };
};
