import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Iam } from '#local/iam/iam.ts';
import { openQueues } from '#local/queues/queues.ts';
import type { DeadLetter } from './deliveries.ts';
import { EVENTS } from './targets.ts';

/**
 * Keeps the deliveries that were given up. Each goes to the queue that its target names, if the queue's policy lets the rule
 * send to it. In AWS all others are lost; here `dead-letters.jsonl` has every one, with the reason why no queue has it.
 */
export const openDeadLetters = (dataDir: string, iam: Iam): ((letter: DeadLetter) => Promise<DeadLetter>) => {
  const queues = openQueues(join(dataDir, 'queues'));
  const send = async (letter: DeadLetter): Promise<string | undefined> => {
    const { deadLetterArn, ...message } = letter;
    if (deadLetterArn === undefined) return 'The target names no dead-letter queue.';
    try {
      const rule = iam.callerOf(iam.serviceKeys(EVENTS, letter.RULE_ARN));
      await queues.send(deadLetterArn, message, rule);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
  return async (letter) => {
    const lostBecause = await send(letter);
    const kept = { ...letter, ...(lostBecause !== undefined && { lostBecause }) };
    await appendFile(join(dataDir, 'dead-letters.jsonl'), `${JSON.stringify(kept)}\n`);
    return kept;
  };
};
