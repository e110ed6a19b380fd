import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  EndpointThrottledError,
  ModelTimeoutError,
  PayloadTooLargeError,
  PipelineError,
  PredictionFailedError,
} from '#shared/errors.ts';
import { type AccessTokens, clientCredentialsTokens } from '#shared/kyma/access-token.ts';
import type { AddressGuard } from '#shared/kyma/addresses.ts';
import type { Cluster } from '#shared/kyma/cluster.ts';
import { type HttpsAnswer, httpsCall } from '#shared/kyma/https-call.ts';
import type { ModelClient } from '#shared/kyma/model-client.ts';
import { podLastWords } from '#shared/kyma/pod-log.ts';
import { answerText } from '#shared/sagemaker/answer-text.ts';
import { saidText, withLastWords } from '#shared/sagemaker/model-answer.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';

/** Models that are asked by their URL, `https://<host>.<cluster domain>/`. */
export interface KymaModelServer extends ModelServer {
  /** Throws PredictionFailedError when the model isn't well, or the caller isn't let in. */
  ping(url: string): Promise<void>;
}

interface Options {
  readonly openClient: () => Promise<ModelClient>;
  readonly guard: () => AddressGuard;
  /** The cluster that the models run on, for the end of their logs. */
  readonly openCluster: () => Promise<Cluster>;
  /** How long an answer may take. */
  readonly timeoutMs?: number;
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

export const kymaModelServer = ({
  openClient,
  guard,
  openCluster,
  timeoutMs = TIMEOUT_MS,
  pausesMs = PAUSES_MS,
}: Options): KymaModelServer => {
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
    return httpsCall({ ...request, url, headers, timeoutMs, certificateAuthority, agent }, addresses);
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
    const startedAt = new Date();
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await sendWithLogin(url, request).catch((error: Error) => error);
      if (outcome instanceof PipelineError) throw outcome;
      if (!(outcome instanceof Error) && outcome.status === 200) return outcome.body;
      const pause = pausesMs[attempt];
      if (!isPassing(outcome) || pause === undefined) {
        const failure = translated(url, outcome);
        if (outcome instanceof Error || !isOfModel(outcome)) throw failure;
        const words = await podLastWords(openCluster, baseUrl, startedAt);
        throw new PredictionFailedError(withLastWords(failure.message, words), { cause: failure });
      }
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
    lastWords: (baseUrl, since) => podLastWords(openCluster, baseUrl, since),
  };
};

interface ModelRequest {
  readonly method: 'GET' | 'POST';
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Outcome = HttpsAnswer | Error;

const isRefusal = ({ status }: HttpsAnswer): boolean => status === 401 || status === 403;

/** A failure of the model's own, not of the way to it. */
const isOfModel = (answer: HttpsAnswer): boolean =>
  !isPassing(answer) && !isTooSlow(answer) && ![401, 403, 404, 413].includes(answer.status) && !isRedirect(answer);

const isRedirect = ({ status }: HttpsAnswer): boolean => status >= 300 && status < 400;

/** What the gateway says when the route's time is over, and our own clock. A 504 in other words is of pods that are gone. */
const isTooSlow = (outcome: Outcome): boolean =>
  outcome instanceof Error
    ? outcome.name === 'TimeoutError'
    : outcome.status === 408 || (outcome.status === 504 && /request timeout/i.test(outcome.body.toString('utf8')));

/** Broken connections, and what a gateway says of pods that are busy or gone; a model's own error is 500. */
const isPassing = (outcome: Outcome): boolean =>
  !isTooSlow(outcome) && (outcome instanceof Error || [429, 502, 503, 504].includes(outcome.status));

const pauseOf = (outcome: Outcome, pauseMs: number): number => {
  const seconds = outcome instanceof Error ? Number.NaN : Number(outcome.headers['retry-after']);
  return seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : pauseMs;
};

const translated = (url: string, outcome: Outcome): Error => {
  if (isTooSlow(outcome)) {
    const options = outcome instanceof Error ? { cause: outcome } : {};
    return new ModelTimeoutError(`The model at ${url} gave no answer in the time that it is given.`, options);
  }
  if (outcome instanceof Error) {
    return new EndpointThrottledError(`${url} gave no answer: ${outcome.message}`, { cause: outcome });
  }
  const { status, body } = outcome;
  const said = saidText(body.toString('utf8'));
  if (isPassing(outcome)) return new EndpointThrottledError(`${url} is busy: ${status} ${said}`);
  if (status === 413) return new PayloadTooLargeError(`${url} takes no payload of that size: ${said}`);
  if (isRefusal(outcome)) {
    return new PredictionFailedError(
      `${url} doesn't let the caller in: ${status} ${said}. The token must be of the issuer in deployment.auth.jwt and carry ` +
        'its audiences and scopes; check the secret of FEDML_KYMA_CLIENT_SECRET_ARN.',
    );
  }
  if (status === 404) return new PredictionFailedError(`${url} is not exposed by the cluster's gateway (404).`);
  if (isRedirect(outcome)) {
    return new PredictionFailedError(`${url} redirects (${status}), which is not followed with a token.`);
  }
  return new PredictionFailedError(`The model at ${url} answered ${status}: ${said}`);
};
