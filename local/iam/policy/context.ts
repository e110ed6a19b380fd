import type { Account } from '#local/stand-in.ts';
import type { Check, Principal } from '../iam.ts';
import { accountIn } from './accounts.ts';
import type { Lookup } from './conditions.ts';
import { conditionKeyType, isSentWith } from './service-data.ts';

/** What goes with every request, whatever the service adds; the local cloud stands for servers that speak TLS 1.3. */
const GLOBAL_KEYS = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalisawsservice',
  'aws:principalservicename',
  'aws:requestedregion',
  'aws:resourceaccount',
  'aws:securetransport',
  'aws:sourceaccount',
  'aws:sourcearn',
  'lambda:sourcefunctionarn',
]);

/** Keys that services send with their own requests. */
const SENT_BY_SERVICES = /^aws:(requesttag\/|resourcetag\/|tagkeys$)/;

/** False for global keys that nobody here sends: a condition on them would be decided wrongly, and silently. */
export const isSuppliedGlobal = (key: string): boolean =>
  !key.startsWith('aws:') || GLOBAL_KEYS.has(key) || SENT_BY_SERVICES.test(key);

export interface RequestFacts {
  readonly account: Account;
  readonly principal: Principal;
  readonly check: Check;
  /** The role's sessions are Lambda functions, named by their session. */
  readonly isFunction: boolean;
}

/** All that is known about a request, by IAM's names. */
export const contextOf = ({
  account,
  principal,
  check,
  isFunction,
}: RequestFacts): Record<string, string | readonly string[]> => ({
  'aws:PrincipalIsAWSService': String(principal.type === 'service'),
  'aws:RequestedRegion': check.action.startsWith('iam:') ? 'us-east-1' : account.region,
  'aws:ResourceAccount': accountIn(check.resource) ?? account.accountId,
  'aws:SecureTransport': 'true',
  ...(principal.type === 'service'
    ? {
        'aws:PrincipalServiceName': principal.service,
        'aws:SourceArn': principal.sourceArn,
        'aws:SourceAccount': account.accountId,
      }
    : {
        'aws:PrincipalAccount': account.accountId,
        'aws:PrincipalArn': principal.type === 'role' ? principal.roleArn : principal.arn,
      }),
  ...(isFunction && principal.type === 'role' && { 'lambda:SourceFunctionArn': functionArn(principal.arn, account) }),
  ...(check.action.startsWith('s3:') && { 's3:ResourceAccount': account.accountId, 's3:TlsVersion': '1.3' }),
  ...check.context,
});

const functionArn = (sessionArn: string, { region, accountId }: Account): string =>
  `arn:aws:lambda:${region}:${accountId}:function:${sessionArn.slice(sessionArn.lastIndexOf('/') + 1)}`;

/**
 * Answers for condition keys. What AWS doesn't send with an action isn't there, whoever sent it here.
 *
 * @throws TypeError for a key that IAM doesn't have: a stand-in's mistake.
 */
export const lookupIn = (action: string, context: Readonly<Record<string, string | readonly string[]>>): Lookup => {
  const values = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(context)) {
    const key = name.toLowerCase();
    const list = typeof value === 'string' ? [value] : value;
    if (list.length > 0 && isSent(action, key)) values.set(key, list);
  }
  return (key) => values.get(key);
};

const known = new Map<string, boolean>();

const isSent = (action: string, key: string): boolean => {
  // The keys of tags are people's own, and so without number.
  const isTag = key.includes('/');
  const name = `${action} ${key}`;
  const before = isTag ? undefined : known.get(name);
  if (before !== undefined) return before;
  if (conditionKeyType(key) === undefined) throw new TypeError(`IAM has no condition key ${key}.`);
  const answer = isSentWith(action, key);
  if (!isTag) known.set(name, answer);
  return answer;
};
