import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { finished } from 'node:stream';
import type { Role } from '../access/roles.ts';
import type { SageMakerContext } from '../context.ts';
import { JobFailure } from '../job-failure.ts';
import { removeFolder } from '../remove-folder.ts';
import type { ModelContainer } from '../serving/container.ts';
import type { ContainerRequest } from '../serving/model-server.ts';
import { restartingServer } from '../serving/restarting-server.ts';
import { PingFailedError } from '../serving/start-container.ts';
import type { ProductionVariant } from './configs.ts';
import { isServerless } from './configs.ts';
import { weightOf } from './endpoint.ts';

/** One variant of an endpoint, served by a container of its own. */
export interface Variant {
  readonly name: string;
  /** What the variant does, it does as its model's role. */
  readonly role: Role;
  readonly weight: number;
  /** Its server is ended when nobody calls, and started by the next call. */
  readonly isServerless: boolean;
  /** @throws JobFailure when the model can't be had or doesn't pass its ping. */
  start(): Promise<void>;
  /** Sends a request to the container. A container that takes too long is killed, and ContainerTimeoutError thrown. */
  send(request: ContainerRequest): Promise<IncomingMessage>;
  /** Lets running requests end, then ends the server and removes its files. */
  retire(): Promise<void>;
}

export const endpointLogGroup = (endpointName: string): string => `/aws/sagemaker/Endpoints/${endpointName}`;

/** How long a retired variant's last requests may take; an invocation may not take longer either. */
const DRAIN_MS = 60_000;

export const openVariant = (
  context: SageMakerContext,
  endpointName: string,
  variant: ProductionVariant,
  container: ModelContainer,
): Variant => {
  const id = randomUUID();
  const folder = join(context.dataDir, 'work', 'endpoints', id);
  const stream = `${variant.VariantName}/i-${id.replaceAll('-', '').slice(0, 17)}`;
  const role = context.roles.of(container.RoleArn);
  const serverless = isServerless(variant);
  const server = restartingServer(context, {
    container,
    base: join(folder, 'opt', 'ml'),
    startupTimeoutMs: startupTimeoutMs(context, variant),
    onLines: (lines) => role.log(endpointLogGroup(endpointName), stream, lines),
  });
  const idle = idleTimer(serverless ? context.settings.serverlessIdleMs : undefined, () => void server.stop());
  let activeCount = 0;
  let onDrained: () => void = () => {};

  const release = (): void => {
    activeCount -= 1;
    if (activeCount > 0) return;
    idle.begin();
    onDrained();
  };

  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, DRAIN_MS);
      const forget = context.background.onClose(resolve);
      onDrained = () => {
        clearTimeout(timer);
        forget();
        resolve();
      };
    });

  return {
    name: variant.VariantName,
    role,
    weight: weightOf(variant),
    isServerless: serverless,
    async start() {
      await server.start().catch((error: unknown) => {
        if (!(error instanceof PingFailedError)) throw error;
        throw new JobFailure(
          `The primary container for production variant ${variant.VariantName} did not pass the ping health check. ` +
            'Please check CloudWatch logs for this endpoint.',
          { cause: error },
        );
      });
      idle.begin();
    },
    async send(request) {
      activeCount += 1;
      idle.end();
      try {
        const answer = await server.send(request);
        finished(answer, release);
        return answer;
      } catch (error) {
        release();
        throw error;
      }
    },
    async retire() {
      if (activeCount > 0 && !context.background.closing.aborted) await drained();
      idle.end();
      await server.stop();
      await removeFolder(folder);
    },
  };
};

const startupTimeoutMs = ({ settings }: SageMakerContext, variant: ProductionVariant): number =>
  variant.ContainerStartupHealthCheckTimeoutInSeconds === undefined
    ? settings.containerStartupTimeoutMs
    : variant.ContainerStartupHealthCheckTimeoutInSeconds * 1000;

const idleTimer = (idleMs: number | undefined, onIdle: () => void) => {
  let timer: NodeJS.Timeout | undefined;
  return {
    begin() {
      clearTimeout(timer);
      if (idleMs !== undefined) timer = setTimeout(onIdle, idleMs).unref();
    },
    end: () => clearTimeout(timer),
  };
};
