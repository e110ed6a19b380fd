import { z } from 'zod';

/** A run's id is its execution's name. */
export const RunPath = z.strictObject({
  id: z.string().regex(/^[\w-]{1,80}$/, 'must be 1-80 letters, digits, hyphens and underscores'),
});
