import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { listen } from '#local/http/listen.ts';
import type { Iam } from '#local/iam/iam.ts';
import { openJournal } from '#local/journal.ts';
import type { Account, StandIn } from '#local/stand-in.ts';
import { type AsynchronousEvent, asynchronousInvocations, type FailedInvocation } from './asynchronous-invocations.ts';
import { startEnvironment } from './environment.ts';
import { environmentPool } from './environment-pool.ts';
import { type FunctionLogs, openFunctionLogs } from './function-log.ts';
import { type FunctionRole, functionRole, logGroupOf } from './function-role.ts';
import { checkFunctions, type LambdaFunctions } from './functions.ts';
import { lambdaApi } from './lambda-api.ts';
import { startOrphanGuard } from './orphan-guard.ts';

export interface LambdaOptions {
  /** Holds accepted asynchronous events, the compile cache, temporary folders and, by default, the logs. */
  readonly dataDir: string;
  /** One `<function>.log` a function; default `<dataDir>/logs`. */
  readonly logDir?: string;
  readonly port?: number;
  readonly account: Account;
  /** Says who calls, and what the functions' roles may do. */
  readonly iam: Iam;
  readonly functions: LambdaFunctions;
  /** Variables of all functions, such as `AWS_ENDPOINT_URL_S3`; a function's own win over them. */
  readonly environment: Readonly<Record<string, string>>;
  /** The working directory of the handlers and their LAMBDA_TASK_ROOT: an absolute path. */
  readonly taskRoot: string;
  /** Events that run at the same time, over all functions; default two a processor core, at least four. */
  readonly maxConcurrency?: number;
  /** How long an idle environment stays warm; default 300. */
  readonly idleSeconds?: number;
  /** The pauses before the second and third attempt of an asynchronous event; default 1 and 2 (Lambda: 60 and 120). */
  readonly asyncRetryDelaysSeconds?: readonly number[];
  /** Hears of an asynchronous event whose attempts all failed: an on-failure destination. */
  readonly onAsyncFailure?: (record: FailedInvocation) => void;
  /** Hears what a function's role lacks without an invocation failing for it. */
  readonly onProblem?: (text: string) => void;
}

/** Lambda's Invoke API over handlers of this laptop, each in warm processes of its own. */
export const startLambda = async (options: LambdaOptions): Promise<StandIn> => {
  const { account, dataDir, functions, iam, onProblem = () => {} } = options;
  checkFunctions(functions, options.environment, iam.personKeys.secretAccessKey);
  const roles = functionRoles(iam, account, functions);
  const tempFolder = join(dataDir, 'tmp');
  await rm(tempFolder, { recursive: true, force: true });
  await mkdir(tempFolder, { recursive: true });
  const logs = await openFunctionLogs(options.logDir ?? join(dataDir, 'logs'));
  const guard = startOrphanGuard();
  const pool = environmentPool({
    functions,
    maxConcurrency: options.maxConcurrency ?? Math.max(4, availableParallelism() * 2),
    idleSeconds: options.idleSeconds ?? 300,
    start: async (name) =>
      startEnvironment({
        name,
        definition: functions[name]!,
        account,
        taskRoot: functions[name]!.taskRoot ?? options.taskRoot,
        tempFolder,
        compileCacheFolder: join(dataDir, 'compile-cache'),
        sharedVariables: options.environment,
        keys: roles[name]!.assume(),
        guard,
        writeLog: guardedLog(name, roles[name]!, logs, onProblem),
      }),
  });
  const closeParts = async (): Promise<void> => {
    await pool.close();
    await guard.close();
    await logs.close();
  };
  try {
    const journal = await openJournal<AsynchronousEvent>(join(dataDir, 'events'));
    const events = await asynchronousInvocations({
      account,
      functions,
      journal,
      run: pool.run,
      retryDelaysSeconds: options.asyncRetryDelaysSeconds ?? [1, 2],
      onFailure: (functionName, record) => {
        const queueArn = functions[functionName]!.failureDestinationArn;
        if (queueArn === undefined || roles[functionName]!.mayPutOn(queueArn)) options.onAsyncFailure?.(record);
        else onProblem(`The role of ${functionName} may not send to ${queueArn}: a failed event of it is lost.`);
      },
    });
    const server = await listen(
      lambdaApi({ functions, account, iam, run: pool.run, accept: events.accept }),
      options.port,
    );
    return {
      url: server.url,
      async close() {
        await server.close();
        await Promise.all([events.close(), closeParts()]);
      },
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
};

const functionRoles = (
  iam: Iam,
  account: Account,
  functions: LambdaFunctions,
): Readonly<Record<string, FunctionRole>> =>
  Object.fromEntries(
    Object.entries(functions).map(([name, { roleArn }]) => [name, functionRole(iam, account, name, roleArn)]),
  );

/** The log of one environment; what its function's role may not write is lost, which is told once. */
const guardedLog = (name: string, role: FunctionRole, logs: FunctionLogs, onProblem: (text: string) => void) => {
  let isAllowed: boolean | undefined;
  return (logStreamName: string, chunk: string | Buffer): void => {
    if (isAllowed === undefined) {
      isAllowed = role.mayLog(logStreamName);
      if (!isAllowed)
        onProblem(`The role of ${name} may not write the log group ${logGroupOf(name)}: its lines are lost.`);
    }
    if (isAllowed) logs.write(name, chunk);
  };
};
