import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { AwsError } from '#local/http/aws-json.ts';

/** What a worker that holds a token answers. */
export type TokenAnswer = { readonly output: string } | { readonly error: string; readonly cause: string | undefined };

/** A task that waits for its token to come back. */
export interface TokenWaiter {
  /** Takes the answer; resolves when it is on disk. */
  answer(answer: TokenAnswer): Promise<void>;
  heartbeat(): void;
}

/** The tokens of `.waitForTaskToken` tasks. */
export interface TaskTokens {
  /** A token of an execution of a machine. */
  create(stateMachineArn: string): string;
  /** The machine that a token was made for; undefined for what never was a token. */
  machineOf(token: string): string | undefined;
  /** Lets a token be answered, once; the function returned takes it back. */
  register(token: string, waiter: TokenWaiter): () => void;
  /**
   * The task that waits for a token.
   *
   * @throws AwsError `InvalidToken` for what never was a token, `TaskTimedOut` when no task waits for it any more.
   */
  waiterOf(token: string): TokenWaiter;
}

/**
 * A token is an id, the ARN of its machine and a signature by a key of this folder, so that an old token is told from an
 * invented one without a list, and whoever answers it can be asked for the right to do so.
 */
export const openTaskTokens = async (keyFile: string): Promise<TaskTokens> => {
  const key = await readOrCreateKey(keyFile);
  const waiters = new Map<string, TokenWaiter>();
  const sign = (id: Uint8Array): Buffer => createHmac('sha256', key).update(id).digest();
  const machineOf = (token: string): string | undefined => {
    const bytes = Buffer.from(token, 'base64url');
    const end = bytes.length - SIGNATURE_BYTES;
    if (end < ID_BYTES || !timingSafeEqual(sign(bytes.subarray(0, end)), bytes.subarray(end))) return undefined;
    return bytes.toString('utf8', ID_BYTES, end);
  };
  return {
    create(stateMachineArn) {
      const id = Buffer.concat([randomBytes(ID_BYTES), Buffer.from(stateMachineArn)]);
      return Buffer.concat([id, sign(id)]).toString('base64url');
    },
    machineOf,
    register(token, waiter) {
      waiters.set(token, waiter);
      return () => waiters.delete(token);
    },
    waiterOf(token) {
      const waiter = waiters.get(token);
      if (waiter) return waiter;
      if (machineOf(token) !== undefined) {
        throw new AwsError(
          'TaskTimedOut',
          'Task Timed Out: no task waits for this token any more; it was answered before, timed out or its execution ended.',
        );
      }
      throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
    },
  };
};

const ID_BYTES = 64;
const SIGNATURE_BYTES = 32;

const readOrCreateKey = async (file: string): Promise<Buffer> => {
  try {
    await writeFile(file, randomBytes(32), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFile(file);
};
