import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';

const ModelClientSecret = z.strictObject({
  /** OAuth 2.0 client credentials of the issuer that pipeline.yml names. */
  oauth: z
    .strictObject({
      tokenUrl: z.url({ protocol: /^https$/ }),
      clientId: z.string().min(1),
      clientSecret: z.string().min(1),
      scope: z.string().min(1).optional(),
    })
    .optional(),
  /** PEM. For a gateway or an issuer with a certificate of a private authority. */
  certificateAuthority: z.string().startsWith('-----BEGIN CERTIFICATE-----').optional(),
});

/** What a caller of models on the cluster needs beside their URL. */
export type ModelClient = z.infer<typeof ModelClientSecret>;

/** @throws InvalidInputError naming the members that are wrong, never their values. */
export const parseModelClient = (secret: string): ModelClient => {
  const parsed = ModelClientSecret.safeParse(parseJson(secret));
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, code, message }) =>
    code === 'unrecognized_keys' ? message : `${path.join('.') || 'the secret'}: is missing or malformed`,
  );
  throw new InvalidInputError(
    `The secret of FEDML_KYMA_CLIENT_SECRET_ARN is not {"oauth": {"tokenUrl", "clientId", "clientSecret"}}: ${issues.join('; ')}.`,
  );
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
