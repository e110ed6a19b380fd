import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyPair } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import { environmentLog } from './function-log.ts';
import { logGroupOf } from './function-role.ts';
import { functionArn, type LambdaFunction, type ReservedVariable } from './functions.ts';
import type { FunctionError } from './messages.ts';
import type { OrphanGuard } from './orphan-guard.ts';
import { type Outcome, startRuntimeProcess } from './runtime-process.ts';

/** One warm execution environment: a process that has loaded a handler and takes one event at a time. */
export interface Environment {
  /** False once it can take no further event. */
  readonly alive: boolean;
  /** Resolves for every end an invocation can have; it never rejects. */
  invoke(invocation: Invocation): Promise<InvocationResult>;
  /** Kills the process, with what it started, and removes its folder. */
  end(): Promise<void>;
}

export interface Invocation {
  readonly requestId: string;
  /** The event's JSON text. */
  readonly payload: string;
  /** Base64 of JSON that the handler finds as `context.clientContext`. */
  readonly clientContext?: string;
}

export interface InvocationResult {
  /** JSON text: what the handler returned, or a FunctionError. */
  readonly payload: string;
  readonly failed: boolean;
  /** The last 4 KB of the invocation's log. */
  readonly logTail: Buffer;
}

export interface EnvironmentOptions {
  readonly name: string;
  readonly definition: LambdaFunction;
  readonly account: Account;
  /** The working directory and LAMBDA_TASK_ROOT. */
  readonly taskRoot: string;
  /** Holds the environment's own folder for temporary files. */
  readonly tempFolder: string;
  readonly compileCacheFolder: string;
  /** Variables of all functions; the function's own win. */
  readonly sharedVariables: Readonly<Record<string, string>>;
  /** The session that the handler acts in. */
  readonly keys: KeyPair;
  readonly guard: OrphanGuard;
  readonly writeLog: (logStreamName: string, chunk: string | Buffer) => void;
}

/** Lambda grants the loading of a handler 10 s before the function's own timeout begins. */
const INIT_SECONDS = 10;

export const startEnvironment = async (options: EnvironmentOptions): Promise<Environment> => {
  const { name, definition, account, guard } = options;
  const { memorySizeMb, timeoutSeconds } = definition;
  const id = randomBytes(16).toString('hex');
  const tempFolder = join(options.tempFolder, id);
  await mkdir(tempFolder, { recursive: true });

  const logStreamName = `${new Date().toISOString().slice(0, 10).replaceAll('-', '/')}/[$LATEST]${id}`;
  const log = environmentLog((chunk) => options.writeLog(logStreamName, chunk));
  const startedAt = performance.now();
  const runtime = startRuntimeProcess({
    ...definition,
    guard,
    workingDirectory: options.taskRoot,
    variables: variablesOf(options, tempFolder),
    print: log.print,
  });
  const identity = {
    functionArn: functionArn(account, name),
    logGroupName: logGroupOf(name),
    logStreamName,
  };

  /** Waits for the handler and returns how long loading took, or the outcome that ended it. */
  const initialize = async (): Promise<number | Outcome> => {
    const outcome = await within(INIT_SECONDS + timeoutSeconds, runtime.started);
    return outcome.type === 'ready' ? performance.now() - startedAt : outcome;
  };

  let initialized = false;
  return {
    get alive() {
      return runtime.alive;
    },
    async invoke(invocation) {
      const { requestId } = invocation;
      const init = initialized ? undefined : await initialize();
      initialized = true;
      log.start(requestId);
      const deadline = Date.now() + timeoutSeconds * 1000;
      const invokedAt = performance.now();
      const outcome =
        typeof init === 'object'
          ? init
          : await within(timeoutSeconds, runtime.handle({ ...invocation, ...identity, deadline }));
      const durationMs = performance.now() - invokedAt;

      const error = errorOf(outcome, requestId, timeoutSeconds);
      if (ENDS_PROCESS[outcome.type]) {
        void runtime.kill();
        log.note(requestId, `${error?.errorType} ${error?.errorMessage}`);
      }
      const logTail = log.end({
        requestId,
        durationMs,
        memorySizeMb,
        ...('maxMemoryMb' in outcome && { maxMemoryMb: outcome.maxMemoryMb }),
        ...(typeof init === 'number' && { initDurationMs: init }),
        ...(error && { status: outcome.type === 'timed-out' ? 'timeout' : 'error' }),
      });
      return {
        payload: outcome.type === 'succeeded' ? outcome.result : JSON.stringify(error),
        failed: error !== undefined,
        logTail,
      };
    },
    async end() {
      await runtime.kill();
      await rm(tempFolder, { recursive: true, force: true });
    },
  };
};

/** Exactly what a handler finds in `process.env`: nothing of the laptop's own environment but PATH. */
const variablesOf = (options: EnvironmentOptions, tempFolder: string): Record<string, string> => {
  const reserved: Record<ReservedVariable, string> = {
    AWS_ACCESS_KEY_ID: options.keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: options.keys.secretAccessKey,
    AWS_SESSION_TOKEN: options.keys.sessionToken ?? '',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: options.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(options.definition.memorySizeMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    // Powertools tells cold starts by it.
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_REGION: options.account.region,
    LAMBDA_TASK_ROOT: options.taskRoot,
    NODE_COMPILE_CACHE: options.compileCacheFolder,
    PATH: process.env.PATH ?? '',
    // Not the user's home, in which the SDK would find profiles and HANA's client a key store.
    HOME: tempFolder,
    TMPDIR: tempFolder,
    TZ: 'UTC',
  };
  return { ...options.sharedVariables, ...options.definition.environment, ...reserved };
};

const within = async (seconds: number, outcome: Promise<Outcome>): Promise<Outcome> => {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ type: 'timed-out' }), seconds * 1000);
  });
  return Promise.race([outcome, timeout]).finally(() => clearTimeout(timer));
};

const ENDS_PROCESS: Readonly<Record<Outcome['type'], boolean>> = {
  ready: false,
  succeeded: false,
  failed: false,
  broken: true,
  exited: true,
  'timed-out': true,
};

const errorOf = (outcome: Outcome, requestId: string, timeoutSeconds: number): FunctionError | undefined => {
  if ('error' in outcome) return outcome.error;
  if (outcome.type === 'timed-out') {
    const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
    return { errorType: 'Sandbox.Timedout', errorMessage };
  }
  if (outcome.type === 'exited') {
    const errorType = outcome.heapExhausted ? 'Runtime.OutOfMemory' : 'Runtime.ExitError';
    return { errorType, errorMessage: `RequestId: ${requestId} Error: ${outcome.reason}` };
  }
  return undefined;
};
