import { GetFunctionConfigurationCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { examine, type Finding, ok, problem } from './finding.ts';
import { redeployOr, type StageName } from './restoring.ts';
import type { DeployedRole } from './roles.ts';
import type { WantedRole, WantedRoles } from './wanted-roles.ts';

export interface HolderPorts {
  readonly lambda: LambdaClient;
  readonly stepFunctions: SFNClient;
}

interface Found {
  readonly findings: readonly Finding[];
  readonly roles: readonly DeployedRole[];
}

/** The functions and state machines of a stage: they are there, each under a role of the stage, which is told for a closer look. */
export const holderFindings = async (
  { lambda, stepFunctions }: HolderPorts,
  { functions, machines }: WantedRoles,
  stage: StageName,
): Promise<Found> => {
  const found = [
    ...(await inTurns(Object.entries(functions), async ([name, wanted]) =>
      holderFinding(
        wanted,
        stage,
        { action: `lambda:GetFunctionConfiguration on ${name}`, changeRole: changeFunction(name) },
        async () => {
          const { Role } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
          return Role;
        },
      ),
    )),
    ...(await inTurns(Object.entries(machines), async ([arn, wanted]) =>
      holderFinding(
        wanted,
        stage,
        { action: `states:DescribeStateMachine on ${arn}`, changeRole: changeMachine(arn) },
        async () => {
          const { roleArn } = await stepFunctions.send(new DescribeStateMachineCommand({ stateMachineArn: arn }));
          return roleArn;
        },
      ),
    )),
  ];
  const findings = found.flatMap(({ finding }) => (finding.status === 'ok' ? [] : [finding]));
  const roles = found.flatMap(({ role }) => role ?? []);
  const counts = `${Object.keys(functions).length} functions, ${Object.keys(machines).length} state machines`;
  return { findings: findings.length > 0 ? findings : [ok('functions and state machines', counts)], roles };
};

const changeFunction = (name: string): string =>
  `aws lambda update-function-configuration --function-name ${name} --role`;
const changeMachine = (arn: string): string =>
  `aws stepfunctions update-state-machine --state-machine-arn ${arn} --role-arn`;

interface Words {
  readonly action: string;
  readonly changeRole: string;
}

const holderFinding = async (
  wanted: WantedRole,
  stage: StageName,
  { action, changeRole }: Words,
  roleArnOf: () => Promise<string | undefined>,
): Promise<{ readonly finding: Finding; readonly role?: DeployedRole }> => {
  let role: DeployedRole | undefined;
  const finding = await examine(wanted.holder, { remedy: goneRemedy(wanted.holder, stage), action }, async () => {
    const arn = (await roleArnOf()) ?? '';
    // Every role of the stack lies under its path: resources/plugins/stack-names.cjs.
    if (!arn.includes(`:role/${stage.stack}/`)) {
      return problem(
        wanted.holder,
        `it runs under ${arn}, which is no role of the stage`,
        `${redeployOr(stage)}\n${changeRole} <ARN>, of those in: aws iam list-roles --path-prefix /${stage.stack}/`,
      );
    }
    role = { ...wanted, arn, isOwn: true };
    return arn;
  });
  return { finding, ...(role && { role }) };
};

/** A function or a machine needs more than one command to be made again; a deployment without it and one with it do it. */
const goneRemedy = (holder: string, { stage }: StageName): string =>
  `Deploy this checkout: npx serverless deploy --stage ${stage}. If that says "No changes", the ${holder} was deleted by hand: take its entry ` +
  'out of functions.yml or serverless.yml, deploy, put it back and deploy again.';

/** Lambda answers 15 such questions a second. */
const AT_ONCE = 8;

const inTurns = async <T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> => {
  const answers: R[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    answers.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(ask))));
  }
  return answers;
};
