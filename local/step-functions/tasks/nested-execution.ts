import { AwsError } from '#local/http/aws-json.ts';
import { type Interruption, StateFailure } from '../interpreter/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { Integration } from './integration.ts';
import type { TaskPattern } from './resources.ts';

/** Starts and follows executions of this server. */
export interface NestedExecutions {
  start(input: { stateMachineArn: string; name?: string; input?: string }): Promise<{ arn: string; startDate: Date }>;
  /** Resolves when the execution is closed, with what DescribeExecution tells. */
  end(executionArn: string): Promise<JsonObject>;
  stop(executionArn: string): void;
}

/** `arn:aws:states:::states:startExecution`, also `.sync` (output as text) and `.sync:2` (output as JSON). */
export const nestedExecution = (nested: NestedExecutions, pattern: TaskPattern): Integration => ({
  errorPrefix: 'StepFunctions',
  async submit(parameters) {
    const { arn, startDate } = await nested.start(startInput(parameters)).catch((error: unknown) => {
      throw nestedFailure(error);
    });
    return { ExecutionArn: arn, StartDate: startDate.toISOString() };
  },
  isRepeatable: (parameters) => isJsonObject(parameters) && typeof parameters.Name === 'string',
  ...((pattern === 'sync' || pattern === 'sync:2') && {
    async waitForEnd(submitted, { signal }) {
      const { ExecutionArn } = submitted as { ExecutionArn: string };
      const stopToo = () => {
        const { kind } = signal.reason as Interruption;
        if (kind !== 'shutdown' && kind !== 'settled') nested.stop(ExecutionArn);
      };
      signal.addEventListener('abort', stopToo, { once: true });
      const description = await nested.end(ExecutionArn);
      signal.removeEventListener('abort', stopToo);
      const result = presented(description, pattern === 'sync:2');
      if (description.status === 'SUCCEEDED') return result;
      throw new StateFailure('States.TaskFailed', JSON.stringify(result));
    },
  }),
});

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

const nestedFailure = (error: unknown): unknown => {
  if (!(error instanceof AwsError)) return error;
  const name = error.name.endsWith('Exception') ? error.name : `${error.name}Exception`;
  return new StateFailure(
    `StepFunctions.${name}`,
    `${error.message} (Service: AWSStepFunctions; Status Code: ${error.statusCode}; Error Code: ${error.name})`,
  );
};

const presented = (description: JsonObject, parseTexts: boolean): JsonObject =>
  Object.fromEntries(
    Object.entries(description).map(([key, value]) => {
      const isText = (key === 'input' || key === 'output') && typeof value === 'string';
      return [`${key[0]!.toUpperCase()}${key.slice(1)}`, isText && parseTexts ? (JSON.parse(value) as Json) : value];
    }),
  );
