import { UnknownRunError } from '#shared/errors.ts';
import { type Executions, executionArnOf } from '#shared/executions/executions.ts';
import type { Answer } from '#shared/http-api/operation.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { findRunUri } from '#shared/pipeline/run-index.ts';
import { runView, runViewOfExecution } from '#shared/pipeline/run-view.ts';
import type { DescribeRunRequest } from './schema.ts';

interface Ports {
  readonly objectStore: ObjectStore;
  readonly executions: Pick<Executions, 'describe'>;
}

interface Settings {
  readonly storeUri: string;
  readonly stateMachineArn: string;
}

/** A run by its record; one that has none yet, or never got one, by its execution. */
export const describeRun = async (
  { path: { id } }: DescribeRunRequest,
  ports: Ports,
  { storeUri, stateMachineArn }: Settings,
): Promise<Answer> => {
  try {
    return { status: 200, body: await runView(await findRunUri(ports.objectStore, storeUri, id), ports) };
  } catch (error) {
    if (!(error instanceof UnknownRunError)) throw error;
  }
  const execution = await ports.executions.describe(executionArnOf(stateMachineArn, id));
  return { status: 200, body: runViewOfExecution(id, execution) };
};
