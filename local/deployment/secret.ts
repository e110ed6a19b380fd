import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

/** The ARN of a secret, which is created without a value where there is none: policies name it before its value is known. */
export const ensureSecret = async (secrets: SecretsManagerClient, name: string): Promise<string> => {
  try {
    return (await secrets.send(new DescribeSecretCommand({ SecretId: name }))).ARN!;
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error;
    return (await secrets.send(new CreateSecretCommand({ Name: name }))).ARN!;
  }
};

/** Stores a secret's present value in the place of an older one. */
export const putSecret = async (
  secrets: SecretsManagerClient,
  SecretId: string,
  SecretString: string,
): Promise<void> => {
  await secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
};
