import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { afterEach, describe, expect, it } from 'vitest';
import { awsProblemOf } from '#cli/aws/aws-error.ts';
import { doctor } from '#cli/commands/doctor.ts';
import { bucketFindings } from '#cli/doctor/bucket.ts';
import type { Finding } from '#cli/doctor/finding.ts';
import { quotaFindings } from '#cli/doctor/quotas.ts';
import { readStage } from '#cli/stage.ts';
import type { StandIn } from '#local/stand-in.ts';
import { recordingTerminal } from '#test/cli/recording-terminal.ts';
import { definitionOf } from '#test/shared/pipeline/fixture.ts';
import { type FakeAnswers, named, serveFakeAws } from './fake-aws.ts';

const ROOT_DIR = join(import.meta.dirname, '..', '..', '..');
const servers: StandIn[] = [];
const before = { ...process.env };
afterEach(async () => {
  process.env = { ...before };
  for (const server of servers.splice(0)) await server.close();
});

const clientOf = async (answers: FakeAnswers) => {
  const server = await serveFakeAws(answers);
  servers.push(server);
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  return { endpoint: server.url, region: 'eu-central-1', credentials, maxAttempts: 1 };
};

const troubles = (findings: readonly Finding[]) =>
  findings.filter(({ status }) => status !== 'ok').map(({ status, subject, detail }) => [status, subject, detail]);

