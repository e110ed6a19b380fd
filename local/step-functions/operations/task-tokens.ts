import { z } from 'zod';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import type { TaskTokens } from '../tasks/tokens.ts';
import { operation, payload } from './operation.ts';

/** The answers of workers that hold a task's token. An answer that got its reply is on disk. */
export const taskTokenOperations = (tokens: TaskTokens, resumed: Promise<void>): Record<string, Operation> => ({
  SendTaskSuccess: operation(z.object({ taskToken, output: payload }), async ({ taskToken: token, output }) => {
    checkOutput(output);
    await resumed;
    await tokens.waiterOf(token).answer({ output });
  }),

  SendTaskFailure: operation(
    z.object({
      taskToken,
      error: z.string().max(256).optional(),
      cause: z.string().max(32_768).optional(),
    }),
    async ({ taskToken: token, error = '', cause }) => {
      await resumed;
      await tokens.waiterOf(token).answer({ error, cause });
    },
  ),

  SendTaskHeartbeat: operation(z.object({ taskToken }), async ({ taskToken: token }) => {
    await resumed;
    tokens.waiterOf(token).heartbeat();
  }),
});

const taskToken = z.string().min(1).max(2048);

const checkOutput = (text: string): void => {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new AwsError('InvalidOutput', `Invalid Output: '${(error as Error).message}'`);
  }
};
