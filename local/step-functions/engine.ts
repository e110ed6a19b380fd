import { randomUUID } from 'node:crypto';
import { executionArn, expressExecutionArn } from './arns.ts';
import type { StateMachineDefinition } from './definition/asl.ts';
import type { Environment } from './interpreter/environment.ts';
import { type ExecutionPlan, type LiveExecution, startExecution } from './interpreter/execution.ts';
import { forRedrive, readProgress } from './interpreter/progress.ts';
import type { ExecutionRecord } from './store/execution-store.ts';
import type { StateMachineRecord } from './store/state-machine-store.ts';

/** Runs the root executions of this process: new ones, those an earlier process left RUNNING, and redriven ones. */
export interface Engine {
  start(machine: StateMachineRecord, name: string, inputText: string): LiveExecution;
  /** Goes on with everything that is RUNNING on disk. */
  resume(): Promise<void>;
  /** Resolves to false when the execution is running by now. */
  redrive(record: ExecutionRecord): Promise<boolean>;
  live(executionArn: string): LiveExecution | undefined;
  /** Resolves when the shutdown that aborted the environment's signal has reached every execution. */
  settled(): Promise<void>;
}

export const createEngine = (environment: Environment): Engine => {
  const { account, live, store } = environment;

  const run = (plan: Pick<ExecutionPlan, 'record' | 'inputText' | 'begin'>): LiveExecution => {
    const definition = JSON.parse(plan.record.family.definition) as StateMachineDefinition;
    const execution = startExecution(environment, {
      ...plan,
      sequence: definition,
      timeoutSeconds: definition.TimeoutSeconds,
      signal: environment.signal,
    });
    execution.closed.then(() => plan.record.family.journal.release());
    return execution;
  };

  const leftOf = async (record: ExecutionRecord) => {
    const [started] = await store.readEvents(record, 0, 1);
    const progress = await readProgress(store.readLines(record.family), (number) => number === 0);
    return { inputText: started!.executionStartedEventDetails!.input!, progress: progress.get(0)! };
  };

  return {
    start(machine, name, inputText) {
      const arn =
        machine.type === 'EXPRESS'
          ? expressExecutionArn(account, machine.name, name, randomUUID())
          : executionArn(account, machine.name, name);
      const { type, roleArn, revisionId } = machine;
      const identity = { arn, name, stateMachineArn: machine.arn, stateMachineName: machine.name };
      const record = store.openRoot({ ...identity, type, roleArn, revisionId }, machine.definition);
      return run({ record, inputText, begin: { as: 'new' } });
    },
    async resume() {
      for (const record of [...store.executions.values()]) {
        if (record.status !== 'RUNNING' || record.mapRun || live.has(record.arn)) continue;
        const { inputText, progress } = await leftOf(record);
        if (!environment.signal.aborted) run({ record, inputText, begin: { as: 'resumed', progress } });
      }
    },
    async redrive(record) {
      const { inputText, progress } = await leftOf(record);
      if (record.status === 'RUNNING') return false;
      run({ record, inputText, begin: { as: 'redriven', progress: forRedrive(progress) } });
      await record.family.journal.flushed();
      return true;
    },
    live: (arn) => live.get(arn),
    async settled() {
      await Promise.all([...live.values()].map(({ closed }) => closed));
    },
  };
};
