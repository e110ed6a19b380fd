import type { DeployedPolicies } from '#local/iam/iam.ts';
import { decide } from '#local/iam/policy/decide.ts';
import { compile } from '#local/iam/policy/deployment.ts';
import type { FakeAnswers } from './fake-aws.ts';

const ACCOUNT = { accountId: '123456789012', region: 'eu-central-1' };

type Query = Readonly<Record<string, unknown>>;

/** IAM as it answers about these roles: decided by the local cloud's own evaluator, not by what a test expects. */
export const fakeIam = (roles: DeployedPolicies['roles']): FakeAnswers => {
  const deployment = compile({ roles, resourcePolicies: {} });
  const decision = (roleArn: string, action: string, resource: string, context: Record<string, string>): string => {
    const arn = `arn:aws:sts::123456789012:assumed-role/${roleArn.split('/').at(-1)}/session`;
    const check = { action, resource, context };
    return decide(deployment, ACCOUNT, { type: 'role', arn, roleArn }, check).allowed ? 'allowed' : 'implicitDeny';
  };
  return {
    'iam GetRole': (query) => {
      const role = roles.find(({ arn }) => arn.endsWith(`/${query.RoleName}`));
      if (!role)
        return Object.assign(new Error(`The role with name ${query.RoleName} cannot be found.`), {
          name: 'NoSuchEntity',
        });
      const trust = encodeURIComponent(JSON.stringify(role.trust));
      return `<GetRoleResponse><GetRoleResult><Role><AssumeRolePolicyDocument>${trust}</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>`;
    },
    'iam SimulatePrincipalPolicy': (query) => {
      const roleArn = String(query.PolicySourceArn);
      const resources = members(query, 'ResourceArns');
      const context = contextOf(query);
      const results = members(query, 'ActionNames').map((action) => {
        const each = resources.map((resource) => ({
          resource,
          decision: decision(roleArn, action, resource, context),
        }));
        const specific = each.map(
          (one) =>
            `<member><EvalResourceName>${one.resource}</EvalResourceName><EvalResourceDecision>${one.decision}</EvalResourceDecision></member>`,
        );
        const whole = each.every((one) => one.decision === 'allowed') ? 'allowed' : 'implicitDeny';
        return `<member><EvalActionName>${action}</EvalActionName><EvalDecision>${whole}</EvalDecision><ResourceSpecificResults>${specific.join('')}</ResourceSpecificResults></member>`;
      });
      return `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>${results.join('')}</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`;
    },
  };
};

const members = (query: Query, name: string): string[] =>
  Object.keys(query)
    .filter((key) => new RegExp(`^${name}\\.member\\.\\d+$`).test(key))
    .map((key) => String(query[key]));

const contextOf = (query: Query): Record<string, string> =>
  Object.fromEntries(
    Object.keys(query)
      .flatMap((key) => /^ContextEntries\.member\.\d+(?=\.ContextKeyName$)/.exec(key)?.[0] ?? [])
      .map((entry) => [String(query[`${entry}.ContextKeyName`]), String(query[`${entry}.ContextKeyValues.member.1`])]),
  );
