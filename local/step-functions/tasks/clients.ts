import { Agent } from 'node:http';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { KeyPair } from '#local/iam/iam.ts';

/** Where the services are that tasks call; `sfn` is this server itself. */
export interface Endpoints {
  readonly lambda: string;
  readonly s3: string;
  readonly eventbridge: string;
  readonly sagemaker: string;
}

/** The SDK clients of tasks, each made at its first use. */
export interface ServiceClients {
  readonly lambda: () => Promise<LambdaClient>;
  readonly s3: () => Promise<S3Client>;
  readonly eventbridge: () => Promise<EventBridgeClient>;
  readonly sagemaker: () => Promise<SageMakerClient>;
  readonly sfn: () => Promise<SFNClient>;
}

interface ClientOptions {
  readonly region: string;
  /** They may become known after the server started; calls wait for them. */
  readonly endpoints: Promise<Endpoints & { readonly sfn: string }>;
  readonly credentials: KeyPair;
  /** @throws AccessDenied while nobody may have these credentials; asked before each use of a client. */
  readonly assertTaken: () => void;
  /** Shared by all clients: its owner closes the connections. */
  readonly httpAgent: Agent;
}

export const serviceClients = (options: ClientOptions): ServiceClients => {
  const lazily = <C>(
    service: keyof Endpoints | 'sfn',
    make: (settings: ReturnType<typeof settingsFor>) => Promise<C>,
  ): (() => Promise<C>) => {
    let client: Promise<C> | undefined;
    return async () => {
      options.assertTaken();
      client ??= options.endpoints.then((known) => make(settingsFor(options, known[service])));
      return client;
    };
  };
  return {
    lambda: lazily('lambda', async (settings) => {
      const { LambdaClient } = await import('@aws-sdk/client-lambda');
      return new LambdaClient({ ...settings, maxAttempts: 1 }); // the SDK's retries would distort those of the state
    }),
    s3: lazily('s3', async (settings) => {
      const { S3Client } = await import('@aws-sdk/client-s3');
      return new S3Client({ ...settings, forcePathStyle: true });
    }),
    eventbridge: lazily('eventbridge', async (settings) => {
      const { EventBridgeClient } = await import('@aws-sdk/client-eventbridge');
      return new EventBridgeClient(settings);
    }),
    sagemaker: lazily('sagemaker', async (settings) => {
      const { SageMakerClient } = await import('@aws-sdk/client-sagemaker');
      return new SageMakerClient(settings);
    }),
    sfn: lazily('sfn', async (settings) => {
      const { SFNClient } = await import('@aws-sdk/client-sfn');
      return new SFNClient({ ...settings, disableHostPrefix: true });
    }),
  };
};

/** A Map can make many calls at a time, each as long as its task may take: no limit of sockets that matters. */
export const taskAgent = (): Agent => new Agent({ keepAlive: true, maxSockets: 1_000 });

const silence = (): void => {};
const SILENT = { trace: silence, debug: silence, info: silence, warn: silence, error: silence };

const settingsFor = ({ region, credentials, httpAgent }: ClientOptions, endpoint: string) => ({
  region,
  endpoint,
  credentials,
  logger: SILENT, // what fails is in the execution's history
  requestHandler: { httpAgent, requestTimeout: 0 },
});
