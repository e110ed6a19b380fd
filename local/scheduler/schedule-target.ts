import { createHash } from 'node:crypto';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Iam } from '#local/iam/iam.ts';
import { openQueues } from '#local/queues/queues.ts';
import type { Account } from '#local/stand-in.ts';

/** What the schedules of a group start, and as whom. */
export interface ScheduleTarget {
  readonly functionArn: string;
  /** Trusted by the role, as the source of what EventBridge Scheduler does with it. */
  readonly groupArn: string;
  readonly roleArn: string;
  /** The queue for what couldn't be started. */
  readonly deadLetterArn?: string;
}

export interface ScheduleTargetOptions {
  readonly account: Account;
  readonly iam: Iam;
  readonly target: ScheduleTarget;
  /** Where Lambda listens. */
  readonly lambda: string;
  /** Holds the dead-letter queues. */
  readonly queuesDir: string;
}

export interface TargetCaller {
  /**
   * Hands the input to the function; where that fails, to the dead-letter queue.
   *
   * @throws the function's refusal or, with it as the cause, why the queue doesn't have the input either.
   */
  call(input: object): Promise<void>;
  close(): void;
}

/** Calls the function of schedules as EventBridge Scheduler does: by the schedules' role, asynchronously. */
export const scheduleTarget = ({ account, iam, target, lambda, queuesDir }: ScheduleTargetOptions): TargetCaller => {
  const { functionArn, groupArn, roleArn, deadLetterArn } = target;
  const credentials = iam.sessionKeys(roleArn, createHash('sha256').update(groupArn).digest('hex').slice(0, 32));
  const client = new LambdaClient({ region: account.region, endpoint: lambda, credentials });
  const queues = openQueues(queuesDir);

  const invoke = async (input: object): Promise<void> => {
    iam.assertTrusts(roleArn, SCHEDULER, groupArn);
    const Payload = JSON.stringify(input);
    await client.send(new InvokeCommand({ FunctionName: functionArn, InvocationType: 'Event', Payload }));
  };
  const bury = async (input: object, error: Error): Promise<void> => {
    if (deadLetterArn === undefined) return;
    const letter = { TARGET_ARN: functionArn, ERROR_CODE: error.name, ERROR_MESSAGE: error.message, input };
    try {
      await queues.send(deadLetterArn, letter, iam.callerOf(credentials));
    } catch (refusal) {
      throw new Error(`${error.message}\nNor does the dead-letter queue have it: ${(refusal as Error).message}`, {
        cause: error,
      });
    }
  };
  return {
    async call(input) {
      try {
        await invoke(input);
      } catch (error) {
        await bury(input, error as Error);
        throw error;
      }
    },
    close: () => client.destroy(),
  };
};

/** The service principal of EventBridge Scheduler. */
const SCHEDULER = 'scheduler.amazonaws.com';
