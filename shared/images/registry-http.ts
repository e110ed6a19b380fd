import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { RegistryRefusedError, RegistryUnavailableError } from '#shared/errors.ts';
import { readText } from './response-text.ts';

/** How a registry is reached. */
export interface RegistryAccess {
  /** `https://…`, or `http://…` on a loopback address. */
  readonly endpoint: string;
  /** The registry's own host; sent as `Host`, for a registry that lies behind another address. */
  readonly host: string;
  /** The value of the Authorization header; a new one after the registry refused the last. */
  authorization(options?: { readonly renew: boolean }): Promise<string>;
}

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** A path below the endpoint, or the `Location` of an earlier answer. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
  /** How often to try when the registry is unavailable; default 4. */
  readonly attempts?: number;
}

/** HTTP with one registry: credentials, redirects and repeats. */
export interface RegistryHttp {
  /**
   * The answer to a request, whatever its status below 500; its body is the caller's to read.
   *
   * @throws RegistryUnavailableError when no attempt was answered, or all with 429 or 5xx.
   */
  send(request: RegistryRequest): Promise<IncomingMessage>;
}

/** Layers are some hundred megabytes long; a connection that is silent for so long is dead. */
const SILENCE_TIMEOUT_MS = 60_000;

/** An image has up to 127 layers, which are looked for at the same time. */
const POOL = { keepAlive: true, maxSockets: 8 };

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 10_000;
const MAX_REDIRECTS = 3;

export const registryHttp = (access: RegistryAccess): RegistryHttp => {
  const endpoint = checkedEndpoint(access);
  const agents = { http: new HttpAgent(POOL), https: new HttpsAgent(POOL) };
  const once = async (request: RegistryRequest, renew: boolean): Promise<IncomingMessage> => {
    const url = registryUrl(request.path, endpoint);
    const headers = { ...request.headers, host: access.host, authorization: await access.authorization({ renew }) };
    const response = await exchange(url, { ...request, headers }, agents);
    if (!renew && isDenied(response)) {
      response.resume();
      return once(request, true);
    }
    return isRedirect(response) ? follow(request, url, response) : response;
  };
  const follow = async (request: RegistryRequest, from: URL, first: IncomingMessage): Promise<IncomingMessage> => {
    let [url, response] = [from, first];
    for (let count = 0; isRedirect(response); count += 1) {
      response.resume();
      url = redirectTarget(request, url, response, endpoint);
      if (count === MAX_REDIRECTS) throw new RegistryRefusedError(`${from.host} redirects in circles.`);
      // Blobs lie on S3 under signed URLs: S3 refuses a second credential, and nobody else is to see ours.
      response = await exchange(url, request, agents);
    }
    return response;
  };
  return {
    async send(request) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const response = await once(request, false);
          if (!isUnavailable(response)) return response;
          throw new UnavailableAnswer(response, await readText(response));
        } catch (error) {
          if (attempt < (request.attempts ?? ATTEMPTS) && isPassing(error)) await sleep(pauseMs(attempt, error));
          else throw asRegistryError(error, request, access);
        }
      }
    },
  };
};

/** The pause before another attempt: what the registry asks for, or doubling with jitter. In milliseconds. */
export const pauseMs = (attempt: number, error?: unknown): number => {
  const asked = error instanceof UnavailableAnswer ? error.retryAfterMs : undefined;
  const doubling = FIRST_PAUSE_MS * 2 ** (attempt - 1);
  return Math.min(MAX_PAUSE_MS, asked ?? doubling * (0.5 + Math.random() / 2));
};

class UnavailableAnswer extends Error {
  readonly retryAfterMs: number | undefined;

  constructor({ statusCode, headers }: IncomingMessage, text: string) {
    super(`it answered ${statusCode}${text && `: ${text}`}`);
    const seconds = Number(headers['retry-after']);
    this.retryAfterMs = Number.isFinite(seconds) && headers['retry-after'] ? seconds * 1000 : undefined;
  }
}

