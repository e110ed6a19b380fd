import { EndpointBusyError } from '#shared/errors.ts';
import { storeUriOf } from '#shared/pipeline/run.ts';
import type { EndpointDescription, Endpoints } from '#shared/sagemaker/endpoint.ts';
import type { Tag } from '#shared/sagemaker/tags.ts';
import { type SettlePorts, settle } from '#shared/tasks/settle.ts';
import { dropTask, keepTask, waitingTasks } from '#shared/tasks/task-store.ts';

export interface EndpointChange {
  readonly endpointName: string;
  readonly endpointConfigName: string;
  readonly tags: Tag[];
  readonly runUri: string;
  readonly taskToken: string;
  /** Told, before a change begins, the configuration that served until then; null when there was no endpoint. */
  recordBeginning?(previousEndpointConfigName: string | null): Promise<void>;
  /** Told that there is nothing to begin: the endpoint serves the configuration, or an earlier try has begun. */
  recordAdoption?(): Promise<void>;
}

export interface ChangeEndpointPorts extends SettlePorts {
  readonly sageMaker: SettlePorts['sageMaker'] & Endpoints;
}

/**
 * Brings an endpoint to a configuration: creates it, updates it, or adopts an earlier try of the same change. The state
 * that waits is answered when the endpoint serves it.
 *
 * @throws EndpointBusyError while another change is under way, or while a broken endpoint is being removed.
 */
export const changeEndpoint = async (change: EndpointChange, ports: ChangeEndpointPorts): Promise<void> => {
  const { endpointName, endpointConfigName, runUri, taskToken } = change;
  await settleOthers(change, ports);
  const endpoint = await ports.sageMaker.describeEndpoint(endpointName);
  const call = await callFor(change, endpoint, ports.sageMaker);
  const kept = await keepTask(ports.objectStore, storeUriOf(runUri), {
    kind: 'endpoint',
    name: endpointName,
    runUri,
    token: taskToken,
    createdAt: new Date().toISOString(),
    endpointConfigName,
    ...(endpoint?.LastModifiedTime && call && { unchangedSince: endpoint.LastModifiedTime.toISOString() }),
  });
  try {
    if (call) await change.recordBeginning?.(endpoint?.EndpointConfigName ?? null);
    else await change.recordAdoption?.();
    await call?.();
  } catch (error) {
    await dropTask(ports.objectStore, kept);
    throw error;
  }
  await settle(kept, ports);
};

/** Another run's change may have ended without its run having heard so; a change of ours would hide how it ended. */
const settleOthers = async ({ endpointName, runUri }: EndpointChange, ports: ChangeEndpointPorts): Promise<void> => {
  const job = { kind: 'endpoint', name: endpointName } as const;
  for await (const other of waitingTasks(ports.objectStore, storeUriOf(runUri), job)) {
    if (other.task.runUri === runUri) continue;
    if ((await settle(other, ports)) === 'waiting') {
      throw new EndpointBusyError(`The run ${other.task.runUri} is changing the endpoint ${endpointName} now.`);
    }
  }
};

const SETTLED = new Set(['InService', 'OutOfService', 'UpdateRollbackFailed']);

/** The call that starts the change; undefined when it was started already. */
const callFor = async (
  { endpointName, endpointConfigName, tags }: EndpointChange,
  endpoint: EndpointDescription | undefined,
  sageMaker: Endpoints,
): Promise<(() => Promise<void>) | undefined> => {
  const names = { EndpointName: endpointName, EndpointConfigName: endpointConfigName };
  if (!endpoint) return () => sageMaker.createEndpoint({ ...names, Tags: tags });
  const { EndpointStatus = '', EndpointConfigName, PendingDeploymentSummary } = endpoint;
  if (SETTLED.has(EndpointStatus) && !PendingDeploymentSummary) {
    const serves = EndpointStatus === 'InService' && EndpointConfigName === endpointConfigName;
    return serves ? undefined : () => sageMaker.updateEndpoint(names);
  }
  if (EndpointStatus === 'Failed') {
    // A creation that failed leaves an endpoint that can only be deleted; it never served anybody.
    await sageMaker.deleteEndpoint(endpointName);
    throw new EndpointBusyError(`The endpoint ${endpointName} had failed and is being deleted, to be created anew.`);
  }
  const target = EndpointStatus === 'Creating' ? EndpointConfigName : PendingDeploymentSummary?.EndpointConfigName;
  if (target === endpointConfigName) return undefined;
  throw new EndpointBusyError(`The endpoint ${endpointName} is ${EndpointStatus}, by somebody else's change.`);
};
