import { z } from 'zod';

/** What a Catch gives, and what an execution ends with. Timeouts come without a cause. */
export const StateFailure = z.strictObject({ Error: z.string(), Cause: z.string().nullable() });
export type StateFailure = z.infer<typeof StateFailure>;

export interface UnpackedFailure {
  readonly error: string;
  readonly cause: string;
  /** The innermost execution that failed, where a child did. */
  readonly executionArn?: string;
}

/** What a Lambda task fails with. */
const FunctionError = z.object({ errorType: z.string(), errorMessage: z.string() });

/** What a child execution fails with: its description. */
const FailedExecution = z.object({
  ExecutionArn: z.string(),
  Status: z.string(),
  Error: z.string().optional(),
  Cause: z.string().optional(),
});

/** Children nest two deep; the cap is for causes that somebody else wrote. */
const MAX_DEPTH = 8;

/** Finds the error that a step raised under the wrappings of the tasks and child executions it came through. */
export const unpackFailure = ({ Error: error, Cause: cause }: StateFailure, depth = 0): UnpackedFailure => {
  const packed = depth < MAX_DEPTH ? parseJson(cause) : undefined;
  const functionError = FunctionError.safeParse(packed);
  if (functionError.success) return { error: functionError.data.errorType, cause: functionError.data.errorMessage };
  const execution = FailedExecution.safeParse(packed);
  if (execution.success) {
    const { ExecutionArn, Status, Error: name, Cause } = execution.data;
    const inner = unpackFailure({ Error: name ?? NAME_OF_STATUS[Status] ?? error, Cause: Cause ?? null }, depth + 1);
    const told = inner.cause || `The execution ended as ${Status}.`;
    return { executionArn: ExecutionArn, ...inner, cause: told };
  }
  return { error, cause: cause ?? (error === 'States.Timeout' ? 'A step gave no answer within its time.' : '') };
};

const NAME_OF_STATUS: Readonly<Record<string, string>> = { TIMED_OUT: 'States.Timeout' };

/** Step Functions cuts long causes, which leaves no JSON; they are told as they are. */
const parseJson = (text: string | null): unknown => {
  if (!text?.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
