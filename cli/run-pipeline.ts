import type { CloudAddress } from '#local/cloud-file.ts';
import type { ExecutionDescription } from '#shared/executions/executions.ts';
import { newRunName } from '#shared/pipeline/run-name.ts';
import { runMachine } from './run-machine.ts';
import type { Terminal } from './terminal.ts';

export interface RunRequest {
  readonly pipeline: string;
  readonly mode?: string;
  readonly trainingJobName?: string;
  readonly overrides?: Readonly<Record<string, unknown>>;
}

/** Starts a run of a pipeline, shows how it goes, and answers with how it ended. Throws as `runMachine` does. */
export const runPipeline = (cloud: CloudAddress, request: RunRequest, out: Terminal): Promise<ExecutionDescription> =>
  runMachine(cloud, { machine: 'pipeline', name: newRunName(request.pipeline), input: request }, out);
