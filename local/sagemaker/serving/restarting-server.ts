import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SageMakerContext } from '../context.ts';
import type { ModelContainer } from './container.ts';
import { unpackModel } from './model-files.ts';
import type { ContainerRequest, ModelServer } from './model-server.ts';
import { ContainerTimeoutError } from './model-server.ts';
import { startContainer } from './start-container.ts';

export interface RestartingServerOptions {
  readonly container: ModelContainer;
  /** Plays /opt/ml; the model is unpacked into it before the first start. */
  readonly base: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly startupTimeoutMs: number;
  readonly onLines: (lines: string[]) => void;
}

/** A model server that is started when it is needed, and again after it died or was stopped. */
export interface RestartingServer {
  /** @throws JobFailure when the model can't be had; PingFailedError when it doesn't load. */
  start(): Promise<void>;
  /** Sends a request. A container that takes too long is killed, and ContainerTimeoutError thrown. */
  send(request: ContainerRequest): Promise<IncomingMessage>;
  stop(): Promise<void>;
}

/** A broken connection often means that the process is dying: so long it may take until the next call starts another. */
const EXIT_GRACE_MS = 500;

export const restartingServer = (context: SageMakerContext, options: RestartingServerOptions): RestartingServer => {
  /** The folder of the code, once it is there with the model. */
  let unpacked: string | undefined;
  let running: Promise<ModelServer> | undefined;

  const server = (): Promise<ModelServer> => {
    if (running) return running;
    const launching = launch();
    const forget = () => {
      if (running === launching) running = undefined;
    };
    launching.then(({ exited }) => exited.then(forget), forget);
    running = launching;
    return launching;
  };

  const launch = async (): Promise<ModelServer> => {
    unpacked ??= await unpackModel(context, options.container, options.base);
    return startContainer(context, { ...options, codeFolder: unpacked });
  };

  /** Forgets the server before it ends it, so that a call which comes meanwhile starts another. */
  const stop = async (): Promise<void> => {
    const stopping = running;
    running = undefined;
    await (await stopping?.catch(() => undefined))?.stop();
  };

  return {
    async start() {
      await server();
    },
    async send(request) {
      const current = await server();
      try {
        return await current.send(request);
      } catch (error) {
        if (error instanceof ContainerTimeoutError) await stop();
        else await Promise.race([current.exited, sleep(EXIT_GRACE_MS, undefined, { ref: false })]);
        throw error;
      }
    },
    stop,
  };
};
