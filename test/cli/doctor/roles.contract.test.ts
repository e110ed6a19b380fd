import { join } from 'node:path';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '#cli/doctor/finding.ts';
import { holderFindings } from '#cli/doctor/holders.ts';
import { type DeployedRole, roleFindings } from '#cli/doctor/roles.ts';
import { type WantedRoles, wantedRoles } from '#cli/doctor/wanted-roles.ts';
import type { DeployedPolicies } from '#local/iam/iam.ts';
import type { StandIn } from '#local/stand-in.ts';
import { type FakeAnswers, named, serveFakeAws } from './fake-aws.ts';
import { fakeIam } from './fake-iam.ts';

const STAGE = { stack: 'fedml-serverless-dev', stage: 'dev' };
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/0f1e2d3c';
const secretOf = (name: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-AbCdEf`;
const roleArn = (name: string) => `arn:aws:iam::123456789012:role/fedml-serverless-dev/${name}`;

let wanted: WantedRoles;
const servers: StandIn[] = [];
beforeAll(async () => {
  wanted = await wantedRoles({
    rootDir: join(import.meta.dirname, '..', '..', '..'),
    stage: 'dev',
    account: { accountId: '123456789012', region: 'eu-central-1' },
    partition: 'aws',
    bucket: 'of-dev',
    params: {
      region: 'eu-central-1',
      network: 'existing',
      subnetIds: 'subnet-0',
      securityGroupIds: 'sg-0',
      kmsKeyArn: KEY,
      warehouseSecretArn: secretOf('warehouse'),
      kymaKubeconfigSecretArn: secretOf('kubeconfig'),
      kymaClientSecretArn: secretOf('client'),
      trainingRoleArn: roleArn('training'),
      modelRoleArn: roleArn('models'),
    },
  });
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const clientOf = async (answers: FakeAnswers) => {
  const server = await serveFakeAws(answers);
  servers.push(server);
  return {
    endpoint: server.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  };
};

/** Every role of the stage, called by its holder. */
const deployed = (): DeployedRole[] =>
  [...Object.values(wanted.functions), ...Object.values(wanted.machines), wanted.training, wanted.model].map(
    (role) => ({
      ...role,
      arn: roleArn(role.holder.replaceAll(' ', '-')),
      isOwn: true,
    }),
  );

const asDeployed = (roles: readonly DeployedRole[]): DeployedPolicies['roles'] =>
  roles.map(({ arn, trust, policies }) => ({
    arn,
    trust: trust as never,
    policies: policies.map(({ PolicyName, PolicyDocument }) => ({
      name: PolicyName,
      document: PolicyDocument as never,
    })),
  }));

/** The roles without each statement that the test names. */
const without = (isTaken: (holder: string, statement: string) => boolean): DeployedRole[] =>
  deployed().map((role) => ({
    ...role,
    policies: role.policies.map((policy) => ({
      ...policy,
      PolicyDocument: {
        ...policy.PolicyDocument,
        Statement: policy.PolicyDocument.Statement.filter(
          (statement) => !isTaken(role.holder, JSON.stringify(statement)),
        ),
      },
    })),
  }));

const look = async (actual: readonly DeployedRole[], answers: FakeAnswers = {}, roles = deployed()) =>
  roleFindings(new IAMClient(await clientOf({ ...fakeIam(asDeployed(actual)), ...answers })), roles, STAGE);

const troubles = (findings: readonly Finding[]) => findings.filter(({ status }) => status !== 'ok');

describe('the doctor at the roles of a stage', () => {
  it('asks about every call of every function, machine and job, and finds nothing where all are allowed', async () => {
    const findings = await look(deployed());

    expect(findings).toEqual([
      { status: 'ok', subject: 'roles', detail: expect.stringMatching(/^49 allow the \d{3,4} calls/) },
    ]);
  });

  it('names the function, the role and the call that is refused, and the command that restores the role', async () => {
    const findings = await look(
      without((holder, statement) => holder === 'function resolveRun' && statement.includes('/run-index/')),
    );

    expect(troubles(findings)).toEqual([
      {
        status: 'problem',
        subject: 'role of function resolveRun',
        detail: expect.stringMatching(
          /^arn:aws:iam::\d+:role\/fedml-serverless-dev\/function-resolveRun refuses .*s3:PutObject on arn:aws:s3:::of-dev\/run-index\/any \(nothing allows it\)/,
        ),
        remedy: expect.stringMatching(
          /--stage dev\. If that says "No changes".*\naws iam put-role-policy --role-name function-resolveRun --policy-name Step --policy-document '\{.*run-index\/\*.*\}'$/s,
        ),
      },
    ]);
  });

  it.each([
    ['state machine pipeline', 'lambda:InvokeFunction'],
    ['state machine staging', 'states:StartExecution'],
    ['training jobs', 'kms:CreateGrant'],
    ['models', '/predictions/'],
    ['function deployEndpoint', 'iam:PassRole'],
    ['function scorePart', 'sagemaker:InvokeEndpoint'],
    ['function writePart', 'secretsmanager:GetSecretValue'],
    ['function planPartitions', 'ec2:CreateNetworkInterface'],
    ['function applyToKyma', 'kms:Decrypt'],
  ])('finds that %s lacks %s', async (holder, taken) => {
    const findings = await look(without((name, statement) => name === holder && statement.includes(taken)));

    expect(troubles(findings).map(({ subject }) => subject)).toEqual([`role of ${holder}`]);
  });

  it('finds a role that is gone, and one that its service may not take', async () => {
    const actual = deployed()
      .filter(({ holder }) => holder !== 'function sealDataset')
      .map((role) =>
        role.holder === 'state machine training'
          ? {
              ...role,
              trust: {
                ...role.trust,
                Statement: [{ ...role.trust.Statement[0]!, Principal: { Service: 'ec2.amazonaws.com' } }],
              },
            }
          : role,
      );

    const findings = troubles(await look(actual));

    expect(findings.map(({ subject, detail }) => [subject, detail])).toEqual([
      ['role of function sealDataset', expect.stringMatching(/^NoSuchEntity/)],
      ['role of state machine training', expect.stringContaining("can't be taken by states.amazonaws.com")],
    ]);
    expect(findings[0]!.remedy).toMatch(/create-role --path \/fedml-serverless-dev\/ .*\n.*put-role-policy/);
    expect(findings[1]!.remedy).toContain('update-assume-role-policy --role-name state-machine-training');
  });

  it('sends whoever gave the stage a role of theirs to its owner, and an organization’s refusal to its administrator', async () => {
    const [training] = deployed().filter(({ holder }) => holder === 'training jobs');
    const foreign = { ...training!, isOwn: false };
    const ofOthers = await look(
      without(() => true),
      {},
      [foreign],
    );
    const ofOrganization = await look([training!], { 'iam SimulatePrincipalPolicy': DENIED_BY_ORGANIZATION }, [
      training!,
    ]);

    expect(troubles(ofOthers)[0]!.remedy).toMatch(/let its owner allow this/);
    expect(troubles(ofOrganization)[0]!.remedy).toMatch(/^No policy of the role helps: an organization denies it/);
  });

  it('asks about each action by itself where IAM can’t be asked about several', async () => {
    const answers = fakeIam(asDeployed(deployed()));
    const simulate = answers['iam SimulatePrincipalPolicy'] as (query: Readonly<Record<string, unknown>>) => string;
    const findings = await look(deployed(), {
      'iam SimulatePrincipalPolicy': (query) =>
        query['ActionNames.member.2']
          ? named('InvalidInput', 'require different authorization information')
          : simulate(query),
    });

    expect(troubles(findings)).toEqual([]);
  });

  it('warns once when it may not simulate, with the action that takes', async () => {
    const findings = await look(deployed(), { 'iam SimulatePrincipalPolicy': named('AccessDenied', 'not authorized') });

    expect(troubles(findings)).toEqual([
      {
        status: 'warning',
        subject: 'permissions of the roles',
        detail: 'AccessDenied: not authorized',
        remedy: expect.stringContaining('iam:SimulatePrincipalPolicy'),
      },
    ]);
  });
});

const DENIED_BY_ORGANIZATION =
  '<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults><member><EvalActionName>s3:GetObject</EvalActionName>' +
  '<EvalDecision>implicitDeny</EvalDecision><OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations>' +
  '</OrganizationsDecisionDetail></member></EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>';

describe('the doctor at the functions and state machines', () => {
  const answers: FakeAnswers = {
    'lambda GetFunctionConfiguration': ({ FunctionName }) => ({ Role: roleArn(`of-${FunctionName}`) }),
    'AWSStepFunctions DescribeStateMachine': ({ stateMachineArn }) => ({
      roleArn: roleArn(`of-${String(stateMachineArn).split(':').at(-1)}`),
    }),
  };
  const lookAt = async (changed: FakeAnswers) => {
    const client = await clientOf({ ...answers, ...changed });
    return holderFindings({ lambda: new LambdaClient(client), stepFunctions: new SFNClient(client) }, wanted, STAGE);
  };

  it('tells under which role each of them runs', async () => {
    const { findings, roles } = await lookAt({});

    expect(troubles(findings)).toEqual([]);
    expect(roles).toHaveLength(47);
    expect(roles.find(({ holder }) => holder === 'function resolveRun')!.arn).toBe(
      roleArn('of-fedml-serverless-dev-resolveRun'),
    );
  });

  it('finds a function that is gone and one that somebody has given another role', async () => {
    const { findings, roles } = await lookAt({
      'lambda GetFunctionConfiguration': ({ FunctionName }) => {
        if (FunctionName === 'fedml-serverless-dev-trainModel') return named('ResourceNotFoundException');
        if (FunctionName === 'fedml-serverless-dev-predict') return { Role: 'arn:aws:iam::123456789012:role/admin' };
        return { Role: roleArn('x') };
      },
    });

    expect(findings.map(({ subject, remedy }) => [subject, remedy])).toEqual([
      ['function trainModel', expect.stringContaining('the function trainModel was deleted by hand')],
      [
        'function predict',
        expect.stringContaining('update-function-configuration --function-name fedml-serverless-dev-predict --role'),
      ],
    ]);
    expect(roles).toHaveLength(45);
  });
});
