import { setTimeout as sleep } from 'node:timers/promises';
import { containerAwsEnvironment } from '../container-environment.ts';
import type { SageMakerContext } from '../context.ts';
import type { ModelContainer } from './container.ts';
import type { ModelServer } from './model-server.ts';
import { startModelServer } from './model-server.ts';

export interface ContainerStart {
  readonly container: ModelContainer;
  /** Plays /opt/ml, with the model unpacked. */
  readonly base: string;
  /** The folder of the user's code on this machine. */
  readonly codeFolder: string;
  /** Added to the container's own environment, as batch transform does. */
  readonly env?: Readonly<Record<string, string>>;
  readonly startupTimeoutMs: number;
  readonly onLines: (lines: string[]) => void;
}

/** The container never answered its ping with 200. */
export class PingFailedError extends Error {
  override readonly name = 'PingFailedError';
}

/** A model that fails to load so many times in a row will not load at all. */
const MAX_FAILED_PINGS = 3;
const PING_INTERVAL_MS = 100;

/**
 * Starts a container and waits for its first ping, which loads the model.
 *
 * @throws PingFailedError; nothing is left running then.
 */
export const startContainer = async (context: SageMakerContext, start: ContainerStart): Promise<ModelServer> => {
  const deadline = Date.now() + start.startupTimeoutMs;
  const server = await startModelServer({
    python: context.python,
    base: start.base,
    env: {
      ...containerAwsEnvironment(context, context.roles.of(start.container.RoleArn)),
      SAGEMAKER_SERVING_MODULE: 'sagemaker_sklearn_container.serving:main',
      ...start.container.Environment,
      ...start.env,
      SAGEMAKER_SUBMIT_DIRECTORY: start.codeFolder,
    },
    onLines: start.onLines,
  }).catch((error: Error) => {
    throw new PingFailedError(error.message, { cause: error });
  });
  const forget = context.background.onClose(() => server.stop());
  server.exited.then(forget);
  try {
    await firstPing(server, deadline);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
};

const firstPing = async (server: ModelServer, deadline: number): Promise<void> => {
  for (let failedCount = 0; failedCount < MAX_FAILED_PINGS; failedCount += 1) {
    const timeoutMs = Math.max(1, deadline - Date.now());
    const answer = await server.send({ method: 'GET', path: '/ping', timeoutMs }).catch((error: Error) => {
      throw new PingFailedError(`/ping was not answered: ${error.message}`, { cause: error });
    });
    answer.resume();
    if (answer.statusCode === 200) return;
    await sleep(PING_INTERVAL_MS);
  }
  throw new PingFailedError('/ping was answered with an error; see the log.');
};
