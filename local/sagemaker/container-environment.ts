import type { SageMakerContext } from './context.ts';

/** What the platform puts into every container. AWS libraries in it reach the laptop's S3, never the real one. */
export const containerAwsEnvironment = ({
  account,
  s3Endpoint,
  settings,
}: SageMakerContext): Record<string, string> => ({
  AWS_REGION: account.region,
  AWS_DEFAULT_REGION: account.region,
  AWS_ACCESS_KEY_ID: 'container',
  AWS_SECRET_ACCESS_KEY: 'container',
  AWS_ENDPOINT_URL_S3: s3Endpoint,
  S3_ENDPOINT_URL: s3Endpoint,
  FEDML_INSTALL_REQUIREMENTS: settings.installRequirements ? '1' : '0',
});
