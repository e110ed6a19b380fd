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
  redrive(record: ExecutionRecord): Promise<void>;
  live(executionArn: string): LiveExecution | undefined;
  /** Resolves when the shutdown that aborted the environment's signal has reached every execution. */
  settled(): Promise<void>;
}

export const createEngine = (environment: Environment): Engine => {
  const { account, store } = environment;
  const running = new Map<string, LiveExecution>();

  const run = (plan: Pick<ExecutionPlan, 'record' | 'inputText' | 'begin'>): LiveExecution => {
    const { record } = plan;
    const definition = JSON.parse(record.family.definition) as StateMachineDefinition;
    const execution = startExecution(environment, {
      ...plan,
      sequence: definition,
      timeoutSeconds: definition.TimeoutSeconds,
      signal: environment.signal,
    });
    const closed = execution.closed.then(async () => {
      running.delete(record.arn);
      await record.family.journal.release();
    });
    running.set(record.arn, { ...execution, closed });
    return { ...execution, closed };
  };

  const inputOf = async (record: ExecutionRecord): Promise<string> =>
    (await store.readEvents(record, 0, 1))[0]!.executionStartedEventDetails!.input!;

  const progressOf = async (record: ExecutionRecord) => (await readProgress(store.readLines(record.family))).get(0)!;

  return {
    start(machine, name, inputText) {
      const arn =
        machine.type === 'EXPRESS'
          ? expressExecutionArn(account, machine.name, name, randomUUID())
          : executionArn(account, machine.name, name);
      const { type, roleArn, revisionId } = machine;
      const identity = {
        arn,
        name,
        stateMachineArn: machine.arn,
        stateMachineName: machine.name,
        type,
        roleArn,
        revisionId,
      };
      return run({ record: store.openRoot(identity, machine.definition), inputText, begin: { as: 'new' } });
    },
    async resume() {
      for (const record of store.executions.values()) {
        if (record.status !== 'RUNNING' || record.mapRun || running.has(record.arn)) continue;
        const inputText = await inputOf(record);
        run({ record, inputText, begin: { as: 'resumed', progress: await progressOf(record) } });
      }
    },
    async redrive(record) {
      const inputText = await inputOf(record);
      run({ record, inputText, begin: { as: 'redriven', progress: forRedrive(await progressOf(record)) } });
      await record.family.journal.flushed();
    },
    live: (arn) => running.get(arn),
    async settled() {
      await Promise.all([...running.values()].map(({ closed }) => closed));
    },
  };
};
