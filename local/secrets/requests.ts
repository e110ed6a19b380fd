import { z } from 'zod';
import { AwsError } from '#local/http/aws-json.ts';

/** Limits: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const MAX_SECRET_BYTES = 65_536;
const MAX_STAGES = 20;
const MAX_TAGS = 50;

const secretId = z.string().min(1).max(2_048);
const versionId = z.string().min(32).max(64);
const stage = z.string().min(1).max(256);
const secretString = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= MAX_SECRET_BYTES, `at most ${MAX_SECRET_BYTES} bytes`);
const secretBinary = z
  .base64()
  .min(1)
  .refine((text) => Buffer.byteLength(text, 'base64') <= MAX_SECRET_BYTES, `at most ${MAX_SECRET_BYTES} bytes`);

export const CreateSecretRequest = z.strictObject({
  Name: z
    .string()
    .min(1)
    .max(512)
    .regex(/^[A-Za-z0-9/_+=.@-]+$/, 'letters, digits and /_+=.@- only'),
  ClientRequestToken: versionId.optional(),
  Description: z.string().max(2_048).optional(),
  KmsKeyId: z.string().max(2_048).optional(),
  SecretString: secretString.optional(),
  SecretBinary: secretBinary.optional(),
  Tags: z
    .array(z.strictObject({ Key: z.string().min(1).max(128), Value: z.string().max(256) }))
    .max(MAX_TAGS)
    .optional(),
});
export type CreateSecretRequest = z.infer<typeof CreateSecretRequest>;

export const PutSecretValueRequest = z.strictObject({
  SecretId: secretId,
  ClientRequestToken: versionId.optional(),
  SecretString: secretString.optional(),
  SecretBinary: secretBinary.optional(),
  VersionStages: z.array(stage).min(1).max(MAX_STAGES).optional(),
});
export type PutSecretValueRequest = z.infer<typeof PutSecretValueRequest>;

export const GetSecretValueRequest = z.strictObject({
  SecretId: secretId,
  VersionId: versionId.optional(),
  VersionStage: stage.optional(),
});
export type GetSecretValueRequest = z.infer<typeof GetSecretValueRequest>;

export const DescribeSecretRequest = z.strictObject({ SecretId: secretId });
export type DescribeSecretRequest = z.infer<typeof DescribeSecretRequest>;

export const ListSecretsRequest = z.strictObject({
  MaxResults: z.int().min(1).max(100).optional(),
  NextToken: z.string().optional(),
  SortOrder: z.enum(['asc', 'desc']).optional(),
  IncludePlannedDeletion: z.boolean().optional(),
});
export type ListSecretsRequest = z.infer<typeof ListSecretsRequest>;

/**
 * Checks a request; a member that isn't known is refused by name rather than ignored.
 *
 * @throws AwsError InvalidParameterException naming everything that is wrong, never a value.
 */
export const checked =
  <T>(schema: z.ZodType<T>, answer: (request: T) => unknown) =>
  (input: unknown): unknown => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return answer(parsed.data);
    throw new AwsError('InvalidParameterException', z.prettifyError(parsed.error));
  };
