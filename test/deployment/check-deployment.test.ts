import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { zip } from '#test/local/deployment/zip.ts';
import { checkDeployment } from '../../scripts/deployment/check-deployment.ts';
import { checkFunctions, checkStateMachines } from '../../scripts/deployment/check-functions.ts';
import { checkGrants } from '../../scripts/deployment/check-grants.ts';
import { checkHttpApi } from '../../scripts/deployment/check-http-api.ts';
import { checkPolicies } from '../../scripts/deployment/check-policies.ts';
import { checkProperties } from '../../scripts/deployment/check-properties.ts';
import { checkReferences } from '../../scripts/deployment/check-references.ts';
import { checkRules } from '../../scripts/deployment/check-rules.ts';
import { checkTransport } from '../../scripts/deployment/check-transport.ts';
import { type Finding, readTemplate, type Template } from '../../scripts/deployment/template.ts';
import { type CommandFinder, commandFinder } from '../../scripts/deployment/used-commands.ts';
import { PACKAGING_TIMEOUT_MS, packagedProject, ROOT } from './packaged.ts';

let packageDir: string;
let finder: CommandFinder;

beforeAll(async () => {
  packageDir = await packagedProject();
  finder = commandFinder(ROOT);
}, PACKAGING_TIMEOUT_MS);

// biome-ignore lint/suspicious/noExplicitAny: planting a mistake means writing what no type allows
type Plantable = { Resources: Record<string, any> } & Omit<Template, 'Resources'>;

/** The real template with a mistake in it. */
const planted = (plant: (resources: Plantable['Resources']) => void): Template => {
  const template = structuredClone(readTemplate(packageDir)) as Plantable;
  plant(template.Resources);
  return template;
};

const texts = (findings: readonly Finding[]) => findings.map(({ where, problem }) => `${where}: ${problem}`);

/** The statement of a role's own policy that allows an action. */
// biome-ignore lint/suspicious/noExplicitAny: as above
const statementFor = (role: any, action: string) =>
  role.Properties.Policies.flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: object[] } }) => PolicyDocument.Statement,
  ).find(({ Action }: { Action?: string | string[] }) => [Action].flat().includes(action));

/** What a role may do with the customer's key, where there is one. */
// biome-ignore lint/suspicious/noExplicitAny: as above
const keyStatement = (role: any) =>
  role.Properties.Policies.flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: { 'Fn::If'?: [string, { Action: string }] }[] } }) =>
      PolicyDocument.Statement.flatMap((statement) => statement['Fn::If']?.[1] ?? []),
  ).find(({ Action }: { Action: string | string[] }) => [Action].flat().includes('kms:Decrypt'));

describe('the packaged deployment', () => {
  it('is sound', { timeout: 60_000 }, async () => {
    expect(texts(await checkDeployment(packageDir, finder))).toEqual([]);
  });

  it('prints the addresses that the warehouse is called from', () => {
    const { Outputs } = readTemplate(packageDir) as { Outputs: Record<string, { Value: unknown }> };

    expect(Outputs.EgressAddresses?.Value).toEqual({
      'Fn::Sub': '${EgressAddressA.PublicIp}, ${EgressAddressB.PublicIp}',
    });
  });

  it('puts only the functions that call the warehouse into the network', () => {
    const { Resources } = readTemplate(packageDir);
    const inNetwork = Object.entries(Resources)
      .filter(([, { Type, Properties }]) => Type === 'AWS::Lambda::Function' && Properties?.VpcConfig)
      .map(([id]) => id.replace('LambdaFunction', ''));

    expect(inNetwork.sort()).toEqual([
      'AbandonWrite',
      'ExtractPartition',
      'PlanPartitions',
      'PlanWrite',
      'PublishPredictions',
      'SealDataset',
      'WritePart',
    ]);
  });

  it('lets nobody call the HTTP API unsigned, and nobody more than the stage allows', () => {
    const { Resources } = readTemplate(packageDir);
    const routes = Object.values(Resources).filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Route');

    expect(routes.map(({ Properties }) => Properties!.AuthorizationType)).toEqual(Array(8).fill('AWS_IAM'));
    expect(Resources.HttpApiStage!.Properties!.DefaultRouteSettings).toMatchObject({
      ThrottlingRateLimit: 20,
      ThrottlingBurstLimit: 40,
    });
  });

  it('starts the runs of every schedule, in a group of its own', () => {
    const { Resources } = readTemplate(packageDir);
    const schedules = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Scheduler::Schedule');

    const found = schedules.map(({ Properties: { Target, ...properties } = {} }) => {
      const { pipeline, mode } = JSON.parse((Target as { Input: string }).Input);
      return [pipeline, properties.ScheduleExpression, properties.ScheduleExpressionTimezone, mode];
    });
    expect(found).toEqual([
      ['nightly', 'cron(30 5 * * ? *)', 'Europe/Berlin', 'score'],
      ['nightly', 'rate(6 hours)', 'UTC', 'full'],
      ['nightly', 'at(2030-12-24T06:00:00)', 'Europe/Berlin', 'train'],
      ['on-kyma', 'cron(0 3 ? * SUN *)', 'America/New_York', 'full'],
    ]);
    expect(schedules.map(({ Properties }) => Properties!.GroupName)).toEqual(Array(4).fill({ Ref: 'ScheduleGroup' }));
  });
});

