// What a function's entry in functions.yml may say that it does, and the statements that it needs for it. Each stands here
// because several functions say it; what one function needs stands in its `permissions`.
const { storeProblems, storeStatements } = require('./store-grants.cjs');

const MACHINES = ['pipeline', 'staging', 'training', 'deployment', 'prediction'];

/** Of runs' executions: what a person or a schedule does with them. The first two are asked of the state machine. */
const RUN_ACTIONS = {
  start: 'states:StartExecution',
  list: 'states:ListExecutions',
  describe: 'states:DescribeExecution',
  stop: 'states:StopExecution',
};

const sub = (text) => ({ 'Fn::Sub': text });
const allow = (Action, Resource, Condition) => ({ Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });
const where = (condition, statement) => ({ 'Fn::If': [condition, statement, { Ref: 'AWS::NoValue' }] });
const arnOf = (id) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const tagged = (kind) => ({ StringEquals: { [`aws:${kind}/fedml:store`]: { Ref: 'Bucket' } } });

const INTENTS = {
  store: { problems: storeProblems, statements: storeStatements },

  /** Looks at jobs, endpoints and approvals that states of these machines wait for, and answers the states. */
  waitsForSageMaker: {
    problems: notAmong(MACHINES),
    statements: (machines, { sageMakerArn, machineArn }) => [
      allow(
        ['TrainingJob', 'TransformJob', 'Endpoint', 'ModelPackage'].map((each) => `sagemaker:Describe${each}`),
        ['training-job', 'transform-job', 'endpoint', 'model-package'].map((each) => sub(`${sageMakerArn}:${each}/*`)),
      ),
      allow(
        ['logs:DescribeLogStreams', 'logs:GetLogEvents'],
        sub('arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/sagemaker/*'),
      ),
      allow(
        ['states:SendTaskSuccess', 'states:SendTaskFailure', 'states:SendTaskHeartbeat'],
        machines.map((machine) => sub(`${machineArn}-${machine}`)),
      ),
    ],
  },

  /** Starts, lists, describes or stops runs: executions of the state machine `pipeline`. */
  pipelineRuns: {
    problems: notAmong(Object.keys(RUN_ACTIONS)),
    statements: (uses, { machineArn, executionArn }) => {
      const actions = (...those) => those.filter((use) => uses.includes(use)).map((use) => RUN_ACTIONS[use]);
      return [
        allow(actions('start', 'list'), sub(`${machineArn}-pipeline`)),
        allow(actions('describe', 'stop'), sub(`${executionArn}-pipeline:*`)),
      ].filter(({ Action }) => Action.length > 0);
    },
  },

  /** Looks at a training job, also one that this project did not start. */
  readsTrainingJobs: flag(({ sageMakerArn }) => [
    allow('sagemaker:DescribeTrainingJob', sub(`${sageMakerArn}:training-job/*`)),
  ]),

  /** Enters models in SageMaker's registry. Versions have no tags of their own. */
  registersModels: flag(({ sageMakerArn }) => [
    allow(
      ['sagemaker:CreateModelPackageGroup', 'sagemaker:AddTags'],
      sub(`${sageMakerArn}:model-package-group/*`),
      tagged('RequestTag'),
    ),
    allow(
      'sagemaker:CreateModelPackage',
      ['model-package-group', 'model-package'].map((each) => sub(`${sageMakerArn}:${each}/*`)),
    ),
    // SageMaker may look the version's image up in the caller's name. It lies in an account of AWS, or elsewhere in one's own.
    allow(['ecr:BatchGetImage', 'ecr:DescribeImages'], sub('arn:${AWS::Partition}:ecr:*:*:repository/*')),
  ]),

  /** Looks at what an endpoint serves, and on what. */
  readsEndpoints: flag(({ sageMakerArn }) => [
    allow(
      ['sagemaker:DescribeEndpoint', 'sagemaker:DescribeEndpointConfig'],
      ['endpoint', 'endpoint-config'].map((each) => sub(`${sageMakerArn}:${each}/*`)),
    ),
  ]),

  /** Creates, changes and deletes endpoints. Who creates one grants its instances the key that their volumes are encrypted with. */
  changesEndpoints: flag(({ sageMakerArn, kmsKeyArn }) => {
    const endpoints = ['endpoint', 'endpoint-config'].map((each) => sub(`${sageMakerArn}:${each}/*`));
    return [
      allow(['sagemaker:CreateEndpoint', 'sagemaker:AddTags'], endpoints, tagged('RequestTag')),
      allow(['sagemaker:UpdateEndpoint', 'sagemaker:DeleteEndpoint'], endpoints, tagged('ResourceTag')),
      where('UsesKmsKey', allow('kms:CreateGrant', kmsKeyArn, { Bool: { 'kms:GrantIsForAWSResource': true } })),
    ];
  }),

  /** Asks a deployed model for predictions, wherever it is, and quotes its log when it fails. */
  invokesModels: flag(({ sageMakerArn, kymaClientSecretArn, kymaKubeconfigSecretArn }) => [
    allow('sagemaker:InvokeEndpoint', sub(`${sageMakerArn}:endpoint/*`), tagged('ResourceTag')),
    allow(
      ['logs:DescribeLogStreams', 'logs:GetLogEvents'],
      sub('arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/sagemaker/Endpoints/*'),
    ),
    where('UsesKymaClient', allow('secretsmanager:GetSecretValue', kymaClientSecretArn)),
    where('UsesKyma', allow('secretsmanager:GetSecretValue', kymaKubeconfigSecretArn)),
  ]),

  /** Opens the cluster of the kubeconfig that is stored. */
  opensCluster: flag(({ kymaKubeconfigSecretArn }) => [
    where('UsesKyma', allow('secretsmanager:GetSecretValue', kymaKubeconfigSecretArn)),
  ]),

  /** Hands the cluster a token to pull models' images with, which has the function's own rights. */
  sharesPullToken: flag(() => [
    allow('ecr:GetAuthorizationToken', '*'), // has no resources
    allow(['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], arnOf('ModelRepository')),
  ]),

  /** Connects to the warehouse as its user. */
  opensWarehouse: flag(({ warehouseSecretArn }) => [allow('secretsmanager:GetSecretValue', warehouseSecretArn)]),

  /** Puts events on the project's own bus. */
  announces: flag(() => [allow('events:PutEvents', arnOf('EventBus'))]),
};

/** An intent that is there or not. */
function flag(statements) {
  return {
    problems: (value) => (value === true ? [] : [`takes true, or isn't there`]),
    statements: (_, custom) => statements(custom),
  };
}

/** An intent that takes a list of these words. */
function notAmong(words) {
  return (values) => {
    if (!Array.isArray(values) || values.length === 0) return [`takes a list of ${words.join(', ')}`];
    return values
      .filter((value) => !words.includes(value))
      .map((value) => `says ${value}, and takes ${words.join(', ')}`);
  };
}

/** The intents that an entry has. */
const intentsOf = (entry) => Object.keys(INTENTS).filter((intent) => entry[intent] !== undefined);

/** What is wrong with an entry's intents, in words. */
const intentProblems = (entry) =>
  intentsOf(entry).flatMap((intent) =>
    INTENTS[intent]
      .problems(entry[intent])
      .map((problem) => (problem.startsWith('store') ? problem : `${intent} ${problem}`)),
  );

/** The statements of an entry's intents, and of its own `permissions`. */
const statementsOf = (entry, custom) => [
  ...intentsOf(entry).flatMap((intent) => INTENTS[intent].statements(entry[intent], custom)),
  ...(entry.permissions ?? []),
];

module.exports = { INTENT_NAMES: Object.keys(INTENTS), intentsOf, intentProblems, statementsOf };
