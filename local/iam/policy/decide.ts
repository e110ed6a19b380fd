import type { Account } from '#local/stand-in.ts';
import type { Check, Principal } from '../iam.ts';
import { isElsewhere } from './accounts.ts';
import type { Lookup } from './conditions.ts';
import { contextOf, lookupIn } from './context.ts';
import type { Deployment, Statements } from './deployment.ts';
import { isAction } from './service-data.ts';
import type { Source } from './statement.ts';

export type Decision = {
  readonly principal: Principal;
  readonly check: Check;
  /** All that was known about the request. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
} & (
  | { readonly allowed: true /** None for the person, who administers the account. */; readonly by?: Source }
  | { readonly allowed: false /** AWS's clause. */; readonly reason: string }
);

/**
 * Decides as AWS does within one account: an explicit deny wins; else an identity policy or a resource policy has to allow it.
 * Services that act by themselves have no identity policies. A role is taken only by whom its trust policy lets.
 *
 * @throws TypeError for an action or a condition key that IAM doesn't have: a stand-in's mistake.
 */
export const decide = (deployment: Deployment, account: Account, principal: Principal, check: Check): Decision => {
  const action = check.action.toLowerCase();
  if (!isAction(action)) throw new TypeError(`IAM has no action ${check.action}.`);
  const role = principal.type === 'role' ? deployment.role(principal.roleArn) : undefined;
  const context = contextOf({ account, principal, check, isFunction: role?.isFunction ?? false });
  const about = { principal, check, context };
  const question = {
    principal,
    accountId: account.accountId,
    action,
    resource: check.resource,
    lookup: lazy(() => lookupIn(action, context)),
  };

  const taken = action === 'sts:assumerole' ? deployment.role(check.resource) : undefined;
  const identity = role && answerOf(role.identity, question);
  const attached = answerOf(taken?.trust ?? deployment.resourcePolicy(check.resource), question);
  const denied = (reason: string): Decision => ({ ...about, allowed: false, reason });
  if (identity?.denied) return denied('with an explicit deny in an identity-based policy');
  if (attached.denied) return denied(`with an explicit deny in a ${taken ? 'role trust' : 'resource-based'} policy`);

  const byIdentity = principal.type === 'user' ? ADMINISTRATOR : identity?.allowed;
  const byOwner = attached.allowed ?? (byIdentity && attached.allowedToAccount);
  if (action === 'sts:assumerole') {
    return byOwner
      ? { ...about, allowed: true, by: byOwner }
      : denied(`because no role trust policy allows the ${check.action} action`);
  }
  // Whoever owns the resource has to agree; within the account an identity policy speaks for the owner as well.
  const isOthers = isElsewhere(check.resource, account);
  const ownerAgrees = byOwner !== undefined || (byIdentity !== undefined && !isOthers);
  const senderMay = byIdentity !== undefined || principal.type === 'service' || !isOthers;
  const by = byIdentity ?? byOwner;
  if (ownerAgrees && senderMay && by) return { ...about, allowed: true, by };
  const lacking = principal.type === 'service' || byIdentity ? 'resource-based' : 'identity-based';
  return denied(`because no ${lacking} policy allows the ${check.action} action`);
};

/** The person's policy: `*` on `*`. */
const ADMINISTRATOR: Source = { policy: 'AdministratorAccess', statement: 0 };

interface Question {
  readonly principal: Principal;
  readonly accountId: string;
  readonly action: string;
  readonly resource: string;
  readonly lookup: () => Lookup;
}

interface Answer {
  readonly denied?: Source;
  readonly allowed?: Source;
  /** Allowed to the account, which leaves it to identity policies. */
  readonly allowedToAccount?: Source;
}

const answerOf = (
  statements: Statements | undefined,
  { principal, accountId, action, resource, lookup }: Question,
): Answer => {
  let allowed: Source | undefined;
  let allowedToAccount: Source | undefined;
  for (const { effect, source, coversResource, reaches, holds } of statements?.(action) ?? []) {
    if (!coversResource(resource)) continue;
    const reach = reaches === undefined ? 'itself' : reaches(principal, accountId);
    if (reach === undefined || (holds !== undefined && !holds(lookup()))) continue;
    if (effect === 'Deny') return { denied: source };
    if (reach === 'itself') allowed ??= source;
    else allowedToAccount ??= source;
  }
  return { ...(allowed && { allowed }), ...(allowedToAccount && { allowedToAccount }) };
};

const lazy = <T>(compute: () => T): (() => T) => {
  let value: { readonly of: T } | undefined;
  return () => {
    value ??= { of: compute() };
    return value.of;
  };
};
