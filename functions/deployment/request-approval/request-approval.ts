import type { EventBus } from '#shared/event-bus/event-bus.ts';
import { loadProvenModel } from '#shared/models/model-record.ts';
import { storeUriOf } from '#shared/pipeline/run.ts';
import { modelPackageTaskName } from '#shared/sagemaker/model-package.ts';
import { type SettlePorts, settle } from '#shared/tasks/settle.ts';
import { keepTask } from '#shared/tasks/task-store.ts';
import type { RequestApprovalInput } from './schema.ts';

interface Ports extends SettlePorts {
  readonly eventBus: EventBus;
}

/**
 * Lets the state wait until the model's version in the registry is approved, and tells the bus that somebody has to decide.
 * A version that was registered as approved is answered at once, and nobody is told.
 */
export const requestApproval = async (
  { runUri, modelRecordUri, taskToken }: RequestApprovalInput,
  ports: Ports,
): Promise<undefined> => {
  const { objectStore, eventBus } = ports;
  const { modelPackageArn, metrics } = await loadProvenModel(objectStore, modelRecordUri);
  const kept = await keepTask(objectStore, storeUriOf(runUri), {
    kind: 'approval',
    name: modelPackageTaskName(modelPackageArn),
    runUri,
    token: taskToken,
    createdAt: new Date().toISOString(),
    modelPackageArn,
  });
  if ((await settle(kept, ports)) !== 'waiting') return;
  await eventBus.put('Approval Requested', { runUri, modelRecordUri, modelPackageArn, metrics });
};
