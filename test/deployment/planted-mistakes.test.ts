import { beforeAll, describe, expect, it } from 'vitest';
import { ON_TEMPLATE } from '../../scripts/deployment/check-deployment.ts';
import { checkFunctions } from '../../scripts/deployment/check-functions.ts';
import { readTemplate, type Template } from '../../scripts/deployment/template.ts';
import { PACKAGING_TIMEOUT_MS, packagedProject } from './packaged.ts';

let packageDir: string;
let deployed: Template;

beforeAll(async () => {
  packageDir = await packagedProject();
  deployed = readTemplate(packageDir);
}, PACKAGING_TIMEOUT_MS);

// biome-ignore lint/suspicious/noExplicitAny: planting a mistake means writing what no type allows
type Resources = Record<string, any>;
type Mistake = [name: string, plant: (resources: Resources) => void, expected: string];

const findingsOf = (plant: (resources: Resources) => void): string[] => {
  const template = structuredClone(deployed);
  plant(template.Resources as Resources);
  return [...ON_TEMPLATE.flatMap((check) => check(template)), ...checkFunctions(template, packageDir)].map(
    ({ where, problem }) => `${where}: ${problem}`,
  );
};

const MISTAKES: Readonly<Record<string, readonly Mistake[]>> = {
  'the bucket': [
    [
      'open to the public',
      (r) => delete r.Bucket.Properties.PublicAccessBlockConfiguration,
      'Bucket: It can be opened to the public; set BlockPublicAcls.',
    ],
    [
      'open to public policies',
      (r) => (r.Bucket.Properties.PublicAccessBlockConfiguration.RestrictPublicBuckets = false),
      'Bucket: It can be opened to the public; set RestrictPublicBuckets.',
    ],
    [
      'with a public access control list',
      (r) => (r.Bucket.Properties.AccessControl = 'PublicRead'),
      'Bucket: Its access control list opens it; leave AccessControl out.',
    ],
    [
      "of Serverless's, open to the public",
      (r) => delete r.ServerlessDeploymentBucket.Properties.PublicAccessBlockConfiguration,
      'ServerlessDeploymentBucket: It can be opened to the public; set BlockPublicAcls.',
    ],
    [
      'not encrypted',
      (r) => delete r.Bucket.Properties.BucketEncryption,
      "Bucket: It isn't encrypted by the customer's key where there is one, and by S3's where there is none.",
    ],
    [
      "encrypted by S3's key alone",
      (r) => (encryption(r).SSEAlgorithm = 'AES256'),
      "Bucket: It isn't encrypted by the customer's key where there is one, and by S3's where there is none.",
    ],
    [
      "encrypted by the account's key",
      (r) => delete encryption(r).KMSMasterKeyID,
      "Bucket: It names no KMSMasterKeyID, so that the key is the account's.",
    ],
    [
      'without versions',
      (r) => (r.Bucket.Properties.VersioningConfiguration.Status = 'Suspended'),
      "Bucket: It isn't versioned: a model that somebody replaced can't be told or brought back.",
    ],
    [
      "with others' objects",
      (r) => delete r.Bucket.Properties.OwnershipControls,
      'Bucket: Objects may have access control lists and other owners; set BucketOwnerEnforced.',
    ],
    [
      'without a lifecycle',
      (r) => delete r.Bucket.Properties.LifecycleConfiguration,
      'Bucket: Rows of the warehouse stay in it for ever; expire what is tagged fedml-data=staged.',
    ],
    [
      'with a lifecycle that is switched off',
      (r) => (lifecycle(r)[0].Status = 'Disabled'),
      'Bucket: Rows of the warehouse stay in it for ever; expire what is tagged fedml-data=staged.',
    ],
    [
      'with a lifecycle of another tag',
      (r) => (lifecycle(r)[0].TagFilters[0].Value = 'old'),
      'Bucket: A lifecycle rule deletes what must stay: records and models.',
    ],
    [
      'that deletes records and models',
      (r) => delete lifecycle(r)[0].TagFilters,
      'Bucket: A lifecycle rule deletes what must stay: records and models.',
    ],
    [
      'that keeps old versions',
      (r) => delete lifecycle(r)[1].NoncurrentVersionExpiration,
      'Bucket: Old versions stay in it for ever; give it a NoncurrentVersionExpiration.',
    ],
    [
      'that keeps broken uploads',
      (r) => lifecycle(r).pop(),
      'Bucket: Parts of uploads that were broken off stay in it; give it an AbortIncompleteMultipartUpload.',
    ],
    [
      'deleted with the stack',
      (r) => delete r.Bucket.DeletionPolicy,
      'Bucket: What it holds is lost with it; its DeletionPolicy must be Retain.',
    ],
    [
      'deleted when it is replaced',
      (r) => (r.Bucket.UpdateReplacePolicy = 'Delete'),
      'Bucket: What it holds is lost with it; its UpdateReplacePolicy must be Retain.',
    ],
    [
      'that takes plain HTTP',
      (r) => r.BucketPolicy.Properties.PolicyDocument.Statement.shift(),
      'Bucket: It takes calls without TLS; deny them by aws:SecureTransport.',
    ],
    [
      'that takes plain HTTP for reading',
      (r) => (r.BucketPolicy.Properties.PolicyDocument.Statement[0].Action = 's3:PutObject'),
      'Bucket: It takes calls without TLS; deny them by aws:SecureTransport.',
    ],
    [
      'that takes plain HTTP for objects',
      (r) => r.BucketPolicy.Properties.PolicyDocument.Statement[0].Resource.pop(),
      'Bucket: It takes calls without TLS; deny them by aws:SecureTransport.',
    ],
    [
      'that takes old TLS',
      (r) => r.BucketPolicy.Properties.PolicyDocument.Statement.pop(),
      'Bucket: It takes calls by TLS before 1.2; deny them by s3:TlsVersion.',
    ],
  ],
  'secret and repository': [
    [
      'a secret that is deleted',
      (r) => delete r.WarehouseSecret.DeletionPolicy,
      'WarehouseSecret: What it holds is lost with it; its DeletionPolicy must be Retain.',
    ],
    [
      "a secret under AWS's key",
      (r) => delete r.WarehouseSecret.Properties.KmsKeyId,
      "WarehouseSecret: It isn't under the customer's key where there is one.",
    ],
    [
      'a secret in the template',
      (r) => (r.WarehouseSecret.Properties.SecretString = '{}'),
      'WarehouseSecret: Its value stands in the template, where anybody of the account may read it.',
    ],
    [
      'a repository that is deleted',
      (r) => (r.ModelRepository.DeletionPolicy = 'Delete'),
      'ModelRepository: What it holds is lost with it; its DeletionPolicy must be Retain.',
    ],
    [
      'tags that change',
      (r) => (r.ModelRepository.Properties.ImageTagMutability = 'MUTABLE'),
      'ModelRepository: A tag may become another image; make it IMMUTABLE.',
    ],
    [
      'images that nobody scans',
      (r) => delete r.ModelRepository.Properties.ImageScanningConfiguration,
      "ModelRepository: Its images aren't scanned; set ScanOnPush.",
    ],
    [
      'a repository that anybody may read',
      (r) => (r.ModelRepository.Properties.RepositoryPolicyText = open('ecr:BatchGetImage')),
      'ModelRepository: It is open to anybody.',
    ],
    [
      'a password for a function',
      (r) => (environment(r).WAREHOUSE_PASSWORD = 'x'),
      'TrainModelLambdaFunction: Its variable WAREHOUSE_PASSWORD would be readable; hand it the ARN of a secret.',
    ],
    [
      'a secret that CloudFormation resolves',
      (r) => (environment(r).FEDML_USER = '{{resolve:secretsmanager:dwc:SecretString:user}}'),
      'TrainModelLambdaFunction: It holds a secret that CloudFormation resolves.',
    ],
    [
      'an access key',
      (r) => (environment(r).FEDML_ID = 'AKIAIOSFODNN7EXAMPLE'),
      'TrainModelLambdaFunction: It holds an access key.',
    ],
    [
      'a user with a key',
      (r) => (r.Key = { Type: 'AWS::IAM::AccessKey', Properties: { UserName: 'x' } }),
      'Key: Nobody signs in to a stage: a key that is made here stands in its template.',
    ],
  ],
  'queues, bus and topic': [
    [
      'a queue that is not encrypted',
      (r) => delete r.DeadLetterQueue.Properties.SqsManagedSseEnabled,
      "DeadLetterQueue: Its messages aren't encrypted; set SqsManagedSseEnabled.",
    ],
    [
      'a queue whose encryption is switched off',
      (r) => (r.SchedulesDeadLetterQueue.Properties.SqsManagedSseEnabled = false),
      "SchedulesDeadLetterQueue: Its messages aren't encrypted; set SqsManagedSseEnabled.",
    ],
    [
      'dead letters for four days',
      (r) => delete r.DeadLetterQueue.Properties.MessageRetentionPeriod,
      'DeadLetterQueue: Dead letters are lost before anybody looks; keep them for 1209600 s.',
    ],
    [
      'dead letters for an hour',
      (r) => (r.SchedulesDeadLetterQueue.Properties.MessageRetentionPeriod = 3600),
      'SchedulesDeadLetterQueue: Dead letters are lost before anybody looks; keep them for 1209600 s.',
    ],
    [
      'a queue that takes plain HTTP',
      (r) => r.DeadLetterQueuePolicy.Properties.PolicyDocument.Statement.pop(),
      'DeadLetterQueue: It takes calls without TLS; deny them by aws:SecureTransport.',
    ],
    [
      'messages that come back too early',
      (r) =>
        (r.Mapping = {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: { EventSourceArn: arnOf('DeadLetterQueue'), FunctionName: { Ref: 'ResumeTaskLambdaFunction' } },
        }),
      'Mapping: Messages come back while they are worked on; give the queue a VisibilityTimeout of 360 s.',
    ],
    [
      'a bus that anybody may fill',
      (r) =>
        (r.BusPolicy = {
          Type: 'AWS::Events::EventBusPolicy',
          Properties: { StatementId: 'x', Principal: '*', Action: 'events:PutEvents' },
        }),
      'BusPolicy: It is open to anybody.',
    ],
    [
      'a bus whose own policy is open',
      (r) => (r.EventBus.Properties.Policy = open('events:PutEvents')),
      'EventBus: It is open to anybody.',
    ],
    [
      'a topic that no alarm may publish to',
      (r) => r.AlarmTopicPolicy.Properties.PolicyDocument.Statement.shift(),
      "AlarmTopic: Alarms can't publish to it.",
    ],
    [
      'a policy of an old version',
      (r) => delete r.BucketPolicy.Properties.PolicyDocument.Version,
      'BucketPolicy: Its policy must be of the Version 2012-10-17.',
    ],
  ],
  rules: [
    [
      'of other accounts',
      (r) => (r.ModelDecidedRule.Properties.EventPattern.account = [{ Ref: 'AWS::AccountId' }, '210987654321']),
      'ModelDecidedRule: It takes events of other accounts; say account: [!Ref AWS::AccountId].',
    ],
    [
      'that is deaf to a failure',
      (r) => r.TrainingJobEndedRule.Properties.EventPattern.detail.TrainingJobStatus.splice(1, 1),
      "TrainingJobEndedRule: It doesn't hear of TrainingJobStatus Failed.",
    ],
    [
      'on the wrong bus',
      (r) => delete r.RunEndedRule.Properties.EventBusName,
      'RunEndedRule: It waits for fedml.serverless on the wrong bus.',
    ],
    [
      'that nothing sets off',
      (r) => delete r.SweepTasksRule.Properties.ScheduleExpression,
      'SweepTasksRule: Nothing sets it off.',
    ],
    ['that calls nobody', (r) => (r.SweepTasksRule.Properties.Targets = []), 'SweepTasksRule: It calls nobody.'],
    [
      'that never tries again',
      (r) => (r.SweepTasksRule.Properties.Targets[0].RetryPolicy.MaximumRetryAttempts = 0),
      'SweepTasksRule: Its target SweepTasksLambdaFunction has no RetryPolicy.',
    ],
    [
      'whose failures are lost',
      (r) => delete r.ResumeTaskFailures,
      'ResumeTaskLambdaFunction: An event that it fails on is lost; give it an OnFailure destination.',
    ],
  ],
  'functions and machines': [
    [
      'a function of 3 s',
      (r) => delete r.StartRunLambdaFunction.Properties.Timeout,
      'StartRunLambdaFunction: It gives up after 3 s; 10 are needed for a cold start and its slowest call.',
    ],
    [
      'a warehouse function of 30 s',
      (r) => (r.WritePartLambdaFunction.Properties.Timeout = 30),
      'WritePartLambdaFunction: It gives up after 30 s; 120 are needed for a cold start and its slowest call.',
    ],
    [
      'a function of 20 minutes',
      (r) => (r.WritePartLambdaFunction.Properties.Timeout = 1200),
      'WritePartLambdaFunction: It may run for 1200 s; Lambda takes 900.',
    ],
    [
      'a function of 128 MB',
      (r) => delete r.TrainModelLambdaFunction.Properties.MemorySize,
      'TrainModelLambdaFunction: It has 128 MB; give it 512.',
    ],
    [
      'an old Node',
      (r) => (r.TrainModelLambdaFunction.Properties.Runtime = 'nodejs20.x'),
      'TrainModelLambdaFunction: It runs on nodejs20.x, and is built for nodejs24.x.',
    ],
    [
      'a function that is switched off',
      (r) => (r.ResumeTaskLambdaFunction.Properties.ReservedConcurrentExecutions = 0),
      "ResumeTaskLambdaFunction: It reserves concurrency, which is taken from the account's; new accounts have 10.",
    ],
    [
      'no traces of a function',
      (r) => (r.TrainModelLambdaFunction.Properties.TracingConfig.Mode = 'PassThrough'),
      "TrainModelLambdaFunction: It isn't traced; set TracingConfig.Mode to Active.",
    ],
    [
      'no traces of a machine',
      (r) => (r.TrainingStateMachine.Properties.TracingConfiguration.Enabled = false),
      "TrainingStateMachine: It isn't traced; set TracingConfiguration.Enabled.",
    ],
    [
      'data in the log',
      (r) => (r.TrainingStateMachine.Properties.LoggingConfiguration.IncludeExecutionData = true),
      'TrainingStateMachine: It writes inputs and outputs to its log; set IncludeExecutionData to false.',
    ],
    [
      'a machine without a log',
      (r) => delete r.StagingStateMachine.Properties.LoggingConfiguration,
      "StagingStateMachine: It doesn't log all that happens; set Level to ALL.",
    ],
    [
      'a machine that logs errors only',
      (r) => (r.StagingStateMachine.Properties.LoggingConfiguration.Level = 'ERROR'),
      "StagingStateMachine: It doesn't log all that happens; set Level to ALL.",
    ],
    [
      'a machine of five minutes',
      (r) => (r.StagingStateMachine.Properties.StateMachineType = 'EXPRESS'),
      'StagingStateMachine: It must be STANDARD: an EXPRESS one ends after five minutes.',
    ],
    [
      'logs that are kept for ever',
      (r) => delete r.TrainModelLogGroup.Properties.RetentionInDays,
      'TrainModelLogGroup: It keeps its logs for ever; give it RetentionInDays.',
    ],
    [
      'a function that lacks a variable',
      (r) => delete environment(r).FEDML_STORE_URI,
      "TrainModelLambdaFunction: It isn't told FEDML_STORE_URI, which other functions are.",
    ],
    [
      "a function of another stage's bucket",
      (r) => (environment(r).FEDML_STORE_URI = 's3://other'),
      'TrainModelLambdaFunction: It is told another FEDML_STORE_URI than other functions.',
    ],
    [
      'a function that anybody may call',
      (r) => (r.SweepTasksPermission.Properties.Principal = '*'),
      'SweepTasksPermission: Only services may call a function of this stack.',
    ],
    [
      'a function that any rule may call',
      (r) => delete r.SweepTasksPermission.Properties.SourceArn,
      'SweepTasksPermission: events.amazonaws.com may call it for anybody; add SourceArn.',
    ],
    [
      'a URL of a function',
      (r) => (r.Url = { Type: 'AWS::Lambda::Url', Properties: { AuthType: 'NONE', TargetFunctionArn: 'x' } }),
      "Url: It goes around the HTTP API's authorization, limit and log.",
    ],
  ],
  'the HTTP API': [
    [
      'for any page',
      (r) => (r.HttpApi.Properties.CorsConfiguration = { AllowOrigins: ['*'] }),
      'HttpApi: Any page may call it (CORS); name the origins, methods and headers.',
    ],
    [
      'with a route for anybody',
      (r) => (route(r).AuthorizationType = 'NONE'),
      'HttpApiRouteGetRuns: Anybody may call GET /runs.',
    ],
    [
      'with a route of an unknown authorizer',
      (r) => (route(r).AuthorizationType = 'JWT'),
      'HttpApiRouteGetRuns: GET /runs names no authorizer of this stack.',
    ],
    [
      'for any token of an issuer',
      (r) =>
        (r.Jwt = {
          Type: 'AWS::ApiGatewayV2::Authorizer',
          Properties: { JwtConfiguration: { Issuer: 'https://a', Audience: [] } },
        }),
      'Jwt: Any token of the issuer would do; give it an Audience.',
    ],
    ['for every path', (r) => (route(r).RouteKey = '$default'), 'HttpApiRouteGetRuns: It answers to every path.'],
    [
      'without a limit',
      (r) => delete r.HttpApiStage.Properties.DefaultRouteSettings,
      'HttpApiStage: One caller can use up what the account may: it has no ThrottlingRateLimit.',
    ],
    [
      'with a route beyond the limit',
      (r) => (r.HttpApiStage.Properties.RouteSettings = { 'GET /runs': { ThrottlingRateLimit: 1000 } }),
      'HttpApiStage: GET /runs may be called more often than the stage.',
    ],
    [
      'whose log lacks the caller',
      (r) => (log(r).Format = log(r).Format.replace('$context.identity.userArn', '')),
      'HttpApiStage: Its access log lacks $context.identity.userArn.',
    ],
    [
      'whose log has tokens',
      (r) => (log(r).Format = log(r).Format.replace('{', '{"a":"$request.header.Authorization",')),
      'HttpApiStage: Its access log has $request.header.Authorization, which may hold data.',
    ],
    [
      'whose log is no JSON',
      (r) => (log(r).Format = log(r).Format.slice(1)),
      "HttpApiStage: Its access log's format isn't JSON on a line.",
    ],
    [
      'that gives up before its function',
      (r) => (r.PredictLambdaFunction.Properties.Timeout = 60),
      'HttpApiIntegrationPredict: API Gateway gives up after 30000 ms, and PredictLambdaFunction runs up to 60000 ms.',
    ],
    [
      'whose function another API may call',
      (r) => (r.PredictLambdaPermissionHttpApi.Properties.SourceArn = 'arn:aws:execute-api:*:*:*'),
      "HttpApiRoutePostPipelinesNameVarPredict: PredictLambdaFunction doesn't let this API, and no other, call it.",
    ],
    [
      'with a route to nowhere',
      (r) => (route(r).Target = 'integrations/x'),
      'HttpApiRouteGetRuns: It leads to no function.',
    ],
  ],
  roles: [
    [
      'that may train in any stage',
      (r) => delete statement(r.TrainModelRole, 'sagemaker:CreateTrainingJob').Condition,
      'TrainModelRole: sagemaker:CreateTrainingJob is for all stages of the account; add aws:RequestTag/fedml:store.',
    ],
    [
      "that may change others' endpoints",
      (r) => delete statement(r.DeployEndpointRole, 'sagemaker:UpdateEndpoint').Condition,
      'DeployEndpointRole: sagemaker:UpdateEndpoint is for all stages of the account; add aws:ResourceTag/fedml:store.',
    ],
    [
      'that may stop what has any tag',
      (r) =>
        (statement(r.SweepTasksRole, 'sagemaker:StopTrainingJob').Condition.StringEquals = {
          'aws:ResourceTag/fedml:store': '*',
        }),
      'SweepTasksRole: sagemaker:StopTrainingJob is for all stages of the account; add aws:ResourceTag/fedml:store.',
    ],
    [
      'that may start any machine',
      (r) =>
        (statement(r.StartRunRole, 'states:StartExecution').Resource = {
          'Fn::Sub': 'arn:aws:states:${AWS::Region}:${AWS::AccountId}:stateMachine:*',
        }),
      'StartRunRole: states:StartExecution is allowed on arn:aws:states:ap-southeast-1:123456789012:stateMachine:*; name what it is needed for.',
    ],
    [
      'that may read any secret',
      (r) =>
        (statement(r.WritePartRole, 'secretsmanager:GetSecretValue').Resource = 'arn:aws:secretsmanager:*:*:secret:*'),
      'WritePartRole: secretsmanager:GetSecretValue is allowed on arn:aws:secretsmanager:*:*:secret:*; name what it is needed for.',
    ],
    [
      'that may write any metric',
      (r) => delete statement(r.TrainingRole, 'cloudwatch:PutMetricData').Condition,
      'TrainingRole: cloudwatch:PutMetricData needs the condition cloudwatch:namespace.',
    ],
    [
      'that stands elsewhere',
      (r) =>
        (r.More = {
          Type: 'AWS::IAM::Policy',
          Properties: { PolicyName: 'x', PolicyDocument: { Version: '2012-10-17', Statement: [] } },
        }),
      "More: A role's permissions stand in the role, where they are compared with its code.",
    ],
  ],
  'the network': [
    [
      'that lets somebody in',
      (r) => (group(r).SecurityGroupIngress = [{ IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' }]),
      'WarehouseSecurityGroup: It lets somebody in.',
    ],
    [
      'that lets everything out',
      (r) => delete group(r).SecurityGroupEgress,
      'WarehouseSecurityGroup: It lets everything out.',
    ],
    [
      'that lets all protocols out',
      (r) => group(r).SecurityGroupEgress.push({ IpProtocol: '-1', CidrIp: '0.0.0.0/0' }),
      'WarehouseSecurityGroup: It lets out more than calls to AWS and the warehouse: {"IpProtocol":"-1","CidrIp":"0.0.0.0/0"}.',
    ],
    [
      'that lets nothing out',
      (r) => group(r).SecurityGroupEgress.shift(),
      "WarehouseSecurityGroup: It doesn't let calls to AWS and the warehouse out.",
    ],
    [
      'with a rule beside the group',
      (r) => (r.In = { Type: 'AWS::EC2::SecurityGroupIngress', Properties: { IpProtocol: '-1' } }),
      'In: Rules stand with their group, where they are looked at.',
    ],
    [
      'with a way to all of S3',
      (r) => delete r.S3GatewayEndpoint.Properties.PolicyDocument,
      "S3GatewayEndpoint: It must lead to this stack's bucket and to nothing else.",
    ],
    [
      "with a way to others' buckets",
      (r) => r.S3GatewayEndpoint.Properties.PolicyDocument.Statement[0].Resource.push('*'),
      "S3GatewayEndpoint: It must lead to this stack's bucket and to nothing else.",
    ],
    [
      'that is open to the internet',
      (r) =>
        Object.assign(r.PrivateRouteOutA.Properties, {
          NatGatewayId: undefined,
          GatewayId: { Ref: 'InternetGateway' },
        }),
      'PrivateSubnetA: Functions run in it, and it is open to the internet.',
    ],
    [
      'that leads nowhere',
      (r) => (r.NatGatewayB.Properties.SubnetId = { Ref: 'PrivateSubnetB' }),
      'PrivateSubnetB: Functions run in it, and no NAT gateway leads out of it.',
    ],
    [
      'whose data passes the NAT gateway',
      (r) => r.S3GatewayEndpoint.Properties.RouteTableIds.pop(),
      'PrivateSubnetB: Staged data leaves it by the NAT gateway, which charges for it; give it an endpoint for S3.',
    ],
    [
      'in one zone',
      (r) => (r.PrivateSubnetB.Properties.AvailabilityZone = r.PrivateSubnetA.Properties.AvailabilityZone),
      'PrivateSubnetA: All functions are in one zone; put their subnets into two.',
    ],
    [
      'that a function is outside of',
      (r) => delete r.WritePartLambdaFunction.Properties.VpcConfig,
      'WritePartLambdaFunction: It calls the warehouse, and not from the network whose addresses that admits.',
    ],
  ],
  alarms: [
    ...[
      'RunFailed',
      'RunAborted',
      'RunTimedOut',
      'ApiFailed',
      'FunctionsThrottled',
      'EventsLost',
      'ResumeTaskFailed',
      'SweeperFailed',
      'QueuedRunsStuck',
      'PullSecretStale',
      'SweeperSilent',
      'DeadLetters',
      'SchedulesDeadLetters',
    ].map((name): Mistake => [`without ${name}`, (r) => delete r[`${name}Alarm`], 'No alarm is on']),
    [
      'that nobody hears',
      (r) => (r.RunFailedAlarm.Properties.AlarmActions = []),
      'RunFailedAlarm: Nobody hears of it; give it AlarmActions.',
    ],
    [
      'that are switched off',
      (r) => (r.RunFailedAlarm.Properties.ActionsEnabled = false),
      'RunFailedAlarm: Nobody hears of it; its actions are switched off.',
    ],
    [
      'after a thousand errors',
      (r) => (r.RunFailedAlarm.Properties.Threshold = 1000),
      'RunFailedAlarm: Its threshold must be from 1 to 1.',
    ],
    [
      'of good runs',
      (r) => (r.RunFailedAlarm.Properties.ComparisonOperator = 'LessThanThreshold'),
      'RunFailedAlarm: Without data it must be breaching.',
    ],
    [
      'of silence as of health',
      (r) => (r.SweeperSilentAlarm.Properties.TreatMissingData = 'notBreaching'),
      'SweeperSilentAlarm: Without data it must be breaching.',
    ],
    [
      'of an average',
      (r) => (r.RunFailedAlarm.Properties.Statistic = 'Average'),
      'RunFailedAlarm: Its statistic must be Sum.',
    ],
    [
      'after a day',
      (r) => (r.RunFailedAlarm.Properties.EvaluationPeriods = 288),
      'RunFailedAlarm: It tells of an error after more than an hour.',
    ],
    [
      'of another machine',
      (r) => (r.RunFailedAlarm.Properties.Dimensions[0].Value = { Ref: 'StagingStateMachine' }),
      'PipelineStateMachine: No alarm is on its ExecutionsFailed.',
    ],
    [
      'of what nobody counts',
      (r) => (r.EventsLostAlarm.Properties.MetricName = 'EventLost'),
      'EventsLostAlarm: Nothing counts FedML EventLost.',
    ],
    [
      'of no stage',
      (r) => delete r.EventsLostAlarm.Properties.Dimensions,
      'EventsLostAlarm: Its metric has the dimensions service, not none.',
    ],
    [
      'on a dashboard of what nobody counts',
      (r) =>
        (r.Dashboard.Properties.DashboardBody['Fn::Sub'] = r.Dashboard.Properties.DashboardBody['Fn::Sub'].replace(
          'RowsRead',
          'RowsWritten',
        )),
      'Dashboard: No step counts RowsWritten.',
    ],
  ],
};

const encryption = (r: Resources) =>
  r.Bucket.Properties.BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault;
const lifecycle = (r: Resources) => r.Bucket.Properties.LifecycleConfiguration.Rules;
const environment = (r: Resources) => r.TrainModelLambdaFunction.Properties.Environment.Variables;
const route = (r: Resources) => r.HttpApiRouteGetRuns.Properties;
const log = (r: Resources) => r.HttpApiStage.Properties.AccessLogSettings;
const group = (r: Resources) => r.WarehouseSecurityGroup.Properties;
const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const open = (Action: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action, Resource: '*' }],
});

// biome-ignore lint/suspicious/noExplicitAny: as above
const statement = (role: any, action: string) =>
  role.Properties.Policies.flatMap(
    ({ PolicyDocument }: { PolicyDocument: { Statement: object[] } }) => PolicyDocument.Statement,
  ).find(({ Action }: { Action?: string | string[] }) => [Action].flat().includes(action));

it('starts from a template without any finding', () => {
  expect(findingsOf(() => {})).toEqual([]);
});

describe.each(Object.entries(MISTAKES))('%s', (_, mistakes) => {
  it.each(mistakes)('%s', (_name, plant, expected) => {
    expect(findingsOf(plant)).toContainEqual(expect.stringContaining(expected));
  });
});
