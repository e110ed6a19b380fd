import { setTimeout as sleep } from 'node:timers/promises';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import {
  EndpointFailedError,
  EndpointThrottledError,
  ModelTimeoutError,
  PayloadTooLargeError,
  PredictionFailedError,
} from '#shared/errors.ts';
import { answerText } from '#shared/sagemaker/answer-text.ts';
import { cloudWatchJobLog } from '#shared/sagemaker/cloudwatch-logs.ts';
import { endpointLog, isTraceback, type JobLog, lastWords } from '#shared/sagemaker/job-log.ts';
import { saidText, withLastWords } from '#shared/sagemaker/model-answer.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';

interface Options {
  readonly client?: SageMakerRuntimeClient;
  /** Where the endpoints' containers write. */
  readonly log?: JobLog;
  /** How long an answer may take. */
  readonly timeoutMs?: number;
  /** Before the log is read again: CloudWatch has a line some seconds after it was written. */
  readonly pausesMs?: readonly number[];
}

/** SageMaker gives a model 60 seconds; the connection takes some more. */
const TIMEOUT_MS = 70_000;

/** A container that fails after so long was ended for taking too long, whatever its web server says: 0, 500, 502 or 504. */
const TOO_LONG_MS = 55_000;

const PAUSES_MS = [500, 1_500, 3_000];

/** The clocks of instances differ a little from ours. */
const CLOCK_SKEW_MS = 2_000;

/** Models behind Amazon SageMaker's endpoints. */
export const sageMakerModelServer = ({
  client = new SageMakerRuntimeClient({}),
  log = cloudWatchJobLog(),
  timeoutMs = TIMEOUT_MS,
  pausesMs = PAUSES_MS,
}: Options = {}): ModelServer => {
  /** The end of what an endpoint has logged, after a traceback was waited for. */
  const lastWordsSince = async (endpointName: string, since: Date): Promise<string> => {
    const source = endpointLog(endpointName, new Date(since.getTime() - CLOCK_SKEW_MS));
    for (const pause of pausesMs) {
      const words = await lastWords(log, source);
      if (words.split('\n').some(isTraceback)) return words;
      await sleep(pause);
    }
    return lastWords(log, source);
  };

  return {
    async predict(endpointName, csv) {
      const startedAt = new Date();
      try {
        const { Body } = await client.send(
          // The sklearn image matches the type exactly: with a charset it answers 500.
          new InvokeEndpointCommand({
            EndpointName: endpointName,
            ContentType: 'text/csv',
            Accept: 'text/csv',
            Body: csv,
          }),
          { abortSignal: AbortSignal.timeout(timeoutMs) },
        );
        // The SDK gives null for an answer without a byte.
        return answerText(Body ?? new Uint8Array(), endpointName);
      } catch (error) {
        const failure = translated(endpointName, error as RuntimeError, Date.now() - startedAt.getTime());
        if (!(failure instanceof PredictionFailedError) || failure === error) throw failure;
        const words = await lastWordsSince(endpointName, startedAt);
        const place = words ? '' : ` Its log group is /aws/sagemaker/Endpoints/${endpointName}.`;
        throw new PredictionFailedError(withLastWords(`${failure.message}${place}`, words), { cause: error });
      }
    },
    lastWords: (endpointName, since) => lastWords(log, endpointLog(endpointName, since)),
  };
};

interface RuntimeError extends Error {
  readonly OriginalMessage?: string;
  readonly OriginalStatusCode?: number;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const THROTTLED = new Set([
  'ModelNotReadyException',
  'ThrottlingException',
  'ServiceUnavailable',
  'InternalDependencyException',
]);

const TIMEOUTS = new Set(['TimeoutError', 'AbortError']);

const translated = (endpointName: string, error: RuntimeError, milliseconds: number): Error => {
  const options = { cause: error };
  const status = error.$metadata?.httpStatusCode;
  if (error.name === 'ModelError') return modelFailure(endpointName, error, milliseconds);
  if (TIMEOUTS.has(error.name)) return tooSlow(endpointName, milliseconds, options);
  if (THROTTLED.has(error.name) || status === 429 || status === 503) {
    return new EndpointThrottledError(`The endpoint ${endpointName} has no capacity now: ${error.message}`, options);
  }
  if (status === 413 || (error.name === 'ValidationError' && /\bbody\b|payload/i.test(error.message))) {
    return new PayloadTooLargeError(
      `The endpoint ${endpointName} takes no payload of that size: ${error.message}`,
      options,
    );
  }
  if (error.name === 'ValidationError' && /not found/.test(error.message)) {
    return new EndpointFailedError(`The endpoint ${endpointName} doesn't exist. Deploy the pipeline first.`, options);
  }
  return error;
};

/** What the container did. Status 0 is none: it was ended before it answered. */
const modelFailure = (endpointName: string, error: RuntimeError, milliseconds: number): Error => {
  const options = { cause: error };
  const { OriginalStatusCode: status = 0, OriginalMessage, message } = error;
  const said = saidText(OriginalMessage || message);
  if (isTimeout(status, said, milliseconds)) return tooSlow(endpointName, milliseconds, options);
  if (status === 429 || status === 503) {
    return new EndpointThrottledError(`The endpoint ${endpointName} is overloaded (${status}).`, options);
  }
  if (status === 413) {
    return new PayloadTooLargeError(`The model behind ${endpointName} takes no payload of that size: ${said}`, options);
  }
  const what = status === 0 ? 'gave no answer' : `answered ${status}`;
  return new PredictionFailedError(`The model behind ${endpointName} ${what}: ${said}`, options);
};

const isTimeout = (status: number, said: string, milliseconds: number): boolean =>
  milliseconds >= TOO_LONG_MS || [408, 504].includes(status) || (status === 0 && /timed? ?out/i.test(said));

const tooSlow = (endpointName: string, milliseconds: number, options: ErrorOptions): ModelTimeoutError =>
  new ModelTimeoutError(
    `The model behind ${endpointName} gave no answer within ${Math.max(1, Math.round(milliseconds / 1000))} s.`,
    options,
  );
