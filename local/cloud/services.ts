import { join } from 'node:path';
import { openLogFiles } from '#local/cloudwatch-logs/log-files.ts';
import { startCloudWatchLogs } from '#local/cloudwatch-logs/server.ts';
import { fromArtifacts } from '#local/deployment/artifacts.ts';
import { lambdaFunctions } from '#local/deployment/functions.ts';
import { deployKymaSecrets } from '#local/deployment/kyma-secrets.ts';
import { putSecret } from '#local/deployment/secret.ts';
import { warehousePassword } from '#local/deployment/warehouse-secret.ts';
import type { EventContent } from '#local/eventbridge/event.ts';
import { startEventBridge } from '#local/eventbridge/eventbridge.ts';
import { type LaptopWarehouse, startHana } from '#local/hana/start-hana.ts';
import type { Iam } from '#local/iam/iam.ts';
import { openIam } from '#local/iam/open-iam.ts';
import type { LambdaFunction } from '#local/lambda/functions.ts';
import { startLambda } from '#local/lambda/lambda.ts';
import { startS3 } from '#local/s3/start-s3.ts';
import { pythonInterpreter } from '#local/sagemaker/python-interpreter.ts';
import { startSageMaker } from '#local/sagemaker/server.ts';
import { startSecretsManager } from '#local/secrets/start-secrets-manager.ts';
import { LOCAL_ACCOUNT as account, type StandIn } from '#local/stand-in.ts';
import { startStepFunctions } from '#local/step-functions/server.ts';
import type { Deployment } from '#local/template/deployment.ts';
import { claimKeptState, installedNames } from './kept-state.ts';
import { type Kyma, needsKyma, startKyma } from './kyma.ts';
import type { CloudOptions } from './options.ts';
import { policiesOf, projectDeployment } from './project.ts';
import { ensureSecrets } from './secrets.ts';
import { DATABASE_USER, endpointVariables, secretsClient, warehouseLogin } from './settings.ts';

