import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RestartingServer } from '../serving/restarting-server.ts';
import { dataProcessing } from './data-processing.ts';
import type { TransformPlan } from './transform-file.ts';
import type { TransformJob } from './transform-job.ts';

/** The container answered an invocation with an error, as often as it was asked. */
export class InvocationFailedError extends Error {
  override readonly name = 'InvocationFailedError';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/** What the request leaves open, the container may say; then come the service's defaults. */
export interface ExecutionParameters {
  readonly MaxConcurrentTransforms: number;
  readonly MaxPayloadInMB: number;
  readonly BatchStrategy: 'MultiRecord' | 'SingleRecord';
}

const DEFAULTS: ExecutionParameters = { MaxConcurrentTransforms: 1, MaxPayloadInMB: 6, BatchStrategy: 'MultiRecord' };

const EXECUTION_PARAMETERS_TIMEOUT_MS = 10_000;

/** Asks the container for its settings (GET /execution-parameters) and puts those of the request before them. */
export const executionParameters = async (
  job: TransformJob,
  server: RestartingServer,
): Promise<ExecutionParameters> => {
  const answer = await server.send({
    method: 'GET',
    path: '/execution-parameters',
    timeoutMs: EXECUTION_PARAMETERS_TIMEOUT_MS,
  });
  const body = await text(answer);
  const container = answer.statusCode === 200 ? fromContainer(JSON.parse(body) as Record<string, unknown>) : {};
  return {
    MaxConcurrentTransforms:
      job.MaxConcurrentTransforms || container.MaxConcurrentTransforms || DEFAULTS.MaxConcurrentTransforms,
    MaxPayloadInMB: job.MaxPayloadInMB ?? container.MaxPayloadInMB ?? DEFAULTS.MaxPayloadInMB,
    BatchStrategy: job.BatchStrategy ?? container.BatchStrategy ?? DEFAULTS.BatchStrategy,
  };
};

/** The container's strategies are spelled MULTI_RECORD and SINGLE_RECORD. */
const fromContainer = ({
  MaxConcurrentTransforms,
  MaxPayloadInMB,
  BatchStrategy,
}: Record<string, unknown>): Partial<ExecutionParameters> => ({
  ...(MaxConcurrentTransforms === undefined ? {} : { MaxConcurrentTransforms: Number(MaxConcurrentTransforms) }),
  ...(MaxPayloadInMB === undefined ? {} : { MaxPayloadInMB: Number(MaxPayloadInMB) }),
  ...(BatchStrategy === undefined
    ? {}
    : { BatchStrategy: BatchStrategy === 'SINGLE_RECORD' ? 'SingleRecord' : 'MultiRecord' }),
});

/** How the files of a job go through its container, until `ending` is aborted. */
export const transformPlan = (
  job: TransformJob,
  { MaxPayloadInMB, BatchStrategy }: ExecutionParameters,
  server: RestartingServer,
  ending: AbortSignal,
): TransformPlan => {
  const { ContentType, SplitType } = job.TransformInput;
  const { Accept, AssembleWith } = job.TransformOutput;
  const { InvocationsTimeoutInSeconds = 600, InvocationsMaxRetries = 3 } = job.ModelClientConfig ?? {};
  const headers = { ...(ContentType ? { 'content-type': ContentType } : {}), ...(Accept ? { accept: Accept } : {}) };

  const attempt = async (body: Buffer | Readable): Promise<IncomingMessage> => {
    ending.throwIfAborted();
    const timeoutMs = InvocationsTimeoutInSeconds * 1000;
    const answer = await server.send({ method: 'POST', path: '/invocations', headers, body, timeoutMs });
    const statusCode = answer.statusCode ?? 0;
    if (statusCode >= 200 && statusCode < 300) return answer;
    throw new InvocationFailedError(statusCode, await text(answer));
  };

  return {
    splitsLines: SplitType === 'Line',
    strategy: BatchStrategy,
    maxPayloadBytes: MaxPayloadInMB === 0 ? Number.POSITIVE_INFINITY : MaxPayloadInMB * 1024 * 1024,
    assemblesLines: AssembleWith === 'Line',
    processing: dataProcessing(job.DataProcessing ?? {}, ContentType),
    async invoke(body) {
      for (let retryCount = 0; ; retryCount += 1) {
        try {
          return await attempt(await body());
        } catch (error) {
          if (ending.aborted || retryCount === InvocationsMaxRetries) throw error;
          await sleep(RETRY_DELAY_MS * 2 ** retryCount, undefined, { signal: ending });
        }
      }
    },
  };
};

const RETRY_DELAY_MS = 50;
