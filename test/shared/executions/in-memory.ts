import { isDeepStrictEqual } from 'node:util';
import { RunExistsError, UnknownRunError } from '#shared/errors.ts';
import { type ExecutionDescription, type Executions, executionArnOf } from '#shared/executions/executions.ts';

export const STATE_MACHINE_ARN = 'arn:aws:states:eu-central-1:000000000000:stateMachine:pipeline';

export interface InMemoryExecutions extends Executions {
  /** By ARN. */
  readonly executions: Map<string, ExecutionDescription>;
  /** Ends an execution, by its name. */
  end(name: string, ending?: Partial<ExecutionDescription>): void;
}

/** Step Functions where nothing happens by itself: a test ends executions. */
export const inMemoryExecutions = (): InMemoryExecutions => {
  const executions = new Map<string, ExecutionDescription>();
  const find = (arn: string): ExecutionDescription => {
    const execution = executions.get(arn);
    if (!execution) throw new UnknownRunError(`There is no run ${arn.split(':').at(-1)}.`);
    return execution;
  };
  return {
    executions,
    async start({ stateMachineArn, name, input }) {
      const executionArn = executionArnOf(stateMachineArn, name);
      const earlier = executions.get(executionArn);
      if (earlier && !(earlier.status === 'RUNNING' && isDeepStrictEqual(earlier.input, input))) {
        throw new RunExistsError(`There is already a run named ${name}.`);
      }
      const startedAt = earlier?.startedAt ?? new Date();
      executions.set(executionArn, { executionArn, status: 'RUNNING', input: structuredClone(input), startedAt });
      return { executionArn };
    },
    describe: async (arn) => find(arn),
    running: async () => [...executions.values()].filter(({ status }) => status === 'RUNNING').reverse(),
    async stop(arn, cause) {
      executions.set(arn, { ...find(arn), status: 'ABORTED', error: 'RunStopped', cause, stoppedAt: new Date() });
    },
    eventsAfter: async () => [],
    mapProgress: async () => ({ totalCount: 0, succeededCount: 0, failedCount: 0 }),
    end(name, ending = {}) {
      const arn = executionArnOf(STATE_MACHINE_ARN, name);
      executions.set(arn, { ...find(arn), status: 'SUCCEEDED', stoppedAt: new Date(), ...ending });
    },
  };
};