describe('the check of properties', () => {
  it('finds a type, a property, a required property, a kind and a value that AWS does not know', async () => {
    const template = planted((resources) => {
      resources.Bucket.Type = 'AWS::S3::Buckett';
      resources.EventBus.Properties.Nmae = 'x';
      delete resources.SweepTasksPermission.Properties.Principal;
      resources.DeadLetterQueue.Properties.MessageRetentionPeriod = 'two weeks';
      resources.TrainModelLambdaFunction.Properties.TracingConfig.Mode = 'Loud';
    });

    expect(texts(await checkProperties(template))).toEqual(
      expect.arrayContaining([
        'Bucket: There is no resource type AWS::S3::Buckett.',
        'EventBus.Properties: Nmae is no property of it.',
        'SweepTasksPermission.Properties: The property Principal is required.',
        'DeadLetterQueue.Properties.MessageRetentionPeriod: must be a whole number, not "two weeks".',
        'TrainModelLambdaFunction.Properties.TracingConfig.Mode: must be one of Active, PassThrough, not "Loud".',
      ]),
    );
  });
});

describe('the check of references', () => {
  it('finds names in Ref, GetAtt, Sub, If, DependsOn and Condition that stand for nothing', async () => {
    const template = planted((resources) => {
      resources.DeadLetterQueuePolicy.Properties.Queues = [{ Ref: 'Queue' }];
      resources.BucketPolicy.Properties.Bucket = { 'Fn::GetAtt': ['Bucket', 'Name'] };
      resources.AlarmTopic.Properties.TopicName = { 'Fn::Sub': '${Nobody}-${Bucket.Shade}-${AWS::Place}-${!Literal}' };
      resources.WarehouseSecret.Properties.KmsKeyId = { 'Fn::If': ['Sunny', 'a', 'b'] };
      resources.SweepTasksRule.DependsOn = 'Something';
      resources.TrainingRole.Condition = 'Rainy';
    });

    expect(texts(await checkReferences(template))).toEqual(
      expect.arrayContaining([
        'DeadLetterQueuePolicy.Properties.Queues.0.Ref: There is no resource Queue.',
        'BucketPolicy.Properties.Bucket.Fn::GetAtt: Bucket, AWS::S3::Bucket, has no attribute Name.',
        'AlarmTopic.Properties.TopicName.Fn::Sub: There is no resource Nobody.',
        'AlarmTopic.Properties.TopicName.Fn::Sub: Bucket, AWS::S3::Bucket, has no attribute Shade.',
        'AlarmTopic.Properties.TopicName.Fn::Sub: There is no pseudo parameter AWS::Place.',
        'WarehouseSecret.Properties.KmsKeyId.Fn::If: There is no condition Sunny.',
        'SweepTasksRule.DependsOn: There is no resource Something.',
        'TrainingRole.Condition: There is no condition Rainy.',
      ]),
    );
  });

  it('finds variables that were never replaced', async () => {
    const template = planted((resources) => {
      keyStatement(resources.TrainModelRole).Resource = '${param:kmsKeyArn}';
    });

    expect(texts(await checkReferences(template)).join()).toMatch(
      /^TrainModelRole\.Properties\..*Nothing has replaced \$\{param:kmsKeyArn\}\.$/,
    );
  });

  it('finds resources that need one another', async () => {
    const template = planted((resources) => {
      resources.StagingStateMachineRole.DependsOn = 'TrainingStateMachine';
    });

    expect(texts(await checkReferences(template)).join()).toMatch(
      /needs itself to exist first: .*StagingStateMachineRole/,
    );
  });
});

