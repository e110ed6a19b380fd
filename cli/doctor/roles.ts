import { GetRoleCommand, type IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { examine, type Finding, ok, problem, warning } from './finding.ts';

/** A role that SageMaker takes, and what the job or the model then does. */
export interface WantedRole {
  readonly subject: string;
  readonly arn: string;
  readonly needs: readonly Need[];
}

interface Need {
  readonly actions: readonly string[];
  readonly resource: string;
}

/** The roles of training jobs and models: they exist, SageMaker may take them, and they allow what they are for. */
export const executionRoleFindings = async (iam: IAMClient, roles: readonly WantedRole[]): Promise<Finding[]> =>
  (await Promise.all(roles.map((role) => roleFindings(iam, role)))).flat();

/** What both roles need, and what training needs besides. Resources stand for all of their kind. */
export const wantedRoles = ({
  bucket,
  region,
  accountId,
  trainingRoleArn,
  modelRoleArn,
}: {
  readonly bucket: string;
  readonly region: string;
  readonly accountId: string;
  readonly trainingRoleArn: string;
  readonly modelRoleArn: string;
}): WantedRole[] => {
  const partition = trainingRoleArn.split(':')[1];
  const bucketArn = `arn:${partition}:s3:::${bucket}`;
  const logStream = `arn:${partition}:logs:${region}:${accountId}:log-group:/aws/sagemaker/any:log-stream:any`;
  const read = (key: string): Need => ({ actions: ['s3:GetObject'], resource: `${bucketArn}/${key}` });
  const write = (key: string): Need => ({ actions: ['s3:PutObject'], resource: `${bucketArn}/${key}` });
  const common: Need[] = [
    read('staged/any'),
    read('source/any'),
    { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resource: logStream },
    { actions: ['ecr:GetAuthorizationToken'], resource: '*' },
  ];
  return [
    { subject: 'training role', arn: trainingRoleArn, needs: [...common, write('training-output/any')] },
    {
      subject: 'model role',
      arn: modelRoleArn,
      needs: [...common, read('training-output/any'), write('predictions/any')],
    },
  ];
};

const roleFindings = async (iam: IAMClient, { subject, arn, needs }: WantedRole): Promise<Finding[]> => {
  const trust = await trustFinding(iam, subject, arn);
  if (trust.status === 'problem') return [trust];
  return [trust, await permissionFinding(iam, `permissions of the ${subject}`, arn, needs)];
};

const trustFinding = (iam: IAMClient, subject: string, arn: string): Promise<Finding> =>
  examine(subject, 'Deploy the stage again, or correct its parameter; iam:GetRole is needed to look.', async () => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: arn.split('/').at(-1)! }));
    const trust = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
    if (trust.includes('"sagemaker.amazonaws.com"')) return ok(subject, arn);
    return problem(
      subject,
      `${arn} can't be taken by SageMaker`,
      'Add sagemaker.amazonaws.com to its trust policy, for sts:AssumeRole.',
    );
  });

const permissionFinding = async (
  iam: IAMClient,
  subject: string,
  arn: string,
  needs: readonly Need[],
): Promise<Finding> => {
  try {
    const denied = (await Promise.all(needs.map((need) => deniedOf(iam, arn, need)))).flat();
    if (denied.length === 0) return ok(subject, 'all that is needed');
    return problem(subject, `it does not allow ${denied.join(', ')}`, 'Add this to the role’s policies.');
  } catch (error) {
    const { name, message } = error as Error;
    return warning(subject, `${name}: ${message}`, 'Let this identity call iam:SimulatePrincipalPolicy to look.');
  }
};

const deniedOf = async (iam: IAMClient, arn: string, { actions, resource }: Need): Promise<string[]> => {
  const { EvaluationResults = [] } = await iam.send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: arn,
      ActionNames: [...actions],
      ResourceArns: [resource],
    }),
  );
  return EvaluationResults.filter(({ EvalDecision }) => EvalDecision !== 'allowed').map(
    ({ EvalActionName }) => `${EvalActionName} on ${resource}`,
  );
};
