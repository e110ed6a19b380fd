import { z } from 'zod';

/**
 * The pattern of a metric in the training log: its first group is the number. What JavaScript can't read is left to SageMaker,
 * whose patterns know more, such as `(?i)`.
 */
export const MetricRegex = z
  .string()
  .min(1)
  .max(500)
  .refine((regex) => mayHaveGroup(regex), 'needs a group around the number, as in auc=([0-9.]+)');

/** An empty alternative matches anything, and answers with as many groups as the pattern has. */
const mayHaveGroup = (regex: string): boolean => {
  try {
    return new RegExp(`${regex}|`).exec('')!.length > 1;
  } catch {
    return true;
  }
};
