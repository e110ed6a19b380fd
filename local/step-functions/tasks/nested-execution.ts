import { type Interruption, StateFailure } from '../interpreter/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { ServiceClients } from './clients.ts';
import type { Integration } from './integration.ts';
import type { TaskPattern } from './resources.ts';
import { isUnmodeled, serviceFailure } from './service-failure.ts';

/** Resolves when an execution of this server is closed. */
export type ExecutionClosed = (executionArn: string) => Promise<void>;

/** `arn:aws:states:::states:startExecution`, also `.sync` (output as text) and `.sync:2` (output as JSON). */
export const nestedExecution = (
  clients: ServiceClients,
  closed: ExecutionClosed,
  pattern: TaskPattern,
): Integration => ({
  errorPrefix: 'StepFunctions',
  async submit(parameters, { signal }) {
    const input = startInput(parameters);
    return call(async () => {
      const { StartExecutionCommand } = await import('@aws-sdk/client-sfn');
      const client = await clients.sfn();
      const { executionArn, startDate } = await client.send(new StartExecutionCommand(input), { abortSignal: signal });
      return { ExecutionArn: executionArn!, StartDate: startDate!.toISOString() };
    });
  },
  isRepeatable: (parameters) => isJsonObject(parameters) && typeof parameters.Name === 'string',
  ...((pattern === 'sync' || pattern === 'sync:2') && {
    async waitForEnd(submitted, { signal }) {
      const { ExecutionArn } = submitted as { ExecutionArn: string };
      const stopToo = () => {
        const { kind } = signal.reason as Interruption;
        if (kind !== 'shutdown' && kind !== 'settled') void stop(clients, ExecutionArn);
      };
      signal.addEventListener('abort', stopToo, { once: true });
      // AWS polls from the start, so that a role which may not describe its child fails before the child has ended.
      await describe(clients, ExecutionArn);
      await closed(ExecutionArn);
      const description = await describe(clients, ExecutionArn);
      signal.removeEventListener('abort', stopToo);
      const result = presented(description, pattern === 'sync:2');
      if (description.status === 'SUCCEEDED') return result;
      throw new StateFailure('States.TaskFailed', JSON.stringify(result));
    },
  }),
});

const describe = (clients: ServiceClients, executionArn: string): Promise<JsonObject> =>
  call(async () => {
    const { DescribeExecutionCommand } = await import('@aws-sdk/client-sfn');
    const client = await clients.sfn();
    const { $metadata, ...description } = await client.send(new DescribeExecutionCommand({ executionArn }));
    return JSON.parse(JSON.stringify(description)) as JsonObject;
  });

/** A child that its parent's role may not stop goes on, as in AWS. */
const stop = async (clients: ServiceClients, executionArn: string): Promise<void> => {
  try {
    const { StopExecutionCommand } = await import('@aws-sdk/client-sfn');
    const client = await clients.sfn();
    await client.send(new StopExecutionCommand({ executionArn }));
  } catch {
    // The parent has ended: nobody is left to tell.
  }
};

const startInput = (parameters: Json): { stateMachineArn: string; name?: string; input?: string } => {
  const { StateMachineArn, Name, Input } = isJsonObject(parameters) ? parameters : {};
  if (typeof StateMachineArn !== 'string' || (Name !== undefined && typeof Name !== 'string')) {
    throw new StateFailure(
      'States.Runtime',
      'The Arguments of states:startExecution must name a StateMachineArn; Name, if given, must be a string.',
      { isOwn: true },
    );
  }
  return {
    stateMachineArn: StateMachineArn,
    ...(Name !== undefined && { name: Name }),
    ...(Input !== undefined && { input: typeof Input === 'string' ? Input : JSON.stringify(Input) }),
  };
};

const call = async <T>(send: () => Promise<T>): Promise<T> => {
  try {
    return await send();
  } catch (error) {
    throw nestedFailure(error);
  }
};

const nestedFailure = (thrown: unknown): StateFailure => {
  const { name, message, $metadata } = thrown as Error & { $metadata?: { httpStatusCode?: number } };
  const failure = serviceFailure(thrown, 'StepFunctions', { isSdkIntegration: !isUnmodeled(thrown) });
  if ($metadata?.httpStatusCode === undefined) return failure;
  return new StateFailure(
    failure.error,
    `${message} (Service: AWSStepFunctions; Status Code: ${$metadata.httpStatusCode}; Error Code: ${name})`,
  );
};

const presented = (description: JsonObject, parseTexts: boolean): JsonObject =>
  Object.fromEntries(
    Object.entries(description).map(([key, value]) => {
      const isText = (key === 'input' || key === 'output') && typeof value === 'string';
      return [`${key[0]!.toUpperCase()}${key.slice(1)}`, isText && parseTexts ? (JSON.parse(value) as Json) : value];
    }),
  );