const SOUND_BUCKET: FakeAnswers = {
  's3 HEAD': '',
  's3 GET encryption':
    '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>',
  's3 GET publicAccessBlock':
    '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>',
  's3 GET policy': {
    Statement: [{ Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
  },
};

const TRUSTING = `<GetRoleResponse><GetRoleResult><Role><AssumeRolePolicyDocument>${encodeURIComponent(
  JSON.stringify({
    Statement: ['lambda', 'states'].map((service) => ({
      Effect: 'Allow',
      Principal: { Service: `${service}.amazonaws.com` },
      Action: 'sts:AssumeRole',
    })),
  }),
)}</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>`;

describe('the doctor of a stage', () => {
  const askFor = async (stage: string, answers: FakeAnswers, region?: string) => {
    const { endpoint } = await clientOf(answers);
    Object.assign(process.env, { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' });
    return readStage(stage, { rootDir: ROOT_DIR, region });
  };

  it('finds everything by what the functions are told, and takes over nothing that leads elsewhere', async () => {
    const stage = await askFor('qa', {
      'lambda GetFunctionConfiguration': ({ FunctionName }) => ({
        FunctionArn: `arn:aws:lambda:eu-central-1:123456789012:function:${FunctionName}`,
        LastModified: '2026-11-24T04:15:00.000+0000',
        VpcConfig: { SubnetIds: String(FunctionName).endsWith('planPartitions') ? ['subnet-1'] : [] },
        Environment: { Variables: { FEDML_STORE_URI: 's3://of-qa', AWS_ENDPOINT_URL: 'http://evil.example' } },
      }),
    });

    expect(stage).toEqual({
      name: 'fedml-serverless-qa',
      stage: 'qa',
      partition: 'aws',
      region: 'eu-central-1',
      accountId: '123456789012',
      deployedAt: '2026-11-24T04:15:00.000+0000',
      environment: { FEDML_STORE_URI: 's3://of-qa' },
      isInNetwork: true,
    });
  });

  it('says which function it looked for, and where, when there is no such stage', async () => {
    const answers = { 'lambda GetFunctionConfiguration': named('ResourceNotFoundException') };

    await expect(askFor('nowhere', answers, 'eu-west-1')).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(/no function fedml-serverless-nowhere-startRun in eu-west-1.*--region/s),
    });
  });

  it('looks at all of it with one command, tells each thing in a line, and changes nothing', async () => {
    const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
    const out = recordingTerminal();
    const server = await serveFakeAws({
      ...SOUND_BUCKET,
      'lambda GetFunctionConfiguration': {
        FunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:x',
        Role: role('fedml-serverless-dev/any'),
        Environment: {
          Variables: {
            FEDML_STORE_URI: 's3://of-dev',
            FEDML_WAREHOUSE_SECRET_ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:warehouse-AbCdEf',
            FEDML_TRAINING_ROLE_ARN: role('train'),
            FEDML_MODEL_ROLE_ARN: role('serve'),
            FEDML_EVENT_BUS_NAME: 'fedml-serverless-dev',
            FEDML_PIPELINE_STATE_MACHINE_ARN:
              'arn:aws:states:eu-central-1:123456789012:stateMachine:fedml-serverless-dev-pipeline',
          },
        },
      },
      'lambda GetAccountSettings': { AccountLimit: { ConcurrentExecutions: 1000 } },
      'AWSEvents DescribeEventBus': {},
      'AWSStepFunctions DescribeStateMachine': { roleArn: role('fedml-serverless-dev/any') },
      'SageMaker DescribeEndpoint': named('ValidationException', 'Could not find endpoint "flights".'),
      'iam GetRole': ({ RoleName }) => (RoleName === 'any' ? TRUSTING : named('NoSuchEntity')),
      'iam SimulatePrincipalPolicy':
        '<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult/></SimulatePrincipalPolicyResponse>',
      'ServiceQuotasV20190624 ListServiceQuotas': { Quotas: [] },
      'secretsmanager GetSecretValue': { SecretString: 'not JSON' },
    });
    servers.push(server);
    Object.assign(process.env, { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' });

    const code = await doctor.run({ positionals: [], options: { stage: 'dev' }, out });

    expect(code).toBe(1);
    expect(out.lines.filter((line) => /^ {2}[✗!]/.test(line)).map((line) => line.split(': ')[0])).toEqual([
      '  ✗ role of training jobs',
      '  ✗ role of models',
      '  ! quota "ml.m5.large for training job usage" of flights',
      '  ! quota "total concurrency of serverless endpoints" of flights',
      '  ! quota "ml.m5.large for transform job usage" of flights',
      '  ! addresses that the warehouse is called from',
      '  ✗ warehouse secret',
    ]);
    expect(out.lines.at(-1)).toBe('  3 things to fix.');
    expect(server.asked.filter((operation) => !/ (Get|List|Describe|Simulate|HEAD)/i.test(operation))).toEqual([]);
  });

  it.each([
    ['an unknown profile', { AWS_PROFILE: 'nosuch' }, /no credentials of AWS \(profile nosuch\)/, /list-profiles/],
    [
      'a region that there isn’t',
      { AWS_ENDPOINT_URL: 'http://lambda.xx-nowhere-1.invalid' },
      /can't be looked up/,
      /--region/,
    ],
    ['no way there', { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, /no connection/, /proxy/],
  ])('makes a finding of %s, and no stack trace', async (_, variables, detail, remedy) => {
    delete process.env.AWS_ACCESS_KEY_ID;
    Object.assign(process.env, {
      ...('AWS_PROFILE' in variables ? {} : { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' }),
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      ...variables,
    });
    const out = recordingTerminal();

    const code = await doctor.run({ positionals: [], options: { stage: 'dev' }, out });

    expect(code).toBe(1);
    expect(out.lines[0]).toMatch(/^ {2}✗ stage dev: /);
    expect(out.lines[0]).toMatch(detail);
    expect(out.lines[1]).toMatch(remedy);
    expect(out.lines.at(-1)).toBe('  1 thing to fix.');
  });

  it.each([
    ['ExpiredTokenException', /has expired/, /aws sso login --profile prod/],
    ['UnrecognizedClientException', /doesn't know the access key of profile prod/, /AWS_PROFILE/],
    ['InvalidSignatureException', /refuses the signature/, /clock/],
  ])('tells what %s means', async (name, detail, remedy) => {
    const { endpoint } = await clientOf({ 'lambda GetFunctionConfiguration': named(name) });
    Object.assign(process.env, { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' });
    const refused = await readStage('dev', { rootDir: ROOT_DIR, region: undefined }).catch((each: unknown) => each);
    process.env.AWS_PROFILE = 'prod';

    expect(awsProblemOf(refused)).toMatchObject({
      kind: 'login',
      detail: expect.stringMatching(detail),
      remedy: expect.stringMatching(remedy),
    });
  });

  it('names principal, action and resource of a refusal, and sees that an Allow wouldn’t help against a deny', () => {
    const refusal = (why: string) =>
      named(
        'AccessDeniedException',
        `User: arn:aws:iam::1:user/me is not authorized to perform: states:DescribeStateMachine on resource: arn:aws:states:::x because ${why}`,
      );

    expect(awsProblemOf(refusal('no identity-based policy allows the action'))!.remedy).toBe(
      'Let arn:aws:iam::1:user/me call states:DescribeStateMachine on arn:aws:states:::x.',
    );
    expect(awsProblemOf(refusal('of an explicit deny in a service control policy'))!.remedy).toMatch(
      /an Allow won't help/,
    );
  });

  it('looks for functions that serverless.yml deploys', async () => {
    const service = await readFile(join(ROOT_DIR, 'serverless.yml'), 'utf8');
    const api = await readFile(join(ROOT_DIR, 'functions', 'api', 'functions.yml'), 'utf8');
    const staging = await readFile(join(ROOT_DIR, 'functions', 'staging', 'functions.yml'), 'utf8');

    expect(service).toMatch(/^service: fedml-serverless$/m);
    expect(api).toMatch(/^startRun:$/m);
    expect(staging).toMatch(/^planPartitions:$/m);
  });
});

describe('the doctor at a bucket', () => {
  const look = async (answers: FakeAnswers) =>
    bucketFindings(new S3Client({ ...(await clientOf({ ...SOUND_BUCKET, ...answers })), forcePathStyle: true }), {
      name: 'of-dev',
      region: 'eu-central-1',
      accountId: '123456789012',
      stage: { stack: 'fedml-serverless-dev', stage: 'dev' },
      policy: { Statement: [] },
    });

  it('finds nothing where all is well', async () => {
    expect(troubles(await look({}))).toEqual([]);
  });

  it('finds what somebody has opened since', async () => {
    const findings = await look({
      's3 GET publicAccessBlock':
        '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><BlockPublicPolicy>false</BlockPublicPolicy><IgnorePublicAcls>true</IgnorePublicAcls><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>',
      's3 GET policy': { Statement: [] },
    });

    expect(troubles(findings)).toEqual([
      ['problem', 'public access to of-dev', 'BlockPublicPolicy is off'],
      ['problem', 'transport to of-dev', 'its policy lets in calls without TLS'],
    ]);
  });

  it('asks no further about a bucket that is gone, or belongs to somebody else by now', async () => {
    const findings = await look({
      's3 HEAD': (headers) => (headers['x-amz-expected-bucket-owner'] === '123456789012' ? named('Forbidden') : ''),
    });

    expect(findings.map(({ status, subject }) => [status, subject])).toEqual([['problem', 'bucket of-dev']]);
  });
});

describe('the doctor at the quotas', () => {
  const look = async (limits: Record<string, number>, settings: object, concurrentExecutions = 1000) => {
    const entries = Object.entries(limits).map(([QuotaName, Value]) => ({ QuotaName, Value }));
    const client = await clientOf({
      'lambda GetAccountSettings': { AccountLimit: { ConcurrentExecutions: concurrentExecutions } },
      // Two pages, as SageMaker's thousand quotas come in many.
      'ServiceQuotasV20190624 ListServiceQuotas': ({ NextToken }) =>
        NextToken ? { Quotas: entries.slice(1) } : { Quotas: entries.slice(0, 1), NextToken: 'more' },
    });
    return quotaFindings({ quotas: new ServiceQuotasClient(client), lambda: new LambdaClient(client) }, [
      definitionOf(settings),
    ]);
  };
  const SETTINGS = {
    training: { instanceType: 'ml.m5.large', instanceCount: 2, spot: { maxWaitSeconds: 7200 } },
    deployment: { target: 'sagemaker', serverless: { maxConcurrency: 20 } },
  };

  it('finds nothing where there is enough of all', async () => {
    const findings = await look(
      {
        'ml.m5.large for spot training job usage': 2,
        'ml.m5.large for transform job usage': 1,
        'Maximum total concurrency across all serverless endpoints': 20,
      },
      SETTINGS,
    );

    expect(troubles(findings)).toEqual([]);
  });

  it('finds each quota that a run would not get by with, as in new accounts', async () => {
    const findings = await look(
      {
        'ml.m5.large for training job usage': 20,
        'ml.m5.large for spot training job usage': 0,
        'Maximum total concurrency across all serverless endpoints': 10,
      },
      SETTINGS,
      10,
    );

    expect(troubles(findings).filter(([status]) => status === 'problem')).toEqual([
      ['problem', 'quota of concurrent Lambda executions', 'it is 10, and a run takes up to 13'],
      ['problem', 'quota "ml.m5.large for spot training job usage" of flights', 'it is 0, and a run takes 2'],
      [
        'problem',
        'quota "Maximum total concurrency across all serverless endpoints" of flights',
        'it is 10, and a run takes 20',
      ],
    ]);
  });

  it('counts the instance that an endpoint has when pipeline.yml names none, and tells of a quota that is not listed', async () => {
    const findings = await look({ 'ml.m5.large for training job usage': 4 }, { deployment: { target: 'sagemaker' } });

    expect(troubles(findings)).toContainEqual([
      'warning',
      'quota "ml.m5.large for endpoint usage" of flights',
      'Service Quotas doesn’t list it',
    ]);
  });
});
