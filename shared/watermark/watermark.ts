import { z } from 'zod';
import type { Window } from '#shared/dataset/manifest.ts';
import { DatasetMismatchError } from '#shared/errors.ts';

/** Up to where the rows of a view have arrived: in the target table, or in a registered model. */
export const Watermark = z.strictObject({ column: z.string(), upTo: z.string(), runId: z.string() });
export type Watermark = z.infer<typeof Watermark>;

type DatasetWindow = z.infer<typeof Window>;

/** Where the next dataset begins; undefined for the first one, and for one that goes by another column. */
export const afterOf = (current: Pick<Watermark, 'column' | 'upTo'> | undefined, column: string): string | undefined =>
  current?.column === column ? current.upTo : undefined;

/**
 * Rows that another run has delivered since the window was planned would arrive twice.
 *
 * @throws DatasetMismatchError naming that run.
 */
export const assertNext = (current: Watermark | undefined, window: DatasetWindow): void => {
  if (!current || afterOf(current, window.column) === window.after) return;
  throw new DatasetMismatchError(
    `The rows of this run, whose ${window.column} is beyond ${window.after ?? 'nothing, as it was the first'}, were delivered up to ${current.upTo} by the run ${current.runId} in the meantime. Nothing was delivered again. Start a new run for the rows that came after them.`,
  );
};
