import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cloud, startCloud } from '#local/cloud.ts';
import type { Chaos } from '#local/eventbridge/chaos.ts';
import type { DeployedPolicies } from '#local/iam/iam.ts';
import type { ExecutionDescription } from '#shared/executions/executions.ts';
import { executionsOfRun } from '#shared/executions/resumptions.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';

export const ROOT_DIR = join(import.meta.dirname, '..', '..');

export interface TestCloud extends Cloud {
  /** Starts the state machine `pipeline`, and answers the execution's ARN. */
  start(input: unknown): Promise<string>;
  /** Runs the state machine `pipeline` to its end. */
  run(input: unknown): Promise<ExecutionDescription>;
  /** Resumes a run over the HTTP API, and answers the execution that goes on with it. */
  resume(runId: string): Promise<{ readonly executionArn: string }>;
  /** Waits for the end of an execution. */
  ended(executionArn: string): Promise<ExecutionDescription>;
}

/** A whole cloud of its own in a temporary folder; the SDK's clients of this process find it through the environment. */
export const openTestCloud = async (options: {
  readonly pipelinesDir: string;
  readonly artifactsDir?: string;
  readonly chaos?: Chaos;
  readonly isKept?: boolean;
  readonly otherPolicies?: DeployedPolicies;
}): Promise<TestCloud> => {
  const stateDir = await mkdtemp(join(tmpdir(), 'fedml-e2e-'));
  const cloud = await startCloud({ rootDir: ROOT_DIR, stateDir, ...options });
  Object.assign(process.env, cloud.environment);
  const executions = stepFunctionsExecutions();
  const start = async (input: unknown): Promise<string> => {
    const stateMachineArn = cloud.stateMachineArns.pipeline!;
    const name = `run-${crypto.randomUUID().slice(0, 8)}`;
    return (await executions.start({ stateMachineArn, name, input })).executionArn;
  };
  const ended = async (executionArn: string): Promise<ExecutionDescription> => {
    for (;;) {
      const description = await executions.describe(executionArn);
      if (description.status !== 'RUNNING') return description;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  return {
    ...cloud,
    start,
    run: async (input) => ended(await start(input)),
    async resume(runId) {
      const headers = { authorization: `Bearer ${cloud.api.token}` };
      const response = await fetch(`${cloud.api.url}/runs/${runId}/resume`, { method: 'POST', headers });
      if (response.status !== 202) throw new Error(await response.text());
      const found = await executionsOfRun(executions, cloud.stateMachineArns.pipeline!, runId);
      return { executionArn: found.at(-1)!.executionArn };
    },
    ended,
    async close() {
      await cloud.close();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
};