describe('the check of policies', () => {
  it('finds permissions that are too wide', () => {
    const template = planted((resources) => {
      statementFor(resources.ResolveRunRole, 's3:ListBucket').Action = 's3:*';
      statementFor(resources.AnnounceRunRole, 'events:PutEvents').Resource = '*';
      delete statementFor(resources.TrainModelRole, 'iam:PassRole').Condition;
      resources.SmokeTestRole.Properties.ManagedPolicyArns = ['arn:aws:iam::aws:policy/AdministratorAccess'];
      resources.PipelineStateMachineRole.Properties.AssumeRolePolicyDocument.Statement[0].Condition = undefined;
      delete resources.TrainingRole.Properties.AssumeRolePolicyDocument.Statement[0].Condition.ArnLike;
      delete keyStatement(resources.StagingStateMachineRole).Condition;
      delete resources.S3GatewayEndpoint.Properties.PolicyDocument.Statement[0].Condition;
      resources.BucketPolicy.Properties.PolicyDocument.Statement.push({
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
      });
      resources.DeadLetterQueuePolicy.Properties.PolicyDocument.Statement[0].Condition = {};
    });

    expect(texts(checkPolicies(template))).toEqual([
      ...expectedInOrder(template, {
        ResolveRunRole: 'The action s3:* is a wildcard; name the actions.',
        AnnounceRunRole: 'events:PutEvents is allowed on every resource; name them.',
        TrainModelRole: 'iam:PassRole needs the condition iam:PassedToService.',
        SmokeTestRole: 'Managed policies grant more than is used; name the actions.',
        PipelineStateMachineRole:
          "states.amazonaws.com may take it for others' resources; add aws:SourceAccount and aws:SourceArn.",
        TrainingRole: "sagemaker.amazonaws.com may take it for others' resources; add aws:SourceArn.",
        StagingStateMachineRole: 'It may use the key for anything; add kms:ViaService.',
        S3GatewayEndpoint: 'It is open to anybody.',
        BucketPolicy: 'It is open to anybody.',
        DeadLetterQueuePolicy: 'It is open to a service for any account; add aws:SourceArn.',
      }),
    ]);
  });

  const expectedInOrder = ({ Resources }: Template, problems: Record<string, string>): string[] =>
    Object.keys(Resources)
      .filter((id) => problems[id])
      .map((id) => `${id}: ${problems[id]}`);
});

