import type { ObjectStore } from '#shared/object-store/object-store.ts';
import type { Warehouse } from '#shared/warehouse/warehouse.ts';
import { deathAt, type Fate, mortalObjectStore, mortalWarehouse, recorder, sleepAt } from './mortal.ts';
import type { Ports, Step } from './steps.ts';

/** A warehouse and objects as one process sees them. */
export interface Process extends Ports {
  /** The process is gone, and its connections with it: what it has not committed is rolled back. */
  drop(): Promise<void>;
}

/** Steps of an execution that may be stopped before any side effect of theirs. */
export interface Execution<V> {
  readonly startProcess: () => Process;
  readonly steps: readonly Step<V>[];
  readonly start: V;
  /** What the machine does when a step failed for good. */
  readonly abandon?: (variables: V, ports: Ports) => Promise<void>;
}

/** As often as the state machine tries a step again. */
const MAX_ATTEMPTS = 6;

const under = (fate: Fate, ports: { warehouse: Warehouse; objectStore: ObjectStore }): Ports => ({
  warehouse: mortalWarehouse(ports.warehouse, fate),
  objectStore: mortalObjectStore(ports.objectStore, fate),
});

/** Runs the execution undisturbed. */
export const whole = async <V>(
  execution: Execution<V>,
): Promise<{ readonly effects: string[]; readonly variables: V }> => {
  const fate = recorder();
  const variables = await goOn(execution, execution.start, 0, under(fate, execution.startProcess()));
  return { effects: fate.effects, variables };
};

/** How an execution goes on after its process was stopped before side effect `at`. All answer the last variables. */
export type Recovery = <V>(execution: Execution<V>, at: number) => Promise<V>;

/** The process dies; Step Functions runs the step again, and then the others. */
export const retry: Recovery = async (execution, at) => {
  const { variables, step } = await untilDeath(execution, execution.start, 0, at);
  return goOn(execution, variables, step, execution.startProcess());
};

/** The process dies and the execution with it; another execution of the same run begins at the first step. */
export const redrive: Recovery = async (execution, at) => {
  const { variables, step } = await untilDeath(execution, execution.start, 0, at);
  if (step === execution.steps.length) return variables;
  await execution.abandon?.(variables, execution.startProcess());
  return goOn(execution, execution.start, 0, execution.startProcess());
};

/** A process dies, the next one too, and so on, each after so many more side effects; in the end one lives. */
export const crashes = async <V>(
  execution: Execution<V>,
  lives: readonly { effects: number; redrive: boolean }[],
): Promise<V> => {
  let state = { variables: execution.start, step: 0 };
  for (const { effects, redrive: startsOver } of lives) {
    state = await untilDeath(execution, state.variables, state.step, effects);
    if (state.step === execution.steps.length) return state.variables;
    if (startsOver) state = { variables: execution.start, step: 0 };
  }
  return goOn(execution, state.variables, state.step, execution.startProcess());
};

/**
 * The function is given up while it hangs, with its connection and locks. The step runs again beside it, and the others after
 * it; the straggler wakes when somebody must wait for its locks, at the latest when all is done.
 */
export const duplicate: Recovery = async (execution, at) => {
  const fate = sleepAt(at);
  const ports = under(fate, execution.startProcess());
  let variables = execution.start;
  for (const [index, step] of execution.steps.entries()) {
    const running = step(variables, ports);
    const first = await Promise.race([running, fate.asleep]);
    if (first !== 'asleep') {
      variables = first;
      continue;
    }
    const straggler = running.catch((error: unknown) => error);
    const wake = async (): Promise<void> => {
      fate.wake();
      await straggler;
    };
    const last = await goOn(execution, variables, index, execution.startProcess(), wake);
    await wake();
    return last;
  }
  return variables;
};

const untilDeath = async <V>(
  execution: Execution<V>,
  start: V,
  from: number,
  at: number,
): Promise<{ variables: V; step: number }> => {
  const process = execution.startProcess();
  const death = deathAt(at, process.drop);
  const ports = under(death, process);
  let variables = start;
  for (const [index, run] of execution.steps.entries()) {
    if (index < from) continue;
    const outcome = await Promise.race([run(variables, ports), death.died]);
    if (outcome === 'died') return { variables, step: index };
    variables = outcome;
  }
  return { variables, step: execution.steps.length };
};

/** Runs the steps from `from` on, each again when the warehouse was not available. */
const goOn = async <V>(
  { steps }: Execution<V>,
  variables: V,
  from: number,
  ports: Ports,
  beforeNextTry: () => Promise<void> = async () => undefined,
): Promise<V> => {
  let last = variables;
  for (const step of steps.slice(from)) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        last = await step(last, ports);
        break;
      } catch (error) {
        if ((error as Error).name !== 'WarehouseUnavailableError' || attempt === MAX_ATTEMPTS) throw error;
        await beforeNextTry();
      }
    }
  }
  return last;
};
