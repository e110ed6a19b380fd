import { UnknownRunError } from '#shared/errors.ts';
import type { Executions } from '#shared/executions/executions.ts';
import { hasNumber } from '#shared/json/exact-json.ts';
import type { ResolveRunInput } from './schema.ts';

/**
 * The execution's input as it was typed. On its way through the state machine and Lambda, numbers become JavaScript's; Step
 * Functions keeps the text, and is asked for it where there is a number that matters.
 */
export const exactInput = async (
  { input, executionArn }: ResolveRunInput,
  executions: Pick<Executions, 'describe'>,
): Promise<unknown> => {
  if (!hasNumber((input as { overrides?: unknown } | null)?.overrides)) return input;
  try {
    return (await executions.describe(executionArn)).input;
  } catch (error) {
    if (error instanceof UnknownRunError) return input;
    throw error;
  }
};
