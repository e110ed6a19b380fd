import { z } from 'zod';

/** The rule's own event; nothing in it is needed. */
export const RefreshPullSecretInput = z.looseObject({});
export type RefreshPullSecretInput = z.infer<typeof RefreshPullSecretInput>;

export const RefreshPullSecretOutput = z.strictObject({
  secretCount: z.int().nonnegative(),
  /** Of the token that all secrets carry now; null when no pipeline is deployed. */
  expiresAt: z.iso.datetime().nullable(),
});
export type RefreshPullSecretOutput = z.infer<typeof RefreshPullSecretOutput>;
