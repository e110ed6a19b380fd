import type { Environment, Invocation, InvocationResult } from './environment.ts';
import type { LambdaFunctions } from './functions.ts';

/** Warm environments of all functions. */
export interface EnvironmentPool {
  /** Runs an event in a warm environment, or a new one, as soon as the limits allow; the rest wait in line. */
  run(functionName: string, invocation: Invocation): Promise<InvocationResult>;
  /** Kills every environment; events that run or wait are answered as failed. */
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly functions: LambdaFunctions;
  /** Events that run at the same time, over all functions. */
  readonly maxConcurrency: number;
  /** How long an environment may be idle before it ends. */
  readonly idleSeconds: number;
  readonly start: (functionName: string) => Promise<Environment>;
}

interface Waiting {
  readonly functionName: string;
  readonly invocation: Invocation;
  readonly resolve: (result: InvocationResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Idle {
  readonly functionName: string;
  readonly environment: Environment;
  readonly since: number;
}

/** Idle environments kept for each event that may run, beside one of each function. */
const IDLE_PER_RUNNING = 4;

export const environmentPool = ({ functions, maxConcurrency, idleSeconds, start }: PoolOptions): EnvironmentPool => {
  const queue: Waiting[] = [];
  const running = new Map<string, number>();
  /** The longest idle first. */
  const idle: Idle[] = [];
  const all = new Set<Environment>();
  const endings = new Set<Promise<void>>();
  const active = new Set<Promise<void>>();
  let closed = false;
  const end = (environment: Environment): void => {
    all.delete(environment);
    const ending = environment.end().finally(() => endings.delete(ending));
    endings.add(ending);
  };

  const takeIdle = (functionName: string): Environment | undefined => {
    for (;;) {
      const index = idle.findLastIndex((candidate) => candidate.functionName === functionName);
      if (index < 0) return undefined;
      const [{ environment }] = idle.splice(index, 1) as [Idle];
      if (environment.alive) return environment;
      end(environment);
    }
  };

  /**
   * Ends the longest idle environment that isn't its function's last: a run passes through many functions in turn, and the
   * longest idle is the one that comes next.
   */
  const endSpare = (): void => {
    const isSpare = ({ functionName }: Idle, index: number): boolean =>
      idle.findLastIndex((other) => other.functionName === functionName) > index;
    const index = idle.findIndex(isSpare);
    if (index >= 0) end(idle.splice(index, 1)[0]!.environment);
  };

  const release = (functionName: string, environment: Environment): void => {
    if (!environment.alive || closed) {
      end(environment);
      return;
    }
    idle.push({ functionName, environment, since: Date.now() });
    if (idle.length > maxConcurrency * IDLE_PER_RUNNING) endSpare();
  };

  const startNew = async (functionName: string): Promise<Environment> => {
    const environment = await start(functionName);
    all.add(environment);
    if (closed) end(environment);
    return environment;
  };

  const runNow = async ({ functionName, invocation, resolve, reject }: Waiting): Promise<void> => {
    running.set(functionName, (running.get(functionName) ?? 0) + 1);
    try {
      const environment = takeIdle(functionName) ?? (await startNew(functionName));
      const result = await environment.invoke(invocation);
      release(functionName, environment);
      resolve(result);
    } catch (error) {
      reject(error);
    }
    running.set(functionName, running.get(functionName)! - 1);
    drain();
  };

  const mayRun = ({ functionName }: Waiting): boolean =>
    (running.get(functionName) ?? 0) < (functions[functionName]?.reservedConcurrency ?? maxConcurrency);

  const drain = (): void => {
    while (runningCount(running) < maxConcurrency) {
      const index = queue.findIndex(mayRun);
      if (index < 0) return;
      const run = runNow(queue.splice(index, 1)[0]!).finally(() => active.delete(run));
      active.add(run);
    }
  };

  const reaper = setInterval(
    () => {
      const oldest = Date.now() - idleSeconds * 1000;
      while (idle[0] && (idle[0].since <= oldest || !idle[0].environment.alive)) end(idle.shift()!.environment);
    },
    Math.min(idleSeconds * 500, 5000),
  );
  reaper.unref();

  return {
    run(functionName, invocation) {
      if (closed) return Promise.reject(closing());
      const { promise, resolve, reject } = Promise.withResolvers<InvocationResult>();
      queue.push({ functionName, invocation, resolve, reject });
      drain();
      return promise;
    },
    async close() {
      closed = true;
      clearInterval(reaper);
      for (const { reject } of queue.splice(0)) reject(closing());
      for (const environment of all) end(environment);
      await Promise.all(active);
      await Promise.all(endings);
    },
  };
};

const closing = (): Error => new Error('The Lambda host is closing.');

const runningCount = (running: ReadonlyMap<string, number>): number =>
  running.values().reduce((sum, count) => sum + count, 0);
