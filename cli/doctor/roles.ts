import { GetRoleCommand, type IAMClient } from '@aws-sdk/client-iam';
import { awsProblemOf } from '../aws/aws-error.ts';
import { examine, type Finding, ok, problem, warning } from './finding.ts';
import { quoted, redeployOr, type StageName } from './restoring.ts';
import { type Refusal, refusalsOf } from './simulation.ts';
import type { PolicyDocument, WantedRole } from './wanted-roles.ts';

/** A role as it is in the account, and as it should be. */
export interface DeployedRole extends WantedRole {
  readonly arn: string;
  /** False for a role that the stage was given: only its owner changes it. */
  readonly isOwn: boolean;
}

/**
 * Every role of a stage: it is there, its service may take it, and it allows each call that is made under it. A role in which all is
 * well is counted only.
 */
export const roleFindings = async (
  iam: IAMClient,
  roles: readonly DeployedRole[],
  stage: StageName,
): Promise<Finding[]> => {
  const found: (Finding | undefined)[] = [];
  let unasked: Finding | undefined;
  let callCount = 0;
  for (const role of roles) {
    const trust = await trustFinding(iam, role, stage);
    found.push(trust);
    if (trust?.status === 'problem' || unasked) continue;
    try {
      const { refusals, count } = await callsOf(iam, role);
      callCount += count;
      if (refusals.length > 0) found.push(refusalFinding(role, refusals, stage));
    } catch (error) {
      unasked = unaskedFinding(role, error);
    }
  }
  const findings = found.filter((finding) => finding !== undefined);
  if (unasked) return [...findings, unasked];
  return findings.length > 0
    ? findings
    : [ok('roles', `${roles.length} allow the ${callCount} calls that are made under them`)];
};

/** A stage's 350 statements take some seconds; IAM answers a few at a time. */
const AT_ONCE = 6;

const callsOf = async (
  iam: IAMClient,
  { arn, policies }: DeployedRole,
): Promise<{ readonly refusals: Refusal[]; readonly count: number }> => {
  const statements = policies
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .filter(({ Effect }) => Effect === 'Allow');
  const refusals: Refusal[] = [];
  for (let start = 0; start < statements.length; start += AT_ONCE) {
    const batch = statements.slice(start, start + AT_ONCE).map((statement) => refusalsOf(iam, arn, statement));
    refusals.push(...(await Promise.all(batch)).flat());
  }
  return { refusals, count: statements.flatMap(({ Action, Resource }) => pairs(Action, Resource)).length };
};

const pairs = (actions: string | readonly string[], resources: string | readonly string[] = '*'): string[] =>
  [actions].flat().flatMap((action) => [resources].flat().map((resource) => `${action} ${resource}`));

const refusalFinding = (role: DeployedRole, refusals: readonly Refusal[], stage: StageName): Finding => {
  const told = refusals.map(({ action, resource, because }) => `${action} on ${resource} (${because})`);
  const more = told.length > MOST_TOLD ? `, and ${told.length - MOST_TOLD} more` : '';
  return problem(
    `role of ${role.holder}`,
    `${role.arn} refuses ${told.slice(0, MOST_TOLD).join(', ')}${more}`,
    remedyFor(role, refusals, stage),
  );
};

const MOST_TOLD = 5;

const remedyFor = (role: DeployedRole, refusals: readonly Refusal[], stage: StageName): string => {
  const outside = refusals.find(({ because }) => !/^nothing|^a policy/.test(because));
  if (outside) return `No policy of the role helps: ${outside.because}. Ask whoever administers the account.`;
  if (!role.isOwn) return 'It is a role that the stage was given: let its owner allow this.';
  const restore = role.policies.map(
    ({ PolicyName, PolicyDocument }) =>
      `aws iam put-role-policy --role-name ${roleName(role.arn)} --policy-name ${PolicyName} --policy-document ${quoted(PolicyDocument)}`,
  );
  const denied = refusals.some(({ because }) => because === 'a policy denies it');
  return [
    redeployOr(stage),
    ...restore,
    ...(denied
      ? [`and look for the policy that denies: aws iam list-role-policies --role-name ${roleName(role.arn)}`]
      : []),
  ].join('\n');
};

const roleName = (arn: string): string => arn.split('/').at(-1)!;

const trustFinding = async (iam: IAMClient, role: DeployedRole, stage: StageName): Promise<Finding | undefined> => {
  const { holder, arn, trust } = role;
  const subject = `role of ${holder}`;
  const service = trust.Statement[0]!.Principal!.Service!;
  const finding = await examine(
    subject,
    { remedy: missingRemedy(role, stage), action: `iam:GetRole on ${arn}` },
    async () => {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName: roleName(arn) }));
      const actual = JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '{}')) as Partial<PolicyDocument>;
      if (trusts(actual, service)) return ok(subject, arn);
      return problem(
        subject,
        `${arn} can't be taken by ${service}`,
        role.isOwn
          ? `${redeployOr(stage)}\naws iam update-assume-role-policy --role-name ${roleName(arn)} --policy-document ${quoted(trust)}`
          : `Let its owner add ${service} to its trust policy, for sts:AssumeRole.`,
      );
    },
  );
  return finding.status === 'ok' ? undefined : finding;
};

const trusts = ({ Statement = [] }: Partial<PolicyDocument>, service: string): boolean =>
  [Statement]
    .flat()
    .some(
      ({ Effect, Action, Principal }) =>
        Effect === 'Allow' &&
        [Action].flat().some((action) => ['sts:AssumeRole', 'sts:*', '*'].includes(action)) &&
        [Principal?.Service].flat().includes(service),
    );

/** CloudFormation makes a role again only under a template in which it was missing in between. */
const missingRemedy = ({ isOwn, trust, arn, policies }: DeployedRole, stage: StageName): string =>
  isOwn
    ? [
        'CloudFormation doesn’t notice that it is gone; make it again as it was:',
        `aws iam create-role --path /${stage.stack}/ --role-name ${roleName(arn)} --assume-role-policy-document ${quoted(trust)}`,
        ...policies.map(
          ({ PolicyName, PolicyDocument }) =>
            `aws iam put-role-policy --role-name ${roleName(arn)} --policy-name ${PolicyName} --policy-document ${quoted(PolicyDocument)}`,
        ),
      ].join('\n')
    : 'Correct the parameter that names it (trainingRoleArn, modelRoleArn), and deploy.';

const unaskedFinding = ({ arn }: DeployedRole, error: unknown): Finding => {
  const { name, message } = error as Error;
  const aws = awsProblemOf(error);
  return warning(
    'permissions of the roles',
    aws?.detail ?? `${name}: ${message}`,
    aws?.remedy || `Let this identity call iam:SimulatePrincipalPolicy on the stage's roles, such as ${arn}.`,
  );
};
