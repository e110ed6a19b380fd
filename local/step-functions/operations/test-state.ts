import { z } from 'zod';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import { stateMachineArn as stateMachineArnOf } from '../arns.ts';
import type { State, StateMachineDefinition } from '../definition/asl.ts';
import { definitionProblems } from '../definition/check-definition.ts';
import { catchFailure, nextRetry } from '../interpreter/attempts.ts';
import { complete } from '../interpreter/complete.ts';
import { bindingsOf } from '../interpreter/context.ts';
import type { Environment } from '../interpreter/environment.ts';
import { explain } from '../interpreter/explain.ts';
import { StateFailure } from '../interpreter/failure.ts';
import { type ExecutionRun, isFallible, type Outcome, type Visit } from '../interpreter/scope.ts';
import { runVisit } from '../interpreter/sequence.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { ExecutionRecord } from '../store/execution-store.ts';
import { parseResource } from '../tasks/resources.ts';
import { checkRoleArn } from './machine-role.ts';
import { operation, payload, validationError } from './operation.ts';

/** Runs a single state without an execution; calls go out for real unless they are mocked. */
export const testStateOperations = (environment: Environment): Record<string, Operation> => ({
  TestState: operation(INPUT, async (input) => {
    refuseUnsupported(input);
    const { name, state } = stateOf(input);
    const visit = visitOf(environment, input, { name, state });
    refuseMock(visit, input.mock);
    needRole(visit, input);
    const result = await attempt(visit, input);
    const isInspected = input.inspectionLevel !== 'INFO';
    return { ...result, ...(isInspected && { inspectionData: { input: input.input, variables: input.variables } }) };
  }),
});

const INPUT = z.object({
  definition: z.string(),
  roleArn: z.string().optional(),
  input: payload.default('{}'),
  inspectionLevel: z.enum(['INFO', 'DEBUG', 'TRACE']).default('INFO'),
  revealSecrets: z.boolean().optional(),
  variables: payload.default('{}'),
  stateName: z.string().optional(),
  mock: z
    .object({
      result: z.string().optional(),
      errorOutput: z.object({ error: z.string().default(''), cause: z.string().optional() }).optional(),
    })
    .optional(),
  context: z.string().optional(),
  stateConfiguration: z.unknown().optional(),
});

type TestInput = z.output<typeof INPUT>;

const refuseUnsupported = ({ stateConfiguration, revealSecrets, inspectionLevel }: TestInput): void => {
  if (stateConfiguration !== undefined) throw validationError("'stateConfiguration' is not supported on the laptop");
  if (inspectionLevel === 'TRACE' || revealSecrets) {
    throw validationError("'inspectionLevel' TRACE and 'revealSecrets' belong to HTTP tasks, which are not supported");
  }
};

/** The state to test: the definition itself, or the one that `stateName` picks from a machine. */
const stateOf = ({ definition, stateName }: TestInput): { name: string; state: State } => {
  const parsed = parseObject(definition, 'definition');
  const machine = stateName === undefined ? machineAround(parsed) : parsed;
  const problems = definitionProblems(JSON.stringify(machine)).filter(
    ({ code, message }) =>
      stateName !== undefined || !(SURROUNDINGS.has(code) || message.startsWith('No state assigns the variable')),
  );
  if (problems.length > 0) {
    const list = problems.map(({ code, message, location }) => `${code}: ${message} at ${location}`);
    throw new AwsError('InvalidDefinition', `Invalid State Machine Definition: '${list.join(', ')}'`);
  }
  const { States } = machine as unknown as StateMachineDefinition;
  const name = stateName ?? SINGLE;
  const state = Object.hasOwn(States, name) ? States[name] : undefined;
  if (!state) throw validationError(`'stateName': the definition has no state '${name}' at its top level`);
  return { name, state };
};

const SINGLE = 'TestState';

/** Faults of what would surround a single state. */
const SURROUNDINGS = new Set(['MISSING_TRANSITION_TARGET', 'MISSING_TERMINAL_STATE']);

const machineAround = (state: JsonObject): JsonObject => {
  const { QueryLanguage, ...rest } = state;
  return { ...(QueryLanguage !== undefined && { QueryLanguage }), StartAt: SINGLE, States: { [SINGLE]: rest } };
};

