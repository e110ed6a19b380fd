import type { Account } from '#local/stand-in.ts';

/** The account in an ARN: `arn:<partition>:<service>:<region>:<account>:…`. Buckets' ARNs have none, and `*` neither. */
export const accountIn = (arn: string): string | undefined => arn.split(':', 5)[4] || undefined;

/** Only this account's identity policies don't suffice for what belongs to another account. */
export const isElsewhere = (arn: string, { accountId }: Account): boolean => {
  const owner = accountIn(arn);
  return owner !== undefined && owner !== accountId && owner !== 'aws';
};
