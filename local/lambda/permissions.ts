import type { Check } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import { functionArn } from './functions.ts';

/**
 * What a caller must be allowed for a request to Lambda.
 *
 * @param reference a function by its name or its ARN, with a qualifier or without. The check is on what is written: `f` and
 *   `f:$LATEST` are two resources.
 */
export const lambdaCheck = (account: Account, action: string, reference: string, qualifier?: string): Check => {
  if (reference === '') return { action: `lambda:${action}`, resource: '*' };
  const arn = reference.startsWith('arn:')
    ? reference
    : functionArn(account, reference.replace(/^\d{12}:function:/, ''));
  return { action: `lambda:${action}`, resource: qualifier === undefined ? arn : `${arn}:${qualifier}` };
};
