import { CreateSecretCommand, PutSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** Stores a secret's present value, new or in the place of an older one. Returns the secret's ARN. */
export const deploySecret = async (
  secrets: SecretsManagerClient,
  name: string,
  SecretString: string,
): Promise<string> => {
  try {
    return (await secrets.send(new PutSecretValueCommand({ SecretId: name, SecretString }))).ARN!;
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error;
    return (await secrets.send(new CreateSecretCommand({ Name: name, SecretString }))).ARN!;
  }
};
