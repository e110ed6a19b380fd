import { ObjectMissingError, UnknownRunError } from '#shared/errors.ts';
import { type Executions, hasEnded } from '#shared/executions/executions.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import type { TrainingJobs } from '#shared/sagemaker/training-job.ts';
import type { TransformJobs } from '#shared/sagemaker/transform-job.ts';
import type { SettlePorts } from '#shared/tasks/settle.ts';
import { dropTask, type KeptTask, type Task } from '#shared/tasks/task-store.ts';

export interface EndOrphanPorts extends SettlePorts {
  readonly sageMaker: SettlePorts['sageMaker'] &
    Pick<TrainingJobs, 'stopTrainingJob'> &
    Pick<TransformJobs, 'stopTransformJob'>;
  readonly executions: Pick<Executions, 'describe'>;
}

/**
 * Stops a job that goes on, and is paid for, though its run was stopped or has failed beside it. While the run is going,
 * another try of its step may yet wait for the job.
 */
export const endOrphan = async (kept: KeptTask, ports: EndOrphanPorts): Promise<'stopped' | 'waiting'> => {
  if (await isGoing(kept.task.runUri, ports)) return 'waiting';
  if (!(await stop(kept.task, ports.sageMaker))) return 'waiting';
  await dropTask(ports.objectStore, kept);
  return 'stopped';
};

const isGoing = async (
  runUri: string,
  { objectStore, executions }: { readonly objectStore: ObjectStore } & Pick<EndOrphanPorts, 'executions'>,
): Promise<boolean> => {
  try {
    const { executionArn } = await loadRun(objectStore, runUri);
    return !hasEnded((await executions.describe(executionArn)).status);
  } catch (error) {
    if (error instanceof ObjectMissingError || error instanceof UnknownRunError) return false;
    throw error;
  }
};

/** False while there is no such job yet: the function that is about to create it was overtaken by the end of its run. */
const stop = ({ kind, name }: Task, sageMaker: EndOrphanPorts['sageMaker']): Promise<boolean> =>
  kind === 'training' ? sageMaker.stopTrainingJob(name) : sageMaker.stopTransformJob(name);