const parseObject = (text: string, member: string): JsonObject => {
  try {
    const value = JSON.parse(text) as Json;
    if (isJsonObject(value)) return value;
  } catch (error) {
    throw validationError(`'${member}' is not JSON: ${(error as Error).message}`);
  }
  throw validationError(`'${member}' must be a JSON object`);
};

const visitOf = (
  environment: Environment,
  input: TestInput,
  { name, state }: { name: string; state: State },
): Visit => {
  let events = 0;
  const run: ExecutionRun = {
    record: noExecution(environment, input.roleArn),
    environment,
    progress: new Map(),
    isRedriven: false,
    context: input.context === undefined ? {} : parseObject(input.context, 'context'),
    log: () => ++events,
    flushed: () => Promise.resolve(),
    logRetry: () => {},
    runSequence: () => Promise.reject(new Error('TestState runs no inner states')),
  };
  const scope = {
    run,
    key: '',
    states: { [name]: state },
    signal: environment.signal,
    mapItem: undefined,
    variables: parseObject(input.variables, 'variables'),
    previousEventId: 0,
  };
  const value = parseValue(input.input);
  return {
    scope,
    state,
    name,
    input: value,
    enteredEventId: 0,
    enteredAt: Date.now(),
    progress: undefined,
    retryCount: 0,
    token: undefined,
  };
};

/** A single state's run asks its execution for nothing but the role. */
const noExecution = ({ account }: Environment, roleArn = ''): ExecutionRecord => {
  const stateMachineArn = stateMachineArnOf(account, SINGLE);
  return Object.freeze({ roleArn, stateMachineArn, family: {} }) as unknown as ExecutionRecord;
};

const parseValue = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${(error as Error).message}'`);
  }
};

/** Retriers and Catchers are told, not followed: `RETRIABLE`, or `CAUGHT_ERROR` with the Catcher's output. */
const attempt = async (visit: Visit, { mock }: TestInput): Promise<object> => {
  const { Retry: _retry, Catch: _catch, ...bare } = visit.state as unknown as Record<string, unknown>;
  const bareVisit = { ...visit, state: bare as unknown as State };
  try {
    return succeeded('SUCCEEDED', await performed(bareVisit, mock));
  } catch (thrown) {
    const failure = explain(visit, thrown);
    const { error, cause } = failure;
    if (!isFallible(visit)) return { status: 'FAILED', error, cause };
    if (nextRetry(visit, failure, {})) return { status: 'RETRIABLE', error, cause };
    try {
      return { ...succeeded('CAUGHT_ERROR', await catchFailure(visit, failure)), error, cause };
    } catch (uncaught) {
      return { status: 'FAILED', error: (uncaught as StateFailure).error, cause: (uncaught as StateFailure).cause };
    }
  }
};

const succeeded = (status: string, { outputText, next }: Outcome): object => ({
  status,
  output: outputText,
  ...(next !== null && { nextState: next }),
});

const performed = async (visit: Visit, mock: TestInput['mock']): Promise<Outcome> => {
  if (mock?.errorOutput) throw new StateFailure(mock.errorOutput.error, mock.errorOutput.cause);
  if (mock?.result === undefined || !isFallible(visit)) return runVisit(visit);
  const result = parseValue(mock.result);
  return complete(visit, visit.state, { bindings: bindingsOf(visit, { result }), fallback: result });
};

const refuseMock = (visit: Visit, mock: TestInput['mock']): void => {
  const { state } = visit;
  if (mock && !isFallible(visit))
    throw validationError(`'mock': a ${state.Type} state calls nothing that could be mocked`);
  const resource = state.Type === 'Task' ? parseResource(state.Resource) : undefined;
  const waits = typeof resource === 'object' && resource.pattern !== 'requestResponse';
  if (mock || (state.Type !== 'Map' && state.Type !== 'Parallel' && !waits)) return;
  throw validationError(
    "'mock': Map and Parallel states, .sync and .waitForTaskToken tasks can be tested with a mock only",
  );
};

const needRole = ({ state }: Visit, { roleArn, mock }: TestInput): void => {
  if (roleArn !== undefined) checkRoleArn(roleArn);
  if (state.Type !== 'Task' || mock || roleArn !== undefined) return;
  throw validationError("'roleArn': a Task that isn't mocked is called as a role");
};
