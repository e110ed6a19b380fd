import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import type { SageMakerContext } from '../context.ts';
import { failureReason, JobFailure, orClientError } from '../job-failure.ts';
import type { InputObject } from '../objects.ts';
import { joinS3Uri, parseS3Uri } from '../objects.ts';
import { removeFolder } from '../remove-folder.ts';
import type { RestartingServer } from '../serving/restarting-server.ts';
import { restartingServer } from '../serving/restarting-server.ts';
import { PingFailedError } from '../serving/start-container.ts';
import { executionParameters, InvocationFailedError, transformPlan } from './plan.ts';
import type { TransformPlan } from './transform-file.ts';
import { transformFile } from './transform-file.ts';
import type { TransformJob, TransformJobs } from './transform-job.ts';

export const TRANSFORM_LOG_GROUP = '/aws/sagemaker/TransformJobs';

/**
 * Lives a transform job's whole life. It never throws; when the stand-in closes meanwhile, the job stays as it is on
 * disk and is failed at the next start.
 *
 * @param stop Aborted to stop the job; files that aren't finished by then leave no output.
 */
export const runTransformJob = async (
  context: SageMakerContext,
  jobs: TransformJobs,
  job: TransformJob,
  stop: AbortSignal,
): Promise<void> => {
  const { background } = context;
  const role = context.roles.of(job.container.RoleArn);
  const { objects } = role;
  const name = job.TransformJobName;
  const folder = join(context.dataDir, 'work', 'transform', name.toLowerCase());
  const ending = AbortSignal.any([background.closing, stop]);
  const stream = `${name}/i-${randomUUID().replaceAll('-', '').slice(0, 17)}`;
  const log = (lines: readonly string[]) => role.log(TRANSFORM_LOG_GROUP, stream, lines);
  const server = restartingServer(context, {
    container: job.container,
    base: join(folder, 'opt', 'ml'),
    env: batchEnvironment(job),
    startupTimeoutMs: context.settings.containerStartupTimeoutMs,
    onLines: log,
  });
  ending.addEventListener('abort', () => void server.stop(), { once: true });
  try {
    await sleep(context.settings.startDelayMs, undefined, { signal: ending });
    jobs.move(name, 'InProgress', { TransformStartTime: new Date() });
    role.assertMayUse({
      volumeKeyId: job.TransformResources.VolumeKmsKeyId,
      outputKeyId: job.TransformOutput.KmsKeyId,
    });
    await startServer(server);
    const settings = await executionParameters(job, server);
    const plan = transformPlan(job, settings, server, ending);
    const failures = await transformAll(plan, settings.MaxConcurrentTransforms);
    ending.throwIfAborted();
    if (failures.length > 0) throw asJobFailure(failures[0]);
    jobs.move(name, 'Completed');
  } catch (error) {
    if (background.closing.aborted) return;
    if (stop.aborted) jobs.move(name, 'Stopped');
    else jobs.move(name, 'Failed', { FailureReason: failureReason(error) });
  } finally {
    await server.stop();
    await removeFolder(folder);
  }

  /** Transforms the objects, several at a time, and gives the errors of those that failed; the others are done. */
  async function transformAll(plan: TransformPlan, concurrency: number): Promise<unknown[]> {
    const inputs = objects.list(parseS3Uri(job.TransformInput.DataSource.S3DataSource.S3Uri))[Symbol.asyncIterator]();
    const failures: unknown[] = [];
    let objectCount = 0;
    const nextObject = () => orClientError('Data download failed', async () => inputs.next());
    const work = async () => {
      for (let next = await nextObject(); !next.done; next = await nextObject()) {
        ending.throwIfAborted();
        objectCount += 1;
        const output = join(folder, `${objectCount}.out`);
        await transformObject(plan, next.value, output).catch((error: unknown) => {
          ending.throwIfAborted();
          logFailure(next.value, error);
          failures.push(error);
        });
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: concurrency }, work));
    for (const result of ended) if (result.status === 'rejected') throw result.reason;
    if (objectCount === 0) throw noObjects(context, job);
    return failures;
  }

  async function transformObject(plan: TransformPlan, input: InputObject, output: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    try {
      await transformFile(plan, () => openInput(input), output);
      ending.throwIfAborted();
      const { S3OutputPath, Accept = 'application/octet-stream', KmsKeyId } = job.TransformOutput;
      const target = joinS3Uri(S3OutputPath, `${input.relativeKey}.out`);
      await orClientError('Artifact upload failed', () => objects.upload(output, parseS3Uri(target), Accept, KmsKeyId));
    } finally {
      await rm(output, { force: true });
    }
  }

  async function openInput(input: InputObject): Promise<Readable> {
    const object = await orClientError('Data download failed', () => objects.open(input));
    return job.TransformInput.CompressionType === 'Gzip' ? object.compose(createGunzip()) : object;
  }

  /** The job's data log, in the words of the service. */
  function logFailure({ bucket, key }: InputObject, error: unknown): void {
    const subject = `${bucket}/${key}`;
    const lines =
      error instanceof InvocationFailedError
        ? [`Bad HTTP status received from algorithm: ${error.statusCode}`, '', 'Message:', ...error.message.split('\n')]
        : [String((error as Error).message)];
    role.log(
      TRANSFORM_LOG_GROUP,
      `${stream}/data-log`,
      lines.map((line) => `${subject}: ${line}`),
    );
  }
};

/** What the platform tells a container about the job; strategies are spelled its way. */
const batchEnvironment = (job: TransformJob): Record<string, string> => ({
  ...job.Environment,
  SAGEMAKER_BATCH: 'true',
  ...(job.MaxPayloadInMB === undefined ? {} : { SAGEMAKER_MAX_PAYLOAD_IN_MB: String(job.MaxPayloadInMB) }),
  ...(job.MaxConcurrentTransforms === undefined
    ? {}
    : { SAGEMAKER_MAX_CONCURRENT_TRANSFORMS: String(job.MaxConcurrentTransforms) }),
  ...(job.BatchStrategy === undefined
    ? {}
    : { SAGEMAKER_BATCH_STRATEGY: job.BatchStrategy === 'MultiRecord' ? 'MULTI_RECORD' : 'SINGLE_RECORD' }),
});

const startServer = async (server: RestartingServer): Promise<void> => {
  await server.start().catch((error: unknown) => {
    if (!(error instanceof PingFailedError)) throw error;
    throw new JobFailure(`AlgorithmError: The model container did not pass the ping health check. ${SEE_LOGS}`, {
      cause: error,
    });
  });
};

const SEE_LOGS = 'See job logs for more information';

/** The reason stands in the log; the job only says whose fault it is. */
const asJobFailure = (error: unknown): JobFailure => {
  if (error instanceof JobFailure) return error;
  const isServerError = error instanceof InvocationFailedError && error.statusCode >= 500;
  return new JobFailure(`${isServerError ? 'AlgorithmError' : 'ClientError'}: ${SEE_LOGS}`, { cause: error });
};

const noObjects = ({ account }: SageMakerContext, { TransformInput }: TransformJob): JobFailure => {
  const { S3Uri } = TransformInput.DataSource.S3DataSource;
  return new JobFailure(
    `ClientError: Data download failed:No S3 objects found under S3 URL "${S3Uri}" given in input data source. ` +
      `Please ensure that the bucket exists in the selected region (${account.region}) and that objects exist under that S3 prefix.`,
  );
};