describe('the check of grants', () => {
  it('finds what is used and not allowed, allowed and not used, and shared', { timeout: 60_000 }, () => {
    const template = planted((resources) => {
      statementFor(resources.TrainModelRole, 'sagemaker:CreateTrainingJob').Action = ['sagemaker:AddTags'];
      statementFor(resources.EvaluateModelRole, 'sagemaker:DescribeTrainingJob').Action = [
        'sagemaker:DescribeTrainingJob',
        'sagemaker:StopTrainingJob',
      ];
      resources.SweepTasksLambdaFunction.Properties.Role = { 'Fn::GetAtt': ['ResumeTaskRole', 'Arn'] };
      statementFor(resources.StagingStateMachineRole, 'states:RedriveExecution').Action = ['states:StopExecution'];
      resources.PromoteModelLambdaFunction.Properties.Role = 'arn:aws:iam::123456789012:role/admin';
      const network = resources.WritePartRole.Properties.Policies[0].PolicyDocument;
      network.Statement = network.Statement.filter(({ Effect }: { Effect?: string }) => Effect !== 'Deny');
    });

    expect(texts(checkGrants(template, finder))).toEqual(
      expect.arrayContaining([
        'TrainModelRole: sagemaker:CreateTrainingJob is used and not allowed.',
        'EvaluateModelRole: sagemaker:StopTrainingJob is allowed and not used.',
        'SweepTasksLambdaFunction: It shares the role ResumeTaskRole with ResumeTaskLambdaFunction.',
        'StagingStateMachineRole: states:RedriveExecution is used and not allowed.',
        'PromoteModelLambdaFunction: It has no role of this stack.',
        expect.stringMatching(/^WritePartRole: The function's own code may call ec2:CreateNetworkInterface, /),
      ]),
    );
  });
});

it('asks for what a new integration of a state machine needs, rather than to guess', () => {
  const template = planted((resources) => {
    resources.TrainingStateMachine.Properties.Definition.States.Stage.Resource = 'arn:aws:states:::sns:publish';
  });

  expect(() => checkGrants(template, finder)).toThrow("doesn't know what arn:aws:states:::sns:publish needs");
});

describe('the check of rules', () => {
  it('finds targets that no rule may call, events that would be lost, and events of others', () => {
    const template = planted((resources) => {
      resources.TrainingJobEndedPermission.Properties.Principal = 's3.amazonaws.com';
      resources.TransformJobEndedPermission.Properties.SourceArn = { 'Fn::GetAtt': ['SweepTasksRule', 'Arn'] };
      delete resources.EndpointSettledRule.Properties.EventPattern.account;
      const [allowed] = resources.DeadLetterQueuePolicy.Properties.PolicyDocument.Statement;
      allowed.Condition.ArnEquals['aws:SourceArn'].pop();
      delete resources.SweepTasksRule.Properties.Targets[0].RetryPolicy;
      delete resources.SweepTasksRule.Properties.Targets[0].DeadLetterConfig;
      resources.ModelDecidedRule.Properties.State = 'DISABLED';
      delete resources.RunEndedRule.Properties.EventPattern['detail-type'];
    });

    expect(texts(checkRules(template))).toEqual([
      "TrainingJobEndedRule: ResumeTaskLambdaFunction doesn't let this rule call it.",
      "TransformJobEndedRule: ResumeTaskLambdaFunction doesn't let this rule call it.",
      'EndpointSettledRule: It takes events of other accounts; say account: [!Ref AWS::AccountId].',
      'SweepTasksRule: Its target SweepTasksLambdaFunction has no RetryPolicy.',
      'SweepTasksRule: Its target SweepTasksLambdaFunction has no DeadLetterConfig.',
      'ModelDecidedRule: It is switched off.',
      'RunEndedRule: It takes events of any source or type; name both.',
      "StartQueuedRunsRule: DeadLetterQueue doesn't let this rule leave an event in it.",
    ]);
  });
});

describe('the check of schedules', () => {
  it('finds calls that its role does not allow, roles that others can take, and times that would be lost', () => {
    const template = planted((resources) => {
      const [first, second] = Object.values(resources).filter(({ Type }) => Type === 'AWS::Scheduler::Schedule');
      delete first.Properties.GroupName;
      delete first.Properties.Target.DeadLetterConfig;
      second.Properties.Target.Arn = { 'Fn::GetAtt': ['StartRunLambdaFunction', 'Arn'] };
    });

    expect(texts(checkRules(template)).map((text) => text.replace(/^NightlySchedule\w+: /, ''))).toEqual([
      'It has no group, so that any schedule may take its role.',
      'Its target StartTriggeredRunLambdaFunction has no DeadLetterConfig.',
      'Its role SchedulesRole does not allow sqs:SendMessage on undefined.',
      'Its role SchedulesRole does not allow lambda:InvokeFunction on StartRunLambdaFunction.',
    ]);
  });
});

describe('the check of the HTTP API', () => {
  it('finds routes that are open, and callers without a limit or a trace', () => {
    const template = planted((resources) => {
      resources.HttpApiRoutePostPipelinesNameVarRuns.Properties.AuthorizationType = undefined;
      delete resources.HttpApiStage.Properties.DefaultRouteSettings.ThrottlingRateLimit;
      delete resources.HttpApiStage.Properties.AccessLogSettings;
    });

    expect(texts(checkHttpApi(template)).map((text) => text.split(': ').slice(1).join(': '))).toEqual([
      'Anybody may call POST /pipelines/{name}/runs.',
      'One caller can use up what the account may: it has no ThrottlingRateLimit.',
      'It has no access log of this stack.',
    ]);
  });
});

describe('the check of transport', () => {
  it('finds buckets, queues and topics that take calls without TLS', () => {
    const template = planted((resources) => {
      resources.BucketPolicy.Properties.PolicyDocument.Statement[0].Effect = 'Allow';
      delete resources.SchedulesDeadLetterQueuePolicy;
      resources.AlarmTopicPolicy.Properties.PolicyDocument.Statement[1].Condition.Bool['aws:SecureTransport'] = true;
    });

    expect(texts(checkTransport(template)).map((text) => text.split(':')[0])).toEqual([
      'Bucket',
      'SchedulesDeadLetterQueue',
      'AlarmTopic',
    ]);
  });
});

describe('the check of functions and state machines', () => {
  it('finds logs that are kept for ever, and an archive for another platform', () => {
    const template = planted((resources) => {
      delete resources.StagingLogGroup.Properties.RetentionInDays;
      resources.TrainModelLogGroup.Properties.LogGroupName = '/aws/lambda/other';
      const architectures = resources.WritePartLambdaFunction.Properties.Architectures;
      architectures[0] = architectures[0] === 'arm64' ? 'x86_64' : 'arm64';
    });

    expect(texts(checkFunctions(template, packageDir))).toEqual(
      expect.arrayContaining([
        'StagingLogGroup: It keeps its logs for ever; give it RetentionInDays.',
        expect.stringMatching(/^TrainModelLambdaFunction: It has no log group/),
        expect.stringMatching(/^WritePartLambdaFunction: It packs the driver for \w+ and runs on/),
      ]),
    );
  });

  it('finds bundles that grew too large, are missing, and drivers without their licence or too many', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'planted-'));
    const driver = (platform: string) => `node_modules/@sap/hana-client/prebuilt/${platform}/hana-client.node`;
    const archives: Record<string, Record<string, string>> = {
      TrainModel: { 'functions/training/train-model/handler.cjs': ' '.repeat(1_100_000) },
      SealDataset: { 'handler.js': '' },
      WritePart: { 'handler.cjs': 'x', [driver('linuxaarch64')]: 'x', [driver('linuxx86_64')]: 'x' },
    };
    const { Resources } = readTemplate(packageDir);
    const kept = Object.entries(Resources).filter(([id]) => archives[id.replace(/LambdaFunction|LogGroup/, '')]);
    for (const [name, files] of Object.entries(archives)) {
      const key = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
      await writeFile(join(folder, `${key}.zip`), zip(files));
    }

    const findings = texts(checkFunctions({ Resources: Object.fromEntries(kept) }, folder));
    await rm(folder, { recursive: true });

    expect(findings.sort()).toEqual([
      'SealDatasetLambdaFunction: Its archive holds no handler.cjs.',
      'TrainModelLambdaFunction: Its bundle has 1100000 bytes; 1048576 are allowed.',
      'WritePartLambdaFunction: It packs the driver for linuxaarch64 and linuxx86_64; it runs on one.',
      expect.stringMatching(/^WritePartLambdaFunction: It packs the driver for \w+ and runs on/),
      'WritePartLambdaFunction: It packs the driver without node_modules/@sap/hana-client/developer-license-3_2.txt.',
    ]);
  });

  it('finds placeholders without a meaning, meanings without a placeholder, and states that give up too early', () => {
    const template = planted((resources) => {
      const { DefinitionSubstitutions } = resources.TrainingStateMachine.Properties;
      delete DefinitionSubstitutions.EventBusName;
      DefinitionSubstitutions.SpareFunctionArn = 'arn';
      resources.TrainModelLambdaFunction.Properties.Timeout = 900;
      resources.WritePartLambdaFunction.Properties.Timeout = 930;
    });

    expect(texts(checkStateMachines(template))).toEqual([
      'TrainingStateMachine: Nothing stands for the placeholder EventBusName.',
      'TrainingStateMachine: The definition has no placeholder SpareFunctionArn.',
      'PredictionStateMachine WritePart: The state gives up after 930 s, and its function runs up to 930 s.',
    ]);
  });
});
