import { modelPackageTaskName } from '#shared/sagemaker/model-package.ts';
import { forEachTask } from '#shared/tasks/for-each-task.ts';
import { type SettlePorts, settle } from '#shared/tasks/settle.ts';
import { type TaskKind, waitingTasks } from '#shared/tasks/task-store.ts';
import type { ResumeTaskInput, ResumeTaskOutput } from './schema.ts';

/**
 * Answers the states that wait for the job, endpoint or approval of an event. Of somebody else's jobs nobody waits: nothing
 * happens. One that can't be answered doesn't keep the others waiting.
 *
 * @throws AggregateError after the last task, when some couldn't be settled.
 */
export const resumeTask = async (
  event: ResumeTaskInput,
  ports: SettlePorts,
  { storeUri }: { readonly storeUri: string },
): Promise<ResumeTaskOutput> => {
  const counts = { answered: 0, dropped: 0, waiting: 0, orphaned: 0 };
  await forEachTask(waitingTasks(ports.objectStore, storeUri, jobOf(event)), async (kept) => {
    counts[await settle(kept, ports)] += 1;
  });
  return counts;
};

const jobOf = (event: ResumeTaskInput): { kind: TaskKind; name: string } => {
  switch (event['detail-type']) {
    case 'SageMaker Training Job State Change':
      return { kind: 'training', name: event.detail.TrainingJobName };
    case 'SageMaker Transform Job State Change':
      return { kind: 'transform', name: event.detail.TransformJobName };
    case 'SageMaker Endpoint State Change':
      return { kind: 'endpoint', name: event.detail.EndpointName };
    case 'SageMaker Model Package State Change':
      return { kind: 'approval', name: modelPackageTaskName(event.detail.ModelPackageArn) };
  }
};
