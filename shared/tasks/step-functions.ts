import {
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import type { Receipt, TaskTokens } from '#shared/tasks/task-tokens.ts';

/** SendTaskFailure's limits, from its service model. */
const MAX_ERROR_LENGTH = 256;
const MAX_CAUSE_LENGTH = 32_768;

/** Task tokens of AWS Step Functions. */
export const stepFunctionsTaskTokens = (client = new SFNClient({})): TaskTokens => ({
  succeed: (token, output) =>
    receipt(client.send(new SendTaskSuccessCommand({ taskToken: token, output: JSON.stringify(output) }))),

  fail: (token, { error, cause }) =>
    receipt(
      client.send(
        new SendTaskFailureCommand({
          taskToken: token,
          error: error.slice(0, MAX_ERROR_LENGTH),
          cause: cause.slice(0, MAX_CAUSE_LENGTH),
        }),
      ),
    ),

  heartbeat: (token) => receipt(client.send(new SendTaskHeartbeatCommand({ taskToken: token }))),
});

const receipt = async (sent: Promise<unknown>): Promise<Receipt> => {
  try {
    await sent;
    return 'accepted';
  } catch (error) {
    if (['TaskTimedOut', 'InvalidToken', 'TaskDoesNotExist'].includes((error as Error).name)) return 'gone';
    throw error;
  }
};
