import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { EndpointThrottledError, PayloadTooLargeError, PipelineError, PredictionFailedError } from '#shared/errors.ts';
import { type AccessTokens, clientCredentialsTokens } from '#shared/kyma/access-token.ts';
import type { AddressGuard } from '#shared/kyma/addresses.ts';
import { type HttpsAnswer, httpsCall } from '#shared/kyma/https-call.ts';
import type { ModelClient } from '#shared/kyma/model-client.ts';
import { answerText } from '#shared/sagemaker/answer-text.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';

/** Models that are asked by their URL, `https://<host>.<cluster domain>/`. */
export interface KymaModelServer extends ModelServer {
  /** Throws PredictionFailedError when the model isn't well, or the caller isn't let in. */
  ping(url: string): Promise<void>;
}

interface Options {
  readonly openClient: () => Promise<ModelClient>;
  readonly guard: () => AddressGuard;
  /** Before the second and the third try; a busy server's own `Retry-After` counts more. */
  readonly pausesMs?: readonly number[];
}

interface Opened {
  readonly client: ModelClient;
  readonly tokens: AccessTokens;
  readonly addresses: AddressGuard;
  readonly agent: Agent;
}

/** The route on the cluster allows 60 seconds for an answer; the connection takes some more. */
const TIMEOUT_MS = 70_000;

/** Short tries here are for a pod that just went; the state machine tries again after longer pauses. */
const PAUSES_MS = [500, 2_000];
const MAX_RETRY_AFTER_MS = 10_000;

export const kymaModelServer = ({ openClient, guard, pausesMs = PAUSES_MS }: Options): KymaModelServer => {
  let opened: Promise<Opened> | undefined;
  const open = async (): Promise<Opened> => {
    opened ??= openClient().then((client) => {
      const addresses = guard();
      const tokens = clientCredentialsTokens(client, addresses);
      return { client, tokens, addresses, agent: new Agent({ keepAlive: true }) };
    });
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };

  const send = async (url: string, request: ModelRequest): Promise<HttpsAnswer> => {
    const { client, tokens, addresses, agent } = await open();
    const token = await tokens.get();
    const headers = { ...request.headers, ...(token && { authorization: `Bearer ${token}` }) };
    const { certificateAuthority } = client;
    return httpsCall({ ...request, url, headers, timeoutMs: TIMEOUT_MS, certificateAuthority, agent }, addresses);
  };

  /** One answer; after 401 or 403 another one with a new token, whose client secret may be a new one too. */
  const sendWithLogin = async (url: string, request: ModelRequest): Promise<HttpsAnswer> => {
    const answer = await send(url, request);
    const { client, agent } = await open();
    if (!isRefusal(answer) || !client.oauth) return answer;
    agent.destroy();
    opened = undefined;
    return send(url, request);
  };

  const ask = async (baseUrl: string, path: string, request: ModelRequest): Promise<Buffer> => {
    const url = new URL(path, baseUrl).href;
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await sendWithLogin(url, request).catch((error: Error) => error);
      if (outcome instanceof PipelineError) throw outcome;
      if (!(outcome instanceof Error) && outcome.status === 200) return outcome.body;
      const pause = pausesMs[attempt];
      if (!isPassing(outcome) || pause === undefined) throw translated(url, outcome);
      await sleep(pauseOf(outcome, pause));
    }
  };

  return {
    async predict(baseUrl, csv) {
      // SageMaker's images match the type exactly: with a charset they answer 500.
      const headers = { 'content-type': 'text/csv', accept: 'text/csv' };
      return answerText(await ask(baseUrl, 'invocations', { method: 'POST', body: csv, headers }), baseUrl);
    },
    async ping(baseUrl) {
      await ask(baseUrl, 'ping', { method: 'GET', headers: {} });
    },
  };
};

interface ModelRequest {
  readonly method: 'GET' | 'POST';
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Outcome = HttpsAnswer | Error;

const isRefusal = ({ status }: HttpsAnswer): boolean => status === 401 || status === 403;

/** Broken connections, and what a gateway says of pods that are busy or gone; a model's own error is 500. */
const isPassing = (outcome: Outcome): boolean =>
  outcome instanceof Error ? outcome.name !== 'TimeoutError' : [429, 502, 503, 504].includes(outcome.status);

const pauseOf = (outcome: Outcome, pauseMs: number): number => {
  const seconds = outcome instanceof Error ? Number.NaN : Number(outcome.headers['retry-after']);
  return seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : pauseMs;
};

const translated = (url: string, outcome: Outcome): Error => {
  if (outcome instanceof Error) {
    return new EndpointThrottledError(`${url} gave no answer: ${outcome.message}`, { cause: outcome });
  }
  const { status, body } = outcome;
  const said = body.toString('utf8').trim().slice(0, 500);
  if (isPassing(outcome)) return new EndpointThrottledError(`${url} is busy: ${status} ${said}`);
  if (status === 413) return new PayloadTooLargeError(`${url} takes no payload of that size: ${said}`);
  if (isRefusal(outcome)) {
    return new PredictionFailedError(
      `${url} doesn't let the caller in: ${status} ${said}. The token must be of the issuer in deployment.auth.jwt and carry ` +
        'its audiences and scopes; check the secret of FEDML_KYMA_CLIENT_SECRET_ARN.',
    );
  }
  if (status === 404) return new PredictionFailedError(`${url} is not exposed by the cluster's gateway (404).`);
  if (status >= 300 && status < 400) {
    return new PredictionFailedError(`${url} redirects (${status}), which is not followed with a token.`);
  }
  return new PredictionFailedError(`The model at ${url} answered ${status}: ${said}`);
};
