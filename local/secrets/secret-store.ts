import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const SecretVersion = z.strictObject({
  versionId: z.string(),
  stages: z.array(z.string()),
  secretString: z.string().optional(),
  /** Base64. */
  secretBinary: z.string().optional(),
  createdMs: z.number(),
});
export type SecretVersion = z.infer<typeof SecretVersion>;

const Secret = z.strictObject({
  arn: z.string(),
  name: z.string(),
  description: z.string().optional(),
  kmsKeyId: z.string().optional(),
  tags: z.array(z.strictObject({ Key: z.string(), Value: z.string() })),
  createdMs: z.number(),
  changedMs: z.number(),
  /** Oldest first. */
  versions: z.array(SecretVersion),
});
export type Secret = z.infer<typeof Secret>;

/** The secrets of the laptop's cloud, in one file that only its owner can read. */
export interface SecretStore {
  /** In the order of their creation. */
  all(): readonly Secret[];
  /** By name, by ARN, or by an ARN without the random end. */
  find(secretId: string): Secret | undefined;
  /** Adds the secret, or replaces the one of its name. */
  put(secret: Secret): void;
}

/**
 * Reads the file once and writes it whole with every change, to a temporary name first: a reader or a crash finds the
 * old secrets or the new ones.
 *
 * @throws when the file holds something else than secrets; it is left as it is.
 */
export const openSecretStore = (dataDir: string): SecretStore => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  removeLeftovers(dataDir);
  const path = join(dataDir, FILE_NAME);
  const secrets = read(path);
  return {
    all: () => [...secrets.values()],
    find: (secretId) =>
      secrets.get(secretId) ??
      secrets.values().find(({ arn }) => arn === secretId || arn.slice(0, -'-xxxxxx'.length) === secretId),
    put(secret) {
      const changed = new Map(secrets).set(secret.name, secret);
      write(dataDir, path, [...changed.values()]);
      secrets.set(secret.name, secret);
    },
  };
};

const FILE_NAME = 'secrets.json';
const TEMPORARY_PREFIX = `${FILE_NAME}.`;
const OWNER_ONLY = 0o600;

const removeLeftovers = (dataDir: string): void => {
  for (const name of readdirSync(dataDir)) if (name.startsWith(TEMPORARY_PREFIX)) rmSync(join(dataDir, name));
};

const read = (path: string): Map<string, Secret> => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  chmodSync(path, OWNER_ONLY);
  return new Map(parse(path, text).map((secret) => [secret.name, secret]));
};

/** What is wrong is told without the text, which is secret. */
const parse = (path: string, text: string): Secret[] => {
  try {
    return z.array(Secret).parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : 'it is not JSON';
    throw new Error(`${path} holds no secrets: ${reason}. Repair the file or move it away.`);
  }
};

const write = (dataDir: string, path: string, secrets: readonly Secret[]): void => {
  const temporary = join(dataDir, `${TEMPORARY_PREFIX}${randomUUID()}`);
  writeFileSync(temporary, `${JSON.stringify(secrets, null, 2)}\n`, { mode: OWNER_ONLY, flag: 'wx', flush: true });
  renameSync(temporary, path);
};
