import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { finished } from 'node:stream';
import type { SageMakerContext } from '../context.ts';
import { JobFailure } from '../job-failure.ts';
import type { Container } from '../serving/container.ts';
import { unpackModel } from '../serving/model-files.ts';
import type { ContainerRequest, ModelServer } from '../serving/model-server.ts';
import { ContainerTimeoutError } from '../serving/model-server.ts';
import { PingFailedError, startContainer } from '../serving/start-container.ts';
import type { ProductionVariant } from './configs.ts';
import { isServerless } from './configs.ts';
import { weightOf } from './endpoint.ts';

/** One variant of an endpoint: a model server that is started when it is needed, and again when it died. */
export interface Variant {
  readonly name: string;
  readonly weight: number;
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
  container: Container,
): Variant => {
  const id = randomUUID();
  const base = join(context.dataDir, 'work', 'endpoints', id, 'opt', 'ml');
  const stream = `${variant.VariantName}/i-${id.replaceAll('-', '').slice(0, 17)}`;
  const log = (lines: readonly string[]) => context.logs.append(endpointLogGroup(endpointName), stream, lines);
  const serverless = isServerless(variant);
  const idle = idleTimer(serverless ? context.settings.serverlessIdleMs : undefined, () => void stop());
  let codeFolder: Promise<string> | undefined;
  let running: Promise<ModelServer> | undefined;
  let activeCount = 0;
  let onDrained: () => void = () => {};

  const server = (): Promise<ModelServer> => {
    running ??= launch().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };

  const launch = async (): Promise<ModelServer> => {
    codeFolder ??= unpackModel(context, container, base);
    const started = await startContainer(context, {
      container,
      base,
      codeFolder: await codeFolder,
      startupTimeoutMs: startupTimeoutMs(context, variant),
      onLines: log,
    });
    started.exited.then(() => {
      running = undefined;
    });
    return started;
  };

  const stop = async (): Promise<void> => {
    const stopped = await running?.catch(() => undefined);
    await stopped?.stop();
  };

  const release = (): void => {
    activeCount -= 1;
    if (activeCount > 0) return;
    idle.begin();
    onDrained();
  };

  return {
    name: variant.VariantName,
    weight: weightOf(variant),
    isServerless: serverless,
    async start() {
      await server().catch((error: unknown) => {
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
        const answer = await (await server()).send(request);
        finished(answer, release);
        return answer;
      } catch (error) {
        if (error instanceof ContainerTimeoutError) await stop();
        release();
        throw error;
      }
    },
    async retire() {
      idle.end();
      if (activeCount > 0 && !context.background.closing.aborted) await drained();
      idle.end();
      await stop();
      await rm(join(base, '..', '..'), { recursive: true, force: true });
    },
  };

  function drained(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, DRAIN_MS);
      onDrained = () => {
        clearTimeout(timer);
        resolve();
      };
      context.background.closing.addEventListener('abort', onDrained, { once: true });
    });
  }
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
