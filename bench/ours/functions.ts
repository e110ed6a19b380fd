import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { functionsByKey, localDeployment } from '#test/deployment/local-deployment.ts';
import type { Measurement } from '../measured.ts';
import type { WarehouseConfig } from '../stand-ins/open.ts';
import { functionBundle } from './bundle.ts';
import type { FromFunction, Step } from './function-process.ts';

export interface Functions {
  /** Calls one step, as soon as an environment is free. */
  invoke<T>(step: Step, event: unknown): Promise<T>;
  /** The calls that have ended, and how long each took from the moment that an environment had it. */
  readonly calls: readonly Call[];
  /** What the work since the functions were opened took of time and memory, over all environments. */
  measurement(rowCount: number): Measurement;
  close(): Promise<void>;
}

export interface Call {
  readonly step: Step;
  readonly seconds: number;
}

/** The product's functions in warm execution environments, each a process of its own. */
export const openFunctions = async (
  warehouse: WarehouseConfig,
  environmentCount: number,
  variables: Readonly<Record<string, string>>,
): Promise<Functions> => {
  const environments = await Promise.all(
    Array.from({ length: environmentCount }, () => openEnvironment(warehouse, variables)),
  );
  const started = performance.now();
  const idle = [...environments];
  const waiting: ((environment: Environment) => void)[] = [];
  const calls: Call[] = [];
  const taken = async (): Promise<Environment> => idle.shift() ?? new Promise((resolve) => waiting.push(resolve));
  const givenBack = (environment: Environment): void => {
    const next = waiting.shift();
    if (next) next(environment);
    else idle.push(environment);
  };
  return {
    calls,
    async invoke(step, event) {
      const environment = await taken();
      const began = performance.now();
      try {
        return (await environment.invoke(step, event)) as never;
      } finally {
        calls.push({ step, seconds: (performance.now() - began) / 1000 });
        givenBack(environment);
      }
    },
    measurement(rowCount) {
      const facts = environments.map(({ facts }) => facts());
      const sum = (of: (fact: Facts) => number): number => facts.reduce((total, fact) => total + of(fact), 0);
      return {
        seconds: (performance.now() - started) / 1000,
        cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
        idleBytes: sum(({ idleBytes }) => idleBytes),
        peakBytes: sum(({ peakBytes }) => peakBytes),
        largestPeakBytes: Math.max(...facts.map(({ peakBytes }) => peakBytes)),
        rowCount,
      };
    },
    async close() {
      await Promise.all(environments.map(({ close }) => close()));
    },
  };
};

interface Facts {
  readonly idleBytes: number;
  readonly peakBytes: number;
  readonly cpuSeconds: number;
}

type Environment = Awaited<ReturnType<typeof openEnvironment>>;

const openEnvironment = async (warehouse: WarehouseConfig, variables: Readonly<Record<string, string>>) => {
  const child = fork(await functionBundle(), [JSON.stringify({ warehouse })], {
    env: { ...process.env, ...variables, ...(await deployedOptions()) },
  });
  const ready = await answerOf(child);
  if (ready.kind !== 'ready') throw new Error('A function spoke before it was ready.');
  let facts: Facts = { idleBytes: ready.idleBytes, peakBytes: ready.idleBytes, cpuSeconds: 0 };
  return {
    facts: () => facts,
    async invoke(step: Step, event: unknown): Promise<unknown> {
      child.send({ step, event });
      const answer = await answerOf(child);
      if (answer.kind === 'failed') {
        // Step Functions tells of a Map's failed item no more than that it failed.
        console.error(`${step}: ${answer.problem}`);
        throw Object.assign(new Error(answer.problem), { name: answer.name });
      }
      if (answer.kind !== 'output') throw new Error(`${step} gave no output.`);
      facts = { ...facts, peakBytes: answer.peakBytes, cpuSeconds: answer.cpuSeconds };
      return answer.output;
    },
    async close(): Promise<void> {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      if (child.connected) child.disconnect();
      await exited;
    },
  };
};

/** V8's options of the function that reads the rows, as it is deployed. */
const deployedOptions = async (): Promise<Readonly<Record<string, string>>> => {
  const { NODE_OPTIONS = '' } = functionsByKey(await localDeployment()).extractPartition!.environment ?? {};
  return { NODE_OPTIONS };
};

const answerOf = async (child: ChildProcess): Promise<FromFunction> => {
  const waiting = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', waiting).then(([message]) => message as FromFunction),
      once(child, 'exit', waiting).then(([code]) => {
        throw new Error(`A function's process ended with ${code}.`);
      }),
    ]);
  } finally {
    waiting.abort();
  }
};
