import { AwsError } from '#local/http/aws-json.ts';
import type { Iam, KeyPair } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import { functionArn } from './functions.ts';

/** What Lambda itself does for a function, as the function's own role. */
export interface FunctionRole {
  /**
   * Takes the role for a new environment and gives the keys of its session.
   *
   * @throws AwsError AccessDeniedException when the role doesn't trust Lambda.
   */
  assume(): KeyPair;
  /** Whether a stream of the function's log group can be made and written to. */
  mayLog(logStreamName: string): boolean;
  mayPutOn(queueArn: string): boolean;
}

const LAMBDA = 'lambda.amazonaws.com';

export const functionRole = (iam: Iam, account: Account, name: string, roleArn: string): FunctionRole => {
  const keys = iam.sessionKeys(roleArn, name);
  const may = (action: string, resource: string): boolean => iam.callerOf(keys).may({ action, resource });
  return {
    assume() {
      try {
        iam.assertTrusts(roleArn, LAMBDA, functionArn(account, name));
      } catch (cause) {
        const message = `The role defined for the function cannot be assumed by Lambda. (${(cause as Error).message})`;
        throw Object.assign(new AwsError('AccessDeniedException', message, { statusCode: 403 }), { cause });
      }
      return keys;
    },
    mayLog(logStreamName) {
      const stream = `arn:aws:logs:${account.region}:${account.accountId}:log-group:${logGroupOf(name)}:log-stream:${logStreamName}`;
      return may('logs:CreateLogStream', stream) && may('logs:PutLogEvents', stream);
    },
    mayPutOn: (queueArn) => may('sqs:SendMessage', queueArn),
  };
};

export const logGroupOf = (functionName: string): string => `/aws/lambda/${functionName}`;
