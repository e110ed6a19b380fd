import type { Role } from './access/roles.ts';
import type { SageMakerContext } from './context.ts';

/** What the platform puts into every container. AWS libraries in it reach the local S3, never the real one, as the role. */
export const containerAwsEnvironment = (
  { account, s3Endpoint, settings }: SageMakerContext,
  { keys }: Role,
): Record<string, string> => ({
  AWS_REGION: account.region,
  AWS_DEFAULT_REGION: account.region,
  AWS_ACCESS_KEY_ID: keys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  ...(keys.sessionToken !== undefined && { AWS_SESSION_TOKEN: keys.sessionToken }),
  AWS_ENDPOINT_URL_S3: s3Endpoint,
  S3_ENDPOINT_URL: s3Endpoint,
  FEDML_INSTALL_REQUIREMENTS: settings.installRequirements ? '1' : '0',
});
