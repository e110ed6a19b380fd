import { randomBytes } from 'node:crypto';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** What the local cloud's database user logs in with: the fields of FedML's config.json. */
export interface WarehouseLogin {
  readonly address: string;
  readonly port: string;
  readonly user: string;
  readonly password: string;
  readonly schema: string;
  readonly encrypt: 'true';
  readonly sslValidateCertificate: 'true';
  /** The stand-in's certificate, PEM. */
  readonly sslTrustStore: string;
}

/** The database user's password: made up at the first start, kept in the secret, never printed. */
export const warehousePassword = async (secrets: SecretsManagerClient, secretArn: string): Promise<string> => {
  try {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
    return (JSON.parse(SecretString!) as WarehouseLogin).password;
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error;
    return `Aa1${randomBytes(18).toString('base64url')}`;
  }
};
