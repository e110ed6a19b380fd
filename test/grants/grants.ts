import type { DeployedPolicies, PolicyDocument } from '#local/iam/iam.ts';
import { type Decision, decide } from '#local/iam/policy/decide.ts';
import { compile } from '#local/iam/policy/deployment.ts';
import type { Recorded } from '#local/iam/record-decisions.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';

/** One right of a role: a statement narrowed to one of its actions and one of its resources. */
export interface Grant {
  readonly roleArn: string;
  readonly policy: string;
  readonly statement: number;
  readonly action: string;
  readonly resource: string;
}

/** Decisions by the same policies. */
export interface Session {
  readonly policies: DeployedPolicies;
  readonly decisions: readonly Decision[];
}

/** The sessions of a record, of which a file may hold several: policies are deployed anew. */
export const sessionsOf = (text: string): Session[] => {
  const sessions: { policies: DeployedPolicies; decisions: Decision[] }[] = [];
  for (const line of text.split('\n').filter(Boolean)) {
    const recorded = JSON.parse(line) as Recorded;
    if ('policies' in recorded) sessions.push({ policies: recorded.policies, decisions: [] });
    else sessions.at(-1)?.decisions.push(recorded.decision);
  }
  return sessions;
};

export const grantsOf = ({ roles }: DeployedPolicies): Grant[] =>
  roles.flatMap(({ arn, policies }) =>
    policies.flatMap(({ name, document }) =>
      document.Statement.flatMap(({ Effect, Action, Resource }, statement) =>
        Effect === 'Deny'
          ? []
          : list(Action).flatMap((action) =>
              list(Resource).map((resource) => ({ roleArn: arn, policy: name, statement, action, resource })),
            ),
      ),
    ),
  );

/** A grant's name, which is the same in each session. */
export const nameOf = ({ roleArn, action, resource }: Grant): string =>
  `${roleArn.split('/').at(-1)}: ${action} on ${resource}`;

/** Policies in which one role lacks one right; its statement's other actions and resources stay. */
export const without = (policies: DeployedPolicies, grant: Grant): DeployedPolicies => ({
  ...policies,
  roles: policies.roles.map((role) =>
    role.arn === grant.roleArn
      ? {
          ...role,
          policies: role.policies.map(({ name, document }) => ({
            name,
            document: name === grant.policy ? lacking(document, grant) : document,
          })),
        }
      : role,
  ),
});

const lacking = (document: PolicyDocument, { statement, action, resource }: Grant): PolicyDocument => ({
  ...document,
  Statement: document.Statement.flatMap((given, index) => {
    if (index !== statement) return [given];
    const [actions, resources] = [list(given.Action), list(given.Resource)];
    const otherActions = actions.filter((each) => each !== action);
    const otherResources = resources.filter((each) => each !== resource);
    return [
      ...(otherActions.length > 0 ? [{ ...given, Action: otherActions }] : []),
      ...(otherResources.length > 0 ? [{ ...given, Action: [action], Resource: otherResources }] : []),
    ];
  }),
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
