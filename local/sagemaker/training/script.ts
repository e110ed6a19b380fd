import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { containerAwsEnvironment } from '../container-environment.ts';
import type { SageMakerContext } from '../context.ts';
import { JobFailure } from '../job-failure.ts';
import { startPython } from '../python-process.ts';
import type { TrainingJob } from './training-job.ts';

/** How long a stopped script runs on. It gets no SIGTERM, as in the cloud, where the container keeps it to itself. */
const STOP_GRACE_MS = 500;

/** The container ended with an error, and has logged it already. */
export class ScriptFailure extends JobFailure {}

/**
 * Runs the script of a job whose inputs are under `base`, until it ends or `stop` is aborted.
 *
 * @throws ScriptFailure when the script failed by itself.
 */
export const runScript = async (
  context: SageMakerContext,
  job: TrainingJob,
  base: string,
  stop: AbortSignal,
  onLines: (lines: string[]) => void,
): Promise<void> => {
  const runner = startPython({
    python: context.python,
    script: 'runner.py',
    args: [base],
    env: {
      ...containerAwsEnvironment(context, context.roles.of(job.RoleArn)),
      SAGEMAKER_TRAINING_MODULE: 'sagemaker_sklearn_container.training:main',
      TRAINING_JOB_NAME: job.TrainingJobName,
      TRAINING_JOB_ARN: job.TrainingJobArn,
      ...job.Environment,
    },
    onLines,
  });
  const ended = new AbortController();
  const stopped = stopAfterGrace(stop, ended.signal, context.background.closing, runner.kill);
  const status = await runner.exited.finally(() => ended.abort());
  await stopped;
  if (!stop.aborted && status !== 0) throw new ScriptFailure(`AlgorithmError: ${await failureText(base)}`);
};

const stopAfterGrace = async (
  stop: AbortSignal,
  ended: AbortSignal,
  closing: AbortSignal,
  kill: () => void,
): Promise<void> => {
  await aborted(AbortSignal.any([stop, ended, closing]));
  if (ended.aborted) return;
  if (!closing.aborted)
    await sleep(STOP_GRACE_MS, undefined, { signal: AbortSignal.any([ended, closing]) }).catch(() => {});
  kill();
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

const FAILURE_FILE_BYTES = 4_096;

/** The beginning of output/failure: the runner's text, or the script's own. */
const failureText = async (base: string): Promise<string> => {
  try {
    await using file = await open(join(base, 'output', 'failure'));
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(FAILURE_FILE_BYTES) });
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return 'The training container ended without a reason; see the log.';
  }
};
