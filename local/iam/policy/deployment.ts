import type { DeployedPolicies, Principal } from '../iam.ts';
import { MalformedPolicyError, readDocument } from './document.ts';
import type { Statement } from './statement.ts';

/** Statements that may matter to an action, in lower case. */
export type Statements = (action: string) => readonly Statement[];

export interface DeployedRole {
  readonly identity: Statements;
  readonly trust: Statements;
  /** Lambda takes this role, so that its sessions are functions. */
  readonly isFunction: boolean;
}

export interface Deployment {
  role(arn: string): DeployedRole | undefined;
  /** The statements of the resource policy that answers for an ARN. */
  resourcePolicy(arn: string): Statements | undefined;
}

export const NOTHING_DEPLOYED: Deployment = { role: () => undefined, resourcePolicy: () => undefined };

/** @throws MalformedPolicyError with everything in the policies that isn't understood. */
export const compile = ({ roles, resourcePolicies }: DeployedPolicies): Deployment => {
  const mistakes: string[] = [];
  const byRole = new Map<string, DeployedRole>();
  for (const { arn, trust, policies } of roles) {
    const identity = policies.flatMap(({ name, document }) =>
      readDocument(document, { kind: 'identity', policy: name, place: `${arn}, policy ${name}` }, mistakes),
    );
    const place = `${arn}, trust policy`;
    const trusting = readDocument(trust, { kind: 'trust', policy: arn, place }, mistakes);
    if (byRole.has(arn)) mistakes.push(`${arn} is there twice`);
    byRole.set(arn, {
      identity: byAction(identity),
      trust: byAction(trusting),
      isFunction: trusting.some(({ effect, reaches }) => effect === 'Allow' && reaches?.(LAMBDA, '') !== undefined),
    });
  }
  const byResource = new Map<string, Statements>();
  for (const [arn, document] of Object.entries(resourcePolicies)) {
    const place = `${arn}, resource policy`;
    byResource.set(arn, byAction(readDocument(document, { kind: 'resource', policy: arn, place }, mistakes)));
  }
  if (mistakes.length > 0) throw new MalformedPolicyError(mistakes);
  return { role: (arn) => byRole.get(arn), resourcePolicy: (arn) => byResource.get(policyOwner(arn)) };
};

const LAMBDA: Principal = { type: 'service', service: 'lambda.amazonaws.com', sourceArn: '' };

/** A role has dozens of statements, one or two of them about an action; which ones doesn't change until the next deployment. */
const byAction = (statements: readonly Statement[]): Statements => {
  const known = new Map<string, readonly Statement[]>();
  return (action) => {
    let found = known.get(action);
    if (found === undefined) {
      found = statements.filter(({ coversAction }) => coversAction(action));
      known.set(action, found);
    }
    return found;
  };
};

/** Objects are governed by their bucket's policy, versions and aliases by their function's. */
export const policyOwner = (arn: string): string => {
  if (arn.startsWith('arn:aws:s3:::')) return arn.split('/', 1)[0]!;
  if (/^arn:aws:lambda:[^:]*:[^:]*:function:/.test(arn)) return arn.split(':').slice(0, 7).join(':');
  return arn;
};
