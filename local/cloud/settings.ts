import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { sharedVariables } from '#local/deployment/functions.ts';
import type { WarehouseLogin } from '#local/deployment/warehouse-secret.ts';
import type { LaptopWarehouse } from '#local/hana/start-hana.ts';
import type { KeyPair } from '#local/iam/iam.ts';
import { LOCAL_ACCOUNT as account, type StandIn } from '#local/stand-in.ts';
import type { Deployment } from '#local/template/deployment.ts';

const SPACE = 'FLIGHTS';
/** Reads the space's exposed views and writes to a schema of its own, as in Datasphere. */
export const DATABASE_USER = `${SPACE}#FEDML`;

/** What every SDK client of this process needs, beside an endpoint: it acts as the person whose cloud this is. */
export const sdk = (credentials: KeyPair): { readonly region: string; readonly credentials: KeyPair } => ({
  region: account.region,
  credentials,
});

export const secretsClient = (endpoint: string, credentials: KeyPair): SecretsManagerClient =>
  new SecretsManagerClient({ ...sdk(credentials), endpoint });

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
  readonly sageMaker: StandIn & { readonly runtimeUrl: string };
  readonly stepFunctions: StandIn;
  readonly registry?: StandIn | undefined;
}

/** The SDK's own variables by which functions and commands find this cloud. */
export const endpointVariables = (servers: Servers): Record<string, string> => {
  const { logs, s3, secrets, eventBridge, sageMaker, stepFunctions, registry } = servers;
  return {
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: logs.url,
    AWS_ENDPOINT_URL_EVENTBRIDGE: eventBridge.url,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_SAGEMAKER: sageMaker.url,
    AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: sageMaker.runtimeUrl,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    AWS_ENDPOINT_URL_SFN: stepFunctions.url,
    ...(registry && { AWS_ENDPOINT_URL_ECR: registry.url }),
  };
};

/** The person's keys. They are no session's, though the same shell may have a token of one. */
const credentialVariables = ({ accessKeyId, secretAccessKey }: KeyPair): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: '',
  AWS_REGION: account.region,
});

/** What a command of the person needs: to find this cloud, to sign, and the project's variables as its functions have them. */
export const commandVariables = (
  deployment: Deployment,
  endpoints: Readonly<Record<string, string>>,
  person: KeyPair,
  pipelinesDir: string,
): Record<string, string> => ({
  ...sharedVariables(deployment),
  FEDML_PIPELINES_DIR: pipelinesDir,
  FEDML_PIPELINE_STATE_MACHINE_ARN: deployment.arns.PipelineStateMachine!,
  ...endpoints,
  ...credentialVariables(person),
});
