import { createHash } from 'node:crypto';
import type { Account } from '#local/stand-in.ts';
import { AccessDenied, SignatureError } from './errors.ts';
import type { Caller, Check, DeployedPolicies, Iam, KeyPair, Principal } from './iam.ts';
import { type Decision, decide } from './policy/decide.ts';
import { compile, NOTHING_DEPLOYED } from './policy/deployment.ts';
import { openSessions } from './sessions.ts';
import { scopeText } from './sigv4/canonical-request.ts';
import { chunkVerifier } from './sigv4/chunks.ts';
import { checkBody, signedPayload } from './sigv4/payload.ts';
import { verify } from './sigv4/verify.ts';

export interface IamOptions {
  readonly account: Account;
  /** Random unless given. */
  readonly personKeys?: KeyPair;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Hears of each check that was asked, and of the statement that allowed it. */
  readonly onDecision?: (decision: Decision) => void;
  /** Hears of the policies that are in force from now on. */
  readonly onDeploy?: (policies: DeployedPolicies) => void;
}

/** The access management of one account. Nobody but its person may do anything until policies are deployed. */
export const openIam = ({ account, personKeys, now = Date.now, onDecision, onDeploy }: IamOptions): Iam => {
  const person: Principal = { type: 'user', arn: `arn:aws:iam::${account.accountId}:user/local-administrator` };
  const sessions = openSessions(person, personKeys);
  const verifier = { account, sessions, now };

  let deployment = NOTHING_DEPLOYED;
  const decided = (principal: Principal, check: Check): Decision => {
    const decision = decide(deployment, account, principal, check);
    onDecision?.(decision);
    return decision;
  };
  const assertAllowed = (principal: Principal, check: Check): void => {
    const decision = decided(principal, check);
    if (!decision.allowed) throw new AccessDenied({ principal, ...check, reason: decision.reason });
  };
  const callerOf = (principal: Principal): Caller => ({
    principal,
    authorize: (...checks) => {
      for (const check of checks) assertAllowed(principal, check);
    },
    may: (check) => decided(principal, check).allowed,
  });

  return {
    personKeys: sessions.personKeys,
    sessionKeys: (roleArn, sessionName) => sessions.keysOf(rolePrincipal(roleArn, sessionName)),
    serviceKeys: (service, sourceArn) => sessions.keysOf({ type: 'service', service, sourceArn }),
    callerOf: ({ accessKeyId, sessionToken }) => {
      const found = sessions.find(accessKeyId, sessionToken);
      if (typeof found !== 'object') throw new TypeError(`Nobody here has the key ${accessKeyId}.`);
      return callerOf(found.principal);
    },
    authenticate: (request, service, body) => {
      const actual = createHash('sha256').update(body).digest('hex');
      const { principal, payloadHash } = verify(verifier, request, service, () => actual);
      checkBody(service, payloadHash, actual);
      return callerOf(principal);
    },
    authenticateHeaders: (request, service) => {
      const { principal, authorization, key, payloadHash } = verify(verifier, request, service, () => {
        throw new SignatureError('payload', 'Missing required header for this request: x-amz-content-sha256');
      });
      const { date, scope, signature } = authorization;
      const payload = signedPayload(service, payloadHash, () =>
        chunkVerifier(key, { date, scope: scopeText(scope), signature }),
      );
      return { caller: callerOf(principal), payload };
    },
    assertTrusts: (roleArn, service, sourceArn) =>
      assertAllowed({ type: 'service', service, sourceArn }, { action: 'sts:AssumeRole', resource: roleArn }),
    deploy: (policies) => {
      deployment = compile(policies);
      onDeploy?.(policies);
    },
  };
};

/** `arn:aws:iam::<account>:role/<path>/<name>` acts as `arn:aws:sts::<account>:assumed-role/<name>/<session>`. */
const rolePrincipal = (roleArn: string, sessionName: string): Principal => {
  const match = /^arn:(aws[\w-]*):iam::(\d*):role\/(?:.*\/)?([^/]+)$/.exec(roleArn);
  if (!match) throw new Error(`${roleArn} is not the ARN of a role.`);
  const [, partition, accountId, name] = match;
  return { type: 'role', arn: `arn:${partition}:sts::${accountId}:assumed-role/${name}/${sessionName}`, roleArn };
};
