import type { z } from 'zod';
import {
  EndpointFailedError,
  ModelRejectedError,
  type PipelineError,
  TrainingFailedError,
  TransformFailedError,
} from '#shared/errors.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { Endpoints } from '#shared/sagemaker/endpoint.ts';
import type { JobLog } from '#shared/sagemaker/job-log.ts';
import type { ModelRegistry } from '#shared/sagemaker/model-package.ts';
import type { TrainingJobs } from '#shared/sagemaker/training-job.ts';
import type { TransformJobs } from '#shared/sagemaker/transform-job.ts';
import { ApprovalResult, approvalVerdict } from '#shared/tasks/approval-verdict.ts';
import { EndpointResult, endpointVerdict } from '#shared/tasks/endpoint-verdict.ts';
import { dropTask, type KeptTask, type Task, type TaskKind } from '#shared/tasks/task-store.ts';
import type { TaskTokens } from '#shared/tasks/task-tokens.ts';
import { TrainingJobResult, trainingJobVerdict } from '#shared/tasks/training-job-verdict.ts';
import { TransformJobResult, transformJobVerdict } from '#shared/tasks/transform-job-verdict.ts';
import { isOverdue, type Verdict } from '#shared/tasks/verdict.ts';

export interface SettlePorts {
  readonly objectStore: ObjectStore;
  readonly taskTokens: TaskTokens;
  readonly sageMaker: Pick<TrainingJobs, 'describeTrainingJob'> &
    Pick<TransformJobs, 'describeTransformJob'> &
    Pick<Endpoints, 'describeEndpoint'> &
    Pick<ModelRegistry, 'describeModelPackage'>;
  readonly jobLog: JobLog;
}

/**
 * `waiting`: still going, and told so; `answered`: by this call; `dropped`: nobody waited any more; `orphaned`: nobody waits
 * for a job that is still going. Its task stays for the sweeper, which ends the job.
 */
export type Settlement = 'waiting' | 'answered' | 'dropped' | 'orphaned';

/**
 * Looks at what a task waits for and, when it has ended, answers the task. Everybody who thinks it might have ended calls
 * this, as often as they like: a function that heard an event, the sweeper, the step that started it. Events are repeated,
 * late and out of order; what SageMaker says now is what counts, and only the first answer is taken.
 */
export const settle = async (kept: KeptTask, ports: SettlePorts, now = new Date()): Promise<Settlement> => {
  const receipt = await answer(kept.task, await verdictOn(kept.task, ports, now), ports.taskTokens);
  if (receipt === 'waiting' || receipt === 'orphaned') return receipt;
  await dropTask(ports.objectStore, kept);
  return receipt;
};

const answer = async ({ kind, token }: Task, verdict: Verdict<unknown>, tokens: TaskTokens): Promise<Settlement> => {
  if (verdict.state === 'running') {
    if ((await tokens.heartbeat(token)) === 'accepted') return 'waiting';
    return isJob(kind) ? 'orphaned' : 'dropped';
  }
  const receipt =
    verdict.state === 'succeeded'
      ? await tokens.succeed(token, KINDS[kind].result.parse(verdict.result))
      : await tokens.fail(token, { error: verdict.error.name, cause: verdict.error.message });
  return receipt === 'accepted' ? 'answered' : 'dropped';
};

/** Endpoints and approvals aren't paid for by the minute while they change, and can't be stopped. */
const isJob = (kind: TaskKind): boolean => kind === 'training' || kind === 'transform';

const verdictOn = async (task: Task, ports: SettlePorts, now: Date): Promise<Verdict<unknown>> => {
  const { kind, name } = task;
  const found = await KINDS[kind].look(task as never, ports);
  if (found) return found;
  if (!isOverdue(task, now)) return { state: 'running' };
  return { state: 'failed', error: new KINDS[kind].Missing(`The ${kind} ${name} doesn't exist. Somebody deleted it.`) };
};

interface Kind<T extends Task> {
  readonly result: z.ZodType;
  /** The error for a job that is gone. */
  readonly Missing: new (
    message: string,
  ) => PipelineError;
  /** Undefined when there is no such job. */
  look(task: T, ports: SettlePorts): Promise<Verdict<unknown> | undefined>;
}

const KINDS: { readonly [K in TaskKind]: Kind<Extract<Task, { kind: K }>> } = {
  training: {
    result: TrainingJobResult,
    Missing: TrainingFailedError,
    async look({ name }, { sageMaker, jobLog }) {
      const job = await sageMaker.describeTrainingJob(name);
      return job && trainingJobVerdict(name, job, jobLog);
    },
  },
  transform: {
    result: TransformJobResult,
    Missing: TransformFailedError,
    async look({ name }, { sageMaker, jobLog }) {
      const job = await sageMaker.describeTransformJob(name);
      return job && transformJobVerdict(name, job, jobLog);
    },
  },
  approval: {
    result: ApprovalResult,
    Missing: ModelRejectedError,
    async look({ modelPackageArn }, { sageMaker }) {
      const modelPackage = await sageMaker.describeModelPackage(modelPackageArn);
      return modelPackage && approvalVerdict(modelPackageArn, modelPackage);
    },
  },
  endpoint: {
    result: EndpointResult,
    Missing: EndpointFailedError,
    async look(task, { sageMaker, jobLog }) {
      const endpoint = await sageMaker.describeEndpoint(task.name);
      return endpoint && endpointVerdict(task, endpoint, jobLog);
    },
  },
};
