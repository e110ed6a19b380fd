import { createHash, randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { AccessDenied } from '#local/iam/errors.ts';
import type { Iam, KeyPair } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import type { Delivery } from './deliveries.ts';

/** Where the services that targets belong to listen, such as `http://127.0.0.1:4566`. */
export interface TargetEndpoints {
  readonly lambda: string;
  readonly stepFunctions: string;
}

/** The service principal of EventBridge. */
export const EVENTS = 'events.amazonaws.com';

/** Calls targets by their ARN: a function as the rule, which the function's own policy must let in; a machine as the target's role. */
export interface TargetCaller {
  /** Hands over one event; resolves when the target's service has accepted it. */
  call(delivery: Delivery): Promise<void>;
  close(): void;
}

/** Which of the services that answer for a target an ARN belongs to; undefined for all others. */
export const targetService = (arn: string): keyof TargetEndpoints | undefined =>
  TARGET_ARNS.find(([pattern]) => pattern.test(arn))?.[1];

const TARGET_ARNS: readonly (readonly [RegExp, keyof TargetEndpoints])[] = [
  [/^arn:aws:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/, 'lambda'],
  [/^arn:aws:states:[\w-]+:\d{12}:stateMachine:[\w-]+$/, 'stepFunctions'],
];

interface TargetCallerOptions {
  readonly account: Account;
  readonly iam: Iam;
  /** Asked at the first call, which waits until the cloud's other servers have been started. */
  readonly endpoints: () => TargetEndpoints | Promise<TargetEndpoints>;
}

export const targetCaller = ({ account, iam, endpoints }: TargetCallerOptions): TargetCaller => {
  const httpAgent = new Agent({ keepAlive: true });
  const settings = {
    region: account.region,
    // The delivery retries by the target's policy; the client's own retries would distort it.
    maxAttempts: 1,
    requestHandler: { httpAgent },
  };
  const lambdaOf = perPrincipal((credentials, endpoint) => new LambdaClient({ ...settings, endpoint, credentials }));
  const stepFunctionsOf = perPrincipal(
    (credentials, endpoint) => new SFNClient({ ...settings, endpoint, credentials, disableHostPrefix: true }),
  );
  const calls: Readonly<Record<keyof TargetEndpoints, (delivery: Delivery) => Promise<unknown>>> = {
    async lambda({ ruleArn, targetArn: FunctionName, input: Payload }) {
      const client = lambdaOf(iam.serviceKeys(EVENTS, ruleArn), (await endpoints()).lambda);
      return client.send(new InvokeCommand({ FunctionName, Payload, InvocationType: 'Event' }));
    },
    async stepFunctions({ ruleArn, roleArn = '', targetArn: stateMachineArn, input, eventId }) {
      iam.assertTrusts(roleArn, EVENTS, ruleArn);
      const client = stepFunctionsOf(iam.sessionKeys(roleArn, sessionName(ruleArn)), (await endpoints()).stepFunctions);
      const name = `${eventId}_${randomUUID()}`;
      return client.send(new StartExecutionCommand({ stateMachineArn, input, name }));
    },
  };
  return {
    async call(delivery) {
      await calls[targetService(delivery.targetArn)!](delivery);
    },
    close: () => httpAgent.destroy(),
  };
};

/** One client for each pair of keys, made at its first use. */
const perPrincipal = <C>(make: (keys: KeyPair, endpoint: string) => C): ((keys: KeyPair, endpoint: string) => C) => {
  const clients = new Map<string, C>();
  return (keys, endpoint) => {
    const client = clients.get(keys.accessKeyId) ?? make(keys, endpoint);
    clients.set(keys.accessKeyId, client);
    return client;
  };
};

/** 32 hexadecimal digits, as in AWS; always the same for a rule. */
const sessionName = (ruleArn: string): string => createHash('sha256').update(ruleArn).digest('hex').slice(0, 32);

/** Whether another attempt could succeed: the service was away, busy or broken, rather than refused the request. */
export const isRetryable = (error: unknown): boolean => {
  if (error instanceof AccessDenied) return false;
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status === undefined || status >= 500 || status === 429 || status === 408;
};