/** The stand-ins, started. */
export interface Services {
  readonly iam: Iam;
  readonly deployment: Deployment;
  readonly logs: StandIn;
  readonly s3: StandIn;
  readonly secrets: StandIn;
  readonly hana: LaptopWarehouse;
  readonly eventBridge: StandIn;
  readonly sageMaker: StandIn & { readonly runtimeUrl: string };
  readonly stepFunctions: StandIn;
  readonly lambda: StandIn;
  /** Absent where no pipeline deploys to it. */
  readonly kyma: Kyma | undefined;
  /** The variables by which an SDK finds the others. */
  readonly endpoints: Readonly<Record<string, string>>;
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
  const callable = Promise.withResolvers<Callable>();
  callable.promise.catch(ignore);
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);

  onProgress('starting the services …');
  const iam = openIam({ account });
  const { personKeys } = iam;
  const withKyma = needsKyma(options);
  const secrets = keep(startSecretsManager({ dataDir: folder('secrets'), account, iam }));
  const client = secrets.then(({ url }) => secretsClient(url, personKeys));
  const secretArns = together({ client, withKyma }).then(({ client, withKyma }) => ensureSecrets(client, { withKyma }));
  const password = together({ client, secretArns }).then(({ client, secretArns }) =>
    warehousePassword(client, secretArns.warehouse),
  );
  const startWarehouse = (password: string): Promise<LaptopWarehouse> =>
    startHana({ dataDir: folder('hana'), pipelinesDir, user: DATABASE_USER, password }, { onProgress, signal });
  const hana = keep(password.then(startWarehouse));

  // Whoever asks after this is judged by the deployed policies, and finds no state under other names.
  const deployment = secretArns.then(async (arns) => {
    const resolved = await projectDeployment(options, arns);
    iam.deploy(policiesOf(resolved, options));
    const aside = await claimKeptState(stateDir, installedNames(resolved, account));
    if (aside) onProgress(setAside(aside));
    return resolved;
  });
  const logFiles = deployment.then(() => openLogFiles(folder('logs')));
  const logs = keep(logFiles.then((logs) => startCloudWatchLogs({ logs, account, iam })));
  const s3 = keep(deployment.then(() => startS3({ dataDir: folder('s3'), account, iam, onEvent: emit })));
  const eventBridge = keep(
    deployment.then(() =>
      startEventBridge({
        dataDir: folder('eventbridge'),
        account,
        iam,
        endpoints: () => callable.promise,
        ...(options.chaos && { chaos: options.chaos }),
      }),
    ),
  );
  const python = pythonInterpreter(rootDir);
  const sageMaker = keep(
    together({ s3, python, logs: logFiles }).then(({ s3, ...given }) =>
      startSageMaker({
        dataDir: folder('sagemaker'),
        account,
        iam,
        s3Endpoint: s3.url,
        ...given,
        emit,
        onProblem: onProgress,
      }),
    ),
  );
  const kyma = keep(
    together({ withKyma, python, deployment }).then(({ withKyma, python, deployment: { repositories } }) =>
      withKyma ? startKyma({ stateDir, python, iam, repositories }) : undefined,
    ),
  );
  const stepFunctions = deployment.then(() =>
    startStepFunctions({ dataDir: folder('step-functions'), account, iam, endpoints: callable.promise, emit }),
  );
  const endpoints = together({ logs, s3, secrets, eventBridge, sageMaker, stepFunctions, kyma }).then(
    ({ kyma, ...servers }) => endpointVariables({ ...servers, registry: kyma?.registry }),
  );
  const secretValues = together({ client, secretArns, password, hana, kyma }).then(
    async ({ client, secretArns, password, hana, kyma }) => {
      await putSecret(client, secretArns.warehouse, JSON.stringify(warehouseLogin(hana, password)));
      if (kyma) await deployKymaSecrets(client, secretArns.kyma!, kyma.kubernetes);
    },
  );
  const lambda = keep(
    together({ deployment, endpoints, secretValues }).then(async ({ deployment, endpoints }) =>
      startLambda({
        dataDir: folder('lambda'),
        logDir: folder('logs/functions'),
        account,
        iam,
        functions: await functionsOf(deployment, options),
        environment: endpoints,
        taskRoot: rootDir,
        onProblem: onProgress,
      }),
    ),
  );
  keep(stepFunctions);
  try {
    const started = { deployment, logs, s3, secrets, hana, eventBridge, sageMaker, stepFunctions, lambda, kyma };
    const services = { iam, ...(await together({ ...started, endpoints })) };
    callable.resolve(callableOf(services));
    return services;
  } catch (error) {
    // A warehouse that is being filled for the first time isn't waited for, nor a call that waits for where to go.
    failed.abort(error);
    callable.reject(error);
    throw error;
  }
};

const setAside = (folder: string): string =>
  `what an earlier version kept has other names than this one uses; it is in ${folder}, and the cloud begins anew`;

const functionsOf = async (
  deployment: Deployment,
  { rootDir, stateDir, pipelinesDir, artifactsDir }: CloudOptions,
): Promise<Record<string, LambdaFunction>> => {
  const functions = mapValues(lambdaFunctions(deployment, rootDir), (definition) => ({
    ...definition,
    environment: { ...definition.environment, FEDML_PIPELINES_DIR: pipelinesDir },
  }));
  if (!artifactsDir) return functions;
  const prefix = `${deployment.stackName}-`;
  return fromArtifacts(functions, { rootDir, artifactsDir, prefix, folder: join(stateDir, 'artifacts') });
};

const mapValues = <T, R>(values: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));

type Callable = ReturnType<typeof callableOf>;

/** Where state machines and rules call. */
const callableOf = ({ lambda, s3, eventBridge, sageMaker, stepFunctions }: Services) => ({
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
