import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { EVENT_BUS_NAME } from '#local/deployment/event-bus.ts';
import { stateMachineArn } from '#local/deployment/state-machines.ts';
import type { WarehouseLogin } from '#local/deployment/warehouse-secret.ts';
import type { LaptopWarehouse } from '#local/hana/start-hana.ts';
import { LOCAL_ACCOUNT as account, type StandIn } from '#local/stand-in.ts';

export const BUCKET = 'fedml-laptop';
const SPACE = 'FLIGHTS';
/** Reads the space's exposed views and writes to a schema of its own, as in Datasphere. */
export const DATABASE_USER = `${SPACE}#FEDML`;

const CREDENTIALS = { accessKeyId: 'laptop', secretAccessKey: 'laptop' };

/** What every SDK client of this process needs, beside an endpoint. */
export const SDK = { region: account.region, credentials: CREDENTIALS };

export const secretsClient = (endpoint: string): SecretsManagerClient => new SecretsManagerClient({ ...SDK, endpoint });

export const warehouseLogin = ({ host, port, certificate }: LaptopWarehouse, password: string): WarehouseLogin => ({
  address: host,
  port: String(port),
  user: DATABASE_USER,
  password,
  schema: SPACE,
  encrypt: 'true',
  sslValidateCertificate: 'true',
  sslTrustStore: certificate,
});

interface Servers {
  readonly logs: StandIn;
  readonly s3: StandIn;
  readonly secrets: StandIn;
  readonly eventBridge: StandIn;
  readonly sageMaker: StandIn;
  readonly stepFunctions: StandIn;
}

/** The variables by which functions and commands find this cloud: the SDK's own, and the project's. */
export const cloudEnvironment = (
  { logs, s3, secrets, eventBridge, sageMaker, stepFunctions }: Servers,
  { pipelinesDir, warehouseSecretArn }: { readonly pipelinesDir: string; readonly warehouseSecretArn: string },
): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: logs.url,
  AWS_ENDPOINT_URL_EVENTBRIDGE: eventBridge.url,
  AWS_ENDPOINT_URL_S3: s3.url,
  AWS_ENDPOINT_URL_SAGEMAKER: sageMaker.url,
  AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: sageMaker.url,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
  AWS_ENDPOINT_URL_SFN: stepFunctions.url,
  POWERTOOLS_SERVICE_NAME: 'fedml-laptop',
  FEDML_STORE_URI: `s3://${BUCKET}`,
  FEDML_BUCKET_OWNER: account.accountId,
  FEDML_PIPELINES_DIR: pipelinesDir,
  FEDML_WAREHOUSE_SECRET_ARN: warehouseSecretArn,
  FEDML_TRAINING_ROLE_ARN: roleArn('training'),
  FEDML_MODEL_ROLE_ARN: roleArn('model'),
  FEDML_EVENT_BUS_NAME: EVENT_BUS_NAME,
  FEDML_PIPELINE_STATE_MACHINE_ARN: stateMachineArn('pipeline', account),
});

const roleArn = (name: string): string => `arn:aws:iam::${account.accountId}:role/fedml-${name}`;
