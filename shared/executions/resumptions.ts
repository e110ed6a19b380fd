import { hash } from 'node:crypto';
import { UnknownRunError } from '#shared/errors.ts';
import {
  type ExecutionDescription,
  type Executions,
  executionArnOf,
  executionNameOf,
} from '#shared/executions/executions.ts';

/** Of an execution's name, from StartExecution's service model. */
const MAX_NAME_LENGTH = 80;

/**
 * The name of the execution that resumes a run for the `number`th time. Two people who resume a run at the same moment start
 * one execution, because Step Functions takes a name once; and all executions of a run are found from its id.
 */
export const resumptionName = (runId: string, number: number): string => {
  const suffix = `-resumed-${number}`;
  if (runId.length + suffix.length <= MAX_NAME_LENGTH) return `${runId}${suffix}`;
  const digest = hash('sha256', runId, 'hex').slice(0, 8);
  return `${runId.slice(0, MAX_NAME_LENGTH - suffix.length - digest.length - 1)}-${digest}${suffix}`;
};

/** Which resumption of the run an execution's name stands for; undefined for a name that isn't one of its own. */
export const resumptionNumber = (runId: string, executionName: string): number | undefined => {
  const number = Number(/-resumed-(\d+)$/.exec(executionName)?.[1]);
  return number > 0 && resumptionName(runId, number) === executionName ? number : undefined;
};

/** The executions of a run, oldest first: the one that began it, and those that resumed it. None of a run that nobody knows. */
export const executionsOfRun = async (
  executions: Pick<Executions, 'describe'>,
  stateMachineArn: string,
  runId: string,
): Promise<ExecutionDescription[]> => {
  const found: ExecutionDescription[] = [];
  for (;;) {
    const name = found.length === 0 ? runId : resumptionName(runId, found.length);
    const execution = await findExecution(executions, executionArnOf(stateMachineArn, name));
    if (!execution) return found;
    found.push(execution);
  }
};

/** The run that an execution of the state machine `pipeline` belongs to. */
export const runIdOfExecution = ({
  executionArn,
  input,
}: Pick<ExecutionDescription, 'executionArn' | 'input'>): string => {
  const resumed = (input as { readonly resume?: unknown } | null)?.resume;
  return typeof resumed === 'string' ? resumed : executionNameOf(executionArn);
};

/** Undefined for an execution that there is none of: Step Functions forgets them 90 days after their end. */
export const findExecution = async (
  executions: Pick<Executions, 'describe'>,
  executionArn: string,
): Promise<ExecutionDescription | undefined> => {
  try {
    return await executions.describe(executionArn);
  } catch (error) {
    if (error instanceof UnknownRunError) return undefined;
    throw error;
  }
};
