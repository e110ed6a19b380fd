import { randomUUID } from 'node:crypto';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Account } from '#local/stand-in.ts';

/** Where the services that targets belong to listen, such as `http://127.0.0.1:4566`. */
export interface TargetEndpoints {
  readonly lambda: string;
  readonly stepFunctions: string;
}

/** Calls targets by their ARN. */
export interface TargetCaller {
  /** Hands over one event; resolves when the target's service has accepted it. */
  call(targetArn: string, input: string, eventId: string): Promise<void>;
  close(): void;
}

/** Which of the services that answer for a target an ARN belongs to; undefined for all others. */
export const targetService = (arn: string): keyof TargetEndpoints | undefined =>
  TARGET_ARNS.find(([pattern]) => pattern.test(arn))?.[1];

const TARGET_ARNS: readonly (readonly [RegExp, keyof TargetEndpoints])[] = [
  [/^arn:aws:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/, 'lambda'],
  [/^arn:aws:states:[\w-]+:\d{12}:stateMachine:[\w-]+$/, 'stepFunctions'],
];

/** @param endpoints asked at the first call, which waits until the cloud's other servers have been started. */
export const targetCaller = (
  account: Account,
  endpoints: () => TargetEndpoints | Promise<TargetEndpoints>,
): TargetCaller => {
  const settings = {
    region: account.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    // The delivery retries by the target's policy; the client's own retries would distort it.
    maxAttempts: 1,
  };
  let lambda: LambdaClient | undefined;
  let stepFunctions: SFNClient | undefined;
  const calls: Readonly<Record<keyof TargetEndpoints, (arn: string, input: string, id: string) => Promise<unknown>>> = {
    async lambda(FunctionName, Payload) {
      const { lambda: endpoint } = await endpoints();
      lambda ??= new LambdaClient({ ...settings, endpoint });
      return lambda.send(new InvokeCommand({ FunctionName, Payload, InvocationType: 'Event' }));
    },
    async stepFunctions(stateMachineArn, input, eventId) {
      const { stepFunctions: endpoint } = await endpoints();
      stepFunctions ??= new SFNClient({ ...settings, endpoint, disableHostPrefix: true });
      const name = `${eventId}_${randomUUID()}`;
      return stepFunctions.send(new StartExecutionCommand({ stateMachineArn, input, name }));
    },
  };
  return {
    async call(targetArn, input, eventId) {
      await calls[targetService(targetArn)!](targetArn, input, eventId);
    },
    close() {
      lambda?.destroy();
      stepFunctions?.destroy();
    },
  };
};

/** Whether another attempt could succeed: the service was away, busy or broken, rather than refused the request. */
export const isRetryable = (error: unknown): boolean => {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status === undefined || status >= 500 || status === 429 || status === 408;
};