const exchange = (
  url: URL,
  { method, headers, body }: RegistryRequest,
  agents: { readonly http: HttpAgent; readonly https: HttpsAgent },
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const length = body || WITH_BODY.has(method) ? { 'content-length': body?.length ?? 0 } : {};
    const options = { method, headers: { ...headers, ...length }, timeout: SILENCE_TIMEOUT_MS };
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, agent: agents.https }, resolve)
        : httpRequest(url, { ...options, agent: agents.http }, resolve);
    request.on('error', reject);
    request.on('response', (response) => {
      // Who refuses a body may not read it to its end; the connection's next request would wait behind it.
      const { socket, statusCode = 0 } = response;
      if (body && statusCode >= 400) response.once('end', () => socket.destroy());
    });
    request.on('timeout', () =>
      request.destroy(Object.assign(new Error(`it was silent for ${SILENCE_TIMEOUT_MS} ms`), { code: 'ETIMEDOUT' })),
    );
    request.end(body);
  });

const WITH_BODY = new Set(['POST', 'PATCH', 'PUT']);

const checkedEndpoint = ({ endpoint }: RegistryAccess): URL => {
  const url = new URL(endpoint);
  if (url.protocol === 'https:' || isLoopback(url)) return url;
  throw new RegistryRefusedError(`The registry ${endpoint} is not used: credentials are sent by https only.`);
};

/** Plain http is for registries of this machine. */
const isLoopback = ({ protocol, hostname }: URL): boolean => protocol === 'http:' && hostname === '127.0.0.1';

/** A registry may say where an upload goes on, yet not send us, with its credentials, to another host. */
const registryUrl = (path: string, endpoint: URL): URL => {
  const url = new URL(path, endpoint);
  if (url.origin === endpoint.origin) return url;
  throw new RegistryRefusedError(`The registry ${endpoint.host} sends uploads to ${url.host}, which is not followed.`);
};

const isRedirect = ({ statusCode = 0, headers }: IncomingMessage): boolean =>
  [301, 302, 303, 307, 308].includes(statusCode) && headers.location !== undefined;

const redirectTarget = ({ method }: RegistryRequest, from: URL, response: IncomingMessage, endpoint: URL): URL => {
  const url = new URL(response.headers.location!, from);
  if (method !== 'GET' && method !== 'HEAD') {
    throw new RegistryRefusedError(`${from.host} redirects a ${method} to ${url.host}, which is not followed.`);
  }
  if (url.protocol === 'https:' || (isLoopback(endpoint) && isLoopback(url))) return url;
  throw new RegistryRefusedError(`${from.host} redirects to ${url.origin}, which is not followed: it is not https.`);
};

/** ECR answers 403 to a token of yesterday, as it does to a lacking permission; other registries say 401. */
const isDenied = ({ statusCode }: IncomingMessage): boolean => statusCode === 401 || statusCode === 403;

const isUnavailable = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode === 429 || statusCode >= 500;

/** Codes of broken connections and failed look-ups; a certificate that doesn't fit is none of them. */
const PASSING = new Set(['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ENOTFOUND']);

/** True for what may be over at the next attempt. */
export const isPassing = (error: unknown): boolean =>
  error instanceof UnavailableAnswer ||
  error instanceof RegistryUnavailableError ||
  PASSING.has((error as NodeJS.ErrnoException).code ?? '');

const asRegistryError = (error: unknown, { method, path }: RegistryRequest, { host }: RegistryAccess): unknown => {
  if (error instanceof RegistryRefusedError) return error;
  const message = `The registry ${host} could not be asked to ${method} ${path.split('?')[0]}: ${(error as Error).message}.`;
  return isPassing(error)
    ? new RegistryUnavailableError(message, { cause: error })
    : new RegistryRefusedError(message, { cause: error });
};
