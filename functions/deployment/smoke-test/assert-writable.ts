import { SmokeTestFailedError, UnwritableValueError } from '#shared/errors.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import type { ModelAnswer } from '#shared/predictions/ask-model.ts';
import { rowBinder } from '#shared/predictions/row-binder.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';

/**
 * Binds answers to the columns that they are to be written into, by the binder that writes them: what it refuses would be
 * found when the model serves already, and everything was paid for.
 *
 * @throws SmokeTestFailedError with the first row of each column that can't be written.
 */
export const assertWritable = (
  answers: readonly ModelAnswer[],
  { prediction }: PipelineDefinition,
  endpoint: string,
): void => {
  if (!prediction) return;
  const unwritable = new Set<number>();
  const problems = prediction.columns.flatMap(({ name, type }, index) => {
    const bind = rowBinder([columnOfType(name, type)], 'row');
    const found = answers.flatMap((answer, row) => {
      const problem = problemOf(() => bind({ line: row + 1, fields: [answer[index] ?? null] }));
      if (problem !== undefined) unwritable.add(row);
      return problem ?? [];
    });
    return found.slice(0, 1);
  });
  if (unwritable.size === 0 || mayBeSetAside(unwritable.size, answers.length, prediction.target.maxRejected)) return;
  throw new SmokeTestFailedError(
    `The model behind ${endpoint} answers what can't be written:\n${problems.map((problem) => `  ${problem}`).join('\n')}\n` +
      `That are ${unwritable.size} of ${answers.length} rows of the test set. Let output_fn answer values of these types, or ` +
      'name others in prediction.columns.',
  );
};

const problemOf = (bind: () => unknown): string | undefined => {
  try {
    bind();
    return undefined;
  } catch (error) {
    if (!(error instanceof UnwritableValueError)) throw error;
    return error.message.replace(/^row, line (\d+),/, 'row $1 of the test set,');
  }
};

/** A few rows say little about a share of all. That not one of them can be written says enough. */
const mayBeSetAside = (count: number, rowCount: number, maxRejected: number): boolean =>
  count < rowCount && (maxRejected < 1 ? maxRejected > 0 : count <= maxRejected);
