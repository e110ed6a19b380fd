import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { startPython } from '../python-process.ts';
import { makeSocketFolder } from './socket-folder.ts';

export interface ModelServerOptions {
  /** Path of the interpreter. */
  readonly python: string;
  /** Plays /opt/ml: the model is in `model/`. */
  readonly base: string;
  /** The image's and the model's environment; `SAGEMAKER_SUBMIT_DIRECTORY` is a folder of this machine. */
  readonly env: Readonly<Record<string, string>>;
  /** Takes the server's log. */
  readonly onLines: (lines: string[]) => void;
}

/** A container that serves a model on a socket that only this user can reach; a port would be open to all users of the machine. */
export interface ModelServer {
  readonly socketPath: string;
  /** Resolves when the process is gone, whoever ended it. */
  readonly exited: Promise<unknown>;
  /** Sends one request and gives the answer as it arrives. */
  send(message: ContainerRequest): Promise<IncomingMessage>;
  /** Kills the process and its children. */
  stop(): Promise<void>;
}

export interface ContainerRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  /** A stream without Content-Length is sent chunked. */
  readonly body?: Buffer | Readable;
  /** From the request's first byte to the answer's headers. */
  readonly timeoutMs: number;
}

/** The container did not answer in time. */
export class ContainerTimeoutError extends Error {
  override readonly name = 'ContainerTimeoutError';
}

/** What `server.py` writes once it listens, ahead of everything else. */
const ANNOUNCEMENT = 'LISTENING';

/**
 * Starts `server.py` and waits until it listens; the model is loaded by the first request.
 *
 * @throws Error when the process ends before it listens.
 */
export const startModelServer = async ({ python, base, env, onLines }: ModelServerOptions): Promise<ModelServer> => {
  const socket = await makeSocketFolder();
  const listening = Promise.withResolvers<void>();
  let isListening = false;
  const child = startPython({
    python,
    script: 'server.py',
    args: [base, socket.path],
    env,
    onLines(lines) {
      if (isListening || !lines.includes(ANNOUNCEMENT)) return onLines(lines);
      isListening = true;
      listening.resolve();
      onLines(lines.toSpliced(lines.indexOf(ANNOUNCEMENT), 1));
    },
  });
  const exited = child.exited.catch((error: Error) => onLines([String(error)])).finally(socket.remove);
  exited.then(() => listening.reject(new Error('The model server ended before it listened; see its log.')));
  await listening.promise;
  const agent = new Agent({ keepAlive: true });
  return {
    socketPath: socket.path,
    exited,
    send: (message) => send(socket.path, agent, message),
    async stop() {
      agent.destroy();
      child.kill();
      await exited;
    },
  };
};

const send = async (
  socketPath: string,
  agent: Agent,
  { method, path, headers = {}, body, timeoutMs }: ContainerRequest,
): Promise<IncomingMessage> => {
  const length = body instanceof Readable ? {} : { 'content-length': body?.length ?? 0 };
  const outgoing = request({ socketPath, path, agent, method, headers: { ...headers, ...length } });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  const timer = setTimeout(
    () => outgoing.destroy(new ContainerTimeoutError(`The container did not answer within ${timeoutMs} ms.`)),
    timeoutMs,
  );
  try {
    if (body instanceof Readable) pipeline(body, outgoing).catch(() => {});
    else outgoing.end(body);
    return await answered;
  } finally {
    clearTimeout(timer);
  }
};
