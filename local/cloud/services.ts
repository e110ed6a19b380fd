import { join } from 'node:path';
import { openLogFiles } from '#local/cloudwatch-logs/log-files.ts';
import { startCloudWatchLogs } from '#local/cloudwatch-logs/server.ts';
import { fromArtifacts } from '#local/deployment/artifacts.ts';
import { readFunctions } from '#local/deployment/functions.ts';
import { deployKymaEnvironment } from '#local/deployment/kyma-environment.ts';
import { deployWarehouseSecret, warehousePassword } from '#local/deployment/warehouse-secret.ts';
import type { EventContent } from '#local/eventbridge/event.ts';
import { startEventBridge } from '#local/eventbridge/eventbridge.ts';
import { type LaptopWarehouse, startHana } from '#local/hana/start-hana.ts';
import type { LambdaFunction } from '#local/lambda/functions.ts';
import { startLambda } from '#local/lambda/lambda.ts';
import { startS3 } from '#local/s3/start-s3.ts';
import { pythonInterpreter } from '#local/sagemaker/python-interpreter.ts';
import { startSageMaker } from '#local/sagemaker/server.ts';
import { startSecretsManager } from '#local/secrets/start-secrets-manager.ts';
import { LOCAL_ACCOUNT as account, type StandIn } from '#local/stand-in.ts';
import { startStepFunctions } from '#local/step-functions/server.ts';
import { type Kyma, needsKyma, startKyma } from './kyma.ts';
import type { CloudOptions } from './options.ts';
import { cloudEnvironment, DATABASE_USER, secretsClient, warehouseLogin } from './settings.ts';

/** The stand-ins, started. */
export interface Services {
  readonly logs: StandIn;
  readonly s3: StandIn;
  readonly secrets: StandIn;
  readonly hana: LaptopWarehouse;
  readonly eventBridge: StandIn;
  readonly sageMaker: StandIn;
  readonly stepFunctions: StandIn;
  readonly lambda: StandIn;
  /** Absent where no pipeline deploys to it. */
  readonly kyma: Kyma | undefined;
  /** What the functions are told of the others. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Starts the stand-ins side by side, each as soon as what it needs is there. `open` closes them, also those that are still
 * starting, in the reverse order of `keep`: first what calls others, last what others call.
 */
export const startServices = async (options: CloudOptions, open: AsyncDisposableStack): Promise<Services> => {
  const { rootDir, stateDir, pipelinesDir, onProgress = () => {} } = options;
  const folder = (name: string): string => join(stateDir, name);
  const keep = <T extends { close(): Promise<void> } | undefined>(starting: Promise<T>): Promise<T> => {
    open.defer(() => starting.then((standIn) => standIn?.close(), ignore));
    return starting;
  };
  const emit = (event: EventContent): void => void eventBridge.then((bus) => bus.emit(event), ignore);
  const endpoints = Promise.withResolvers<Endpoints>();
  endpoints.promise.catch(ignore);
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);

  onProgress('starting the services …');
  const logFiles = openLogFiles(folder('logs'));
  const logs = keep(startCloudWatchLogs({ logs: logFiles, account }));
  const s3 = keep(startS3({ dataDir: folder('s3'), account, onEvent: emit }));
  const secrets = keep(startSecretsManager({ dataDir: folder('secrets'), account }));
  const password = secrets.then(({ url }) => warehousePassword(secretsClient(url)));
  const startWarehouse = (password: string): Promise<LaptopWarehouse> =>
    startHana({ dataDir: folder('hana'), pipelinesDir, user: DATABASE_USER, password }, { onProgress, signal });
  const hana = keep(password.then(startWarehouse));
  const eventBridge = keep(
    startEventBridge({
      dataDir: folder('eventbridge'),
      account,
      endpoints: () => endpoints.promise,
      ...(options.chaos && { chaos: options.chaos }),
    }),
  );
  const python = pythonInterpreter(rootDir);
  const sageMaker = keep(
    together({ s3, python }).then(({ s3, python }) =>
      startSageMaker({ dataDir: folder('sagemaker'), account, s3Endpoint: s3.url, python, logs: logFiles, emit }),
    ),
  );
  const startKymaIfNeeded = async (): Promise<Kyma | undefined> =>
    (await needsKyma(options)) ? startKyma(stateDir, await python) : undefined;
  const kyma = keep(startKymaIfNeeded());
  const stepFunctions = startStepFunctions({
    dataDir: folder('step-functions'),
    account,
    endpoints: endpoints.promise,
    emit,
  });
  const environment = together({ logs, s3, secrets, hana, password, eventBridge, sageMaker, stepFunctions, kyma }).then(
    async ({ hana, password, kyma, ...servers }) => {
      const login = warehouseLogin(hana, password);
      const client = secretsClient(servers.secrets.url);
      const warehouseSecretArn = await deployWarehouseSecret(client, login);
      return {
        ...cloudEnvironment(servers, { pipelinesDir, warehouseSecretArn }),
        ...(kyma && {
          AWS_ENDPOINT_URL_ECR: kyma.registry.url,
          ...(await deployKymaEnvironment(client, kyma.kubernetes)),
        }),
      };
    },
  );
  const lambda = keep(
    together({ environment, functions: functionsOf(options) }).then((deployed) =>
      startLambda({
        dataDir: folder('lambda'),
        logDir: folder('logs/functions'),
        account,
        ...deployed,
        taskRoot: rootDir,
      }),
    ),
  );
  keep(stepFunctions);
  try {
    const services = await together({
      logs,
      s3,
      secrets,
      hana,
      eventBridge,
      sageMaker,
      stepFunctions,
      lambda,
      kyma,
      environment,
    });
    endpoints.resolve(endpointsOf(services));
    return services;
  } catch (error) {
    // A warehouse that is being filled for the first time isn't waited for, nor a call that waits for where to go.
    failed.abort(error);
    endpoints.reject(error);
    throw error;
  }
};

const functionsOf = async ({
  rootDir,
  stateDir,
  artifactsDir,
}: CloudOptions): Promise<Record<string, LambdaFunction>> => {
  const functions = readFunctions(rootDir);
  return artifactsDir
    ? fromArtifacts(functions, { rootDir, artifactsDir, folder: join(stateDir, 'artifacts') })
    : functions;
};

type Endpoints = ReturnType<typeof endpointsOf>;

/** Where state machines and rules call. */
const endpointsOf = ({ lambda, s3, eventBridge, sageMaker, stepFunctions }: Services) => ({
  lambda: lambda.url,
  s3: s3.url,
  eventbridge: eventBridge.url,
  sagemaker: sageMaker.url,
  stepFunctions: stepFunctions.url,
});

type Promised<T> = { readonly [K in keyof T]: Promise<T[K]> };

/** Waits for all; rejects with the first that does, and leaves no other rejection unheard. */
const together = async <T extends object>(promises: Promised<T>): Promise<T> => {
  const entries = Object.entries(promises) as [string, Promise<unknown>][];
  const values = await Promise.all(entries.map(async ([name, promise]) => [name, await promise] as const));
  return Object.fromEntries(values) as T;
};

const ignore = (): void => {};
