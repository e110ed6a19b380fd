import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { InvalidInputError } from '#shared/errors.ts';
import {
  type CredentialSource,
  parseWarehouseSecret,
  type WarehouseCredentials,
} from '#shared/warehouse/credentials.ts';

/** Credentials from a Secrets Manager secret, read once per execution environment until they are refreshed. */
export const secretsManagerCredentials = (
  secretArn: () => string,
  client = new SecretsManagerClient({}),
): CredentialSource => {
  let cached: Promise<WarehouseCredentials> | undefined;
  const fetch = (): Promise<WarehouseCredentials> => {
    cached = readSecret(client, secretArn());
    cached.catch(() => {
      cached = undefined;
    });
    return cached;
  };
  return { get: () => cached ?? fetch(), refresh: fetch };
};

const readSecret = async (client: SecretsManagerClient, secretArn: string): Promise<WarehouseCredentials> => {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
  if (SecretString === undefined) throw new InvalidInputError(`The secret ${secretArn} holds no text.`);
  return parseWarehouseSecret(SecretString);
};
