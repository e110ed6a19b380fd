import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeployedPolicies, PolicyDocument } from '#local/iam/iam.ts';
import { type Decision, decide } from '#local/iam/policy/decide.ts';
import { compile } from '#local/iam/policy/deployment.ts';
import type { Recorded } from '#local/iam/record-decisions.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';

/** One right of a role: what a statement says about one of its actions, or about one of its resources. */
export interface Grant {
  readonly roleArn: string;
  readonly policy: string;
  readonly statement: number;
  readonly element: 'Action' | 'Resource';
  readonly value: string;
  /** Of the statement, to tell grants apart that have the same value. */
  readonly first: string;
}

/** Decisions by the same policies. */
export interface Session {
  readonly policies: DeployedPolicies;
  readonly decisions: readonly Decision[];
}

/** Everything that was recorded in a folder, a file for each local cloud. */
export const readSessions = (folder: string): Session[] =>
  (existsSync(folder) ? readdirSync(folder) : []).flatMap((file) =>
    sessionsOf(readFileSync(join(folder, file), 'utf8')),
  );

/** The sessions of a record, of which a file may hold several: policies are deployed anew. The first one has none yet. */
export const sessionsOf = (text: string): Session[] => {
  const sessions: { policies: DeployedPolicies; decisions: Decision[] }[] = [
    { policies: { roles: [], resourcePolicies: {} }, decisions: [] },
  ];
  for (const line of text.split('\n').filter(Boolean)) {
    const recorded = JSON.parse(line) as Recorded;
    if ('policies' in recorded) sessions.push({ policies: recorded.policies, decisions: [] });
    else sessions.at(-1)?.decisions.push(recorded.decision);
  }
  return sessions;
};

export const grantsOf = ({ roles }: DeployedPolicies): Grant[] =>
  roles.flatMap(({ arn: roleArn, policies }) =>
    policies.flatMap(({ name: policy, document }) =>
      document.Statement.flatMap((given, statement) =>
        given.Effect === 'Deny'
          ? []
          : (['Action', 'Resource'] as const).flatMap((element) =>
              list(given[element]).map((value) => ({
                roleArn,
                policy,
                statement,
                element,
                value,
                first: list(given[element === 'Action' ? 'Resource' : 'Action'])[0]!,
              })),
            ),
      ),
    ),
  );

/** A grant's name, which is the same in each session: without what a deployment makes up. */
export const nameOf = ({ roleArn, element, value, first }: Grant): string => {
  const role = roleArn
    .split('/')
    .at(-1)!
    .replace(/^fedml-serverless-local-/, '')
    .replace(/-[0-9A-F]{12}$/, '');
  const [action, resource] = element === 'Action' ? [value, `${first} …`] : [`${first} …`, value];
  return `${role}: ${action} on ${resource}`
    .replace(/(secret:[\w/-]+)-[0-9a-f]{6}/, '$1')
    .replace(/-data-[0-9a-f]{8}/, '-data');
};

/** Policies of one role that lacks one right. */
const without = (
  policies: DeployedPolicies,
  { roleArn, policy, statement, element, value }: Grant,
): DeployedPolicies => ({
  ...policies,
  roles: policies.roles
    .filter(({ arn }) => arn === roleArn)
    .map((role) => ({
      ...role,
      policies: role.policies.map(({ name, document }) => ({
        name,
        document:
          name === policy
            ? { ...document, Statement: lacking(document.Statement, { statement, element, value }) }
            : document,
      })),
    })),
});

const lacking = (
  statements: PolicyDocument['Statement'],
  { statement, element, value }: Pick<Grant, 'statement' | 'element' | 'value'>,
): PolicyDocument['Statement'] =>
  statements.flatMap((given, index) => {
    if (index !== statement) return [given];
    const others = list(given[element]).filter((each) => each !== value);
    return others.length > 0 ? [{ ...given, [element]: others }] : [];
  });

const list = (given: unknown): string[] => [given].flat() as string[];

/** The decisions of a session that a right has allowed and that nothing else would: without it the run fails there. */
export const resting = (session: Session, grant: Grant): Decision[] => {
  const asked = session.decisions.filter(
    (decision) =>
      decision.allowed &&
      decision.principal.type === 'role' &&
      decision.principal.roleArn === grant.roleArn &&
      decision.by?.policy === grant.policy &&
      decision.by.statement === grant.statement,
  );
  if (asked.length === 0) return [];
  const deployment = compile(without(session.policies, grant));
  return asked.filter(({ principal, check }) => !decide(deployment, LOCAL_ACCOUNT, principal, check).allowed);
};
