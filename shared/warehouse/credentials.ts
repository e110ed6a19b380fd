import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';

/** FedML's config.json holds booleans as text. */
const Flag = z
  .union([z.boolean(), z.enum(['true', 'false', 'TRUE', 'FALSE', 'True', 'False'])])
  .transform((value) => (typeof value === 'boolean' ? value : value.toLowerCase() === 'true'));

const WholeNumber = z.union([z.int(), z.string().regex(/^\d+$/, 'must be a whole number').transform(Number)]);

/** The warehouse secret: the fields of FedML's config.json. */
const WarehouseSecret = z.strictObject({
  address: z.string().min(1),
  port: WholeNumber.pipe(z.int().min(1).max(65_535)),
  user: z.string().min(1),
  password: z.string().min(1),
  /** The space schema, where views are read. Tables are written to the user's own schema. */
  schema: z.string().min(1),
  encrypt: Flag.default(true),
  sslValidateCertificate: Flag.default(true),
  /** The trusted authorities as PEM text, or the path of such a file; the well-known ones when absent. */
  sslTrustStore: z.string().min(1).optional(),
  /** The name to look for in the certificate, where it isn't `address`. */
  sslHostNameInCertificate: z.string().min(1).optional(),
  sslUseDefaultTrustStore: Flag.optional(),
  disableCloudRedirect: Flag.default(true),
  /** The longest wait for an answer, in milliseconds; FedML's 0 stands for the default, since no wait may be endless. */
  communicationTimeout: WholeNumber.default(0),
  /** In FedML's files; each session of ours decides it by itself. */
  autocommit: Flag.optional(),
});

export type WarehouseCredentials = z.infer<typeof WarehouseSecret>;

/** Where credentials come from, and come from again after they were changed there. */
export interface CredentialSource {
  get(): Promise<WarehouseCredentials>;
  /** Reads them anew, in case they were rotated. */
  refresh(): Promise<WarehouseCredentials>;
}

/**
 * Reads the text of the warehouse secret.
 *
 * @throws InvalidInputError with every mistake at once. The message holds names of fields, never values.
 */
export const parseWarehouseSecret = (text: string): WarehouseCredentials => {
  const secret = WarehouseSecret.safeParse(parseJson(text));
  if (!secret.success) {
    throw new InvalidInputError(
      `The warehouse secret doesn't have the fields of FedML's config.json.\n${z.prettifyError(secret.error)}`,
    );
  }
  return secret.data;
};

/** JSON.parse quotes its input in its errors, and this input holds a password. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidInputError('The warehouse secret is not JSON.');
  }
};
