import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Operation, serveAwsJson } from '#local/http/aws-json.ts';
import type { Iam } from '#local/iam/iam.ts';
import type { Account, StandIn } from '#local/stand-in.ts';
import { createEngine, type Engine } from './engine.ts';
import type { StoredEvent } from './history.ts';
import type { Environment } from './interpreter/environment.ts';
import { Interruption } from './interpreter/failure.ts';
import { attemptDistributedMap } from './map/distributed-map.ts';
import { type ExecutionServices, executionOperations } from './operations/executions.ts';
import { checkMachineRole } from './operations/machine-role.ts';
import { mapRunOperations } from './operations/map-runs.ts';
import { permissions } from './operations/permissions.ts';
import { stateMachineOperations } from './operations/state-machines.ts';
import { tagOperations } from './operations/tags.ts';
import { taskTokenOperations } from './operations/task-tokens.ts';
import { testStateOperations } from './operations/test-state.ts';
import { type StatusChange, statusChanges } from './status-change.ts';
import { openExecutionStore } from './store/execution-store.ts';
import { openStateMachineStore } from './store/state-machine-store.ts';
import type { Endpoints } from './tasks/clients.ts';
import { integrations } from './tasks/integrations.ts';
import { openRoles } from './tasks/roles.ts';
import { openTaskTokens } from './tasks/tokens.ts';

export interface StepFunctionsOptions {
  /** Keeps state machines, executions with their histories, and the key of task tokens. */
  readonly dataDir: string;
  /** 0, the default, lets the system choose a free port. */
  readonly port?: number;
  readonly account: Account;
  /** Authenticates and authorizes callers, and gives each execution a session of its machine's role. */
  readonly iam: Iam;
  /** A promise where the other services start later: tasks, and what an earlier process left running, wait for it. */
  readonly endpoints: Endpoints | Promise<Endpoints>;
  /** Told every event of every execution, right when it is logged. */
  readonly onEvent?: (executionArn: string, event: StoredEvent) => void;
  /** Told each change of an execution's status, as EventBridge's default bus is. */
  readonly emit?: (change: StatusChange) => void;
}

export interface StepFunctions extends StandIn {
  /** Resolves when everything that an earlier process left RUNNING goes on. */
  readonly resumed: Promise<void>;
}

/** A definition may have 1 MiB, which JSON can make twice as long. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;

/**
 * AWS Step Functions on 127.0.0.1, for `@aws-sdk/client-sfn`: JSONata state machines only.
 *
 * Nothing that was acknowledged is lost when this process dies, also by SIGKILL: an execution's journal is written before
 * StartExecution, SendTask*, StopExecution and RedriveExecution are answered and before a task's call goes out. The next
 * process goes on with every RUNNING execution: a Wait keeps its end, a token its task with the time that was left and a
 * fresh heartbeat, `.sync` its nested execution, a Retrier its delay and count. A call whose answer was lost can't be
 * taken up, but for the start of a nested execution by a name: it fails with `<Service>.SdkClientException`, which a Retrier may retry; if none does, the execution fails with
 * a cause that says so and can be redriven.
 */
export const startStepFunctions = async (options: StepFunctionsOptions): Promise<StepFunctions> => {
  const { account, dataDir, iam } = options;
  await mkdir(dataDir, { recursive: true });
  const machines = openStateMachineStore(join(dataDir, 'state-machines.json'));
  const executions = await openExecutionStore(join(dataDir, 'executions'));
  const tokens = await openTaskTokens(join(dataDir, 'task-token.key'));
  const shutdown = new AbortController();
  const own = Promise.withResolvers<string>();
  const endpoints = Promise.resolve(options.endpoints).then(async (known) => ({ ...known, sfn: await own.promise }));
  endpoints.catch(() => {}); // told by the first call that needs one
  const roles = openRoles(iam, account.region, endpoints);
  const resumed = Promise.withResolvers<void>();

  const announce = statusChanges(executions, options.emit ?? (() => {}));

  const closed = async (executionArn: string): Promise<void> => {
    await engine.live(executionArn)?.closed;
    if (executions.executions.get(executionArn)?.status !== 'RUNNING') return;
    await resumed.promise; // the nested execution of an earlier process may come after the one that waits for it
    await engine.live(executionArn)?.closed;
  };
  const environment: Environment = {
    account,
    store: executions,
    tokens,
    signal: shutdown.signal,
    live: new Map(),
    liveMapRuns: new Map(),
    integrationFor: integrations(roles, closed),
    attemptDistributedMap: attemptDistributedMap(roles),
    onEvent(executionArn, event) {
      options.onEvent?.(executionArn, event);
      announce(executionArn, event);
    },
  };
  const engine: Engine = createEngine(environment);
  const services: ExecutionServices = { account, engine, machines, executions, resumed: resumed.promise };

  const operations: Record<string, Operation> = {
    ...stateMachineOperations(account, machines, executions, (machine) => checkMachineRole(iam, account, machine)),
    ...executionOperations(services),
    ...taskTokenOperations(tokens, resumed.promise),
    ...mapRunOperations(environment),
    ...testStateOperations(environment),
    ...tagOperations(machines),
  };
  const server = await serveAwsJson(
    {
      targetPrefix: 'AWSStepFunctions',
      jsonVersion: '1.0',
      signingName: 'states',
      iam,
      permissions: permissions({ account, machines, tokens }),
      maxBodyBytes: MAX_REQUEST_BYTES,
      operations,
    },
    options.port,
  );
  own.resolve(server.url);
  endpoints.then(() => engine.resume()).then(resumed.resolve, resumed.reject);
  resumed.promise.catch(() => {}); // told by every operation that waits for it

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    shutdown.abort(new Interruption('shutdown'));
    await server.close();
    await engine.settled();
    await executions.close();
    roles.close();
  };
  return { url: server.url, resumed: resumed.promise, close: () => (closing ??= close()) };
};
