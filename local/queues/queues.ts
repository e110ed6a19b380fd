import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Caller } from '#local/iam/iam.ts';

/**
 * The dead-letter queues of the local cloud: a file of JSON lines for each, `<folder>/<queue>.jsonl`, for people to read.
 * Whoever sends a message needs the right to, by the queue's policy or by their own.
 */
export interface Queues {
  /**
   * Resolves when the message is in the file.
   *
   * @throws AccessDenied
   */
  send(queueArn: string, message: object, sender: Caller): Promise<void>;
}

export const openQueues = (folder: string): Queues => ({
  async send(queueArn, message, sender) {
    sender.authorize({ action: 'sqs:SendMessage', resource: queueArn });
    await mkdir(folder, { recursive: true });
    const line = JSON.stringify({ sentAt: new Date().toISOString(), ...message });
    await appendFile(join(folder, `${encodeURIComponent(nameOf(queueArn))}.jsonl`), `${line}\n`);
  },
});

const nameOf = (queueArn: string): string => queueArn.split(':').at(-1)!;
