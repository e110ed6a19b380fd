// A plugin of Serverless: gives each function a role of its own, with what its entry in functions.yml says that it does
// (intents.cjs), its `permissions`, and what its other settings need. An entry that says nothing is refused: nobody shares a role.
const { INTENT_NAMES, intentProblems, intentsOf, statementsOf } = require('./intents.cjs');

const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

/** Of functions in a VPC, as https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html asks; none takes a resource. */
const NETWORK_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** What S3 and Secrets Manager ask of a customer's key in the caller's name. */
const KEY_ACTIONS = {
  's3:GetObject': ['kms:Decrypt'],
  // An upload in parts reads the key that its first part was written with.
  's3:PutObject': ['kms:Decrypt', 'kms:GenerateDataKey'],
  'secretsmanager:GetSecretValue': ['kms:Decrypt'],
};

class FunctionRoles {
  constructor(serverless) {
    this.serverless = serverless;
    serverless.configSchemaHandler.defineFunctionProperties('aws', {
      properties: {
        permissions: { type: 'array', items: { type: 'object' } },
        ...Object.fromEntries(INTENT_NAMES.map((name) => [name, {}])), // examined by name below
      },
    });
    this.hooks = { initialize: () => this.addRoles() };
  }

  addRoles() {
    const { service, getProvider } = this.serverless;
    const { naming } = getProvider.call(this.serverless, 'aws');
    const { custom } = service;
    const problems = [];
    for (const key of service.getAllFunctions()) {
      const entry = service.getFunction(key);
      problems.push(...entryProblems(entry).map((problem) => `${key}: ${problem}.`));
      if (problems.length > 0) continue;
      const statements = statementsOf(entry, custom);
      const stem = naming.getNormalizedFunctionName(key);
      entry.role = `${stem}Role`;
      service.resources.Resources[entry.role] = {
        Type: 'AWS::IAM::Role',
        Properties: {
          Description: `Of the function ${entry.name}.`,
          AssumeRolePolicyDocument: TRUST,
          Policies: [
            {
              PolicyName: 'Step',
              PolicyDocument: {
                Version: '2012-10-17',
                Statement: [
                  ...statements,
                  ...ownNeeds(entry, statements, {
                    logGroup: naming.getLogGroupLogicalId(key),
                    kmsKeyArn: custom.kmsKeyArn,
                  }),
                ],
              },
            },
          ],
        },
      };
    }
    if (problems.length > 0) throw new Error(`functions.yml can't be made roles of.\n${problems.join('\n')}`);
  }
}

const entryProblems = (entry) =>
  entry.permissions || intentsOf(entry).length > 0
    ? intentProblems(entry)
    : ['it says neither what it does nor that it needs no `permissions`'];

/** Of a statement, or of both sides of an `Fn::If`. */
const actionsOf = (statement) => (statement['Fn::If']?.slice(1) ?? [statement]).flatMap(({ Action = [] }) => Action);

const ownNeeds = ({ name, vpc }, statements, { logGroup, kmsKeyArn }) => {
  const keyActions = [...new Set(statements.flatMap(actionsOf).flatMap((action) => KEY_ACTIONS[action] ?? []))];
  return [
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: { 'Fn::GetAtt': [logGroup, 'Arn'] },
    },
    { Effect: 'Allow', Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], Resource: '*' },
    ...(vpc ? networkNeeds(name) : []),
    ...(keyActions.length > 0
      ? [{ 'Fn::If': ['UsesKmsKey', throughServices(keyActions, kmsKeyArn), { Ref: 'AWS::NoValue' }] }]
      : []),
  ];
};

/** The rights are Lambda's, which makes the network interfaces; the function's own code can't use them. */
const networkNeeds = (name) => [
  { Effect: 'Allow', Action: NETWORK_ACTIONS, Resource: '*' },
  {
    Effect: 'Deny',
    Action: NETWORK_ACTIONS,
    Resource: '*',
    Condition: {
      ArnEquals: {
        'lambda:SourceFunctionArn': {
          'Fn::Sub': `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${name}`,
        },
      },
    },
  },
];

/** Nothing is decrypted but what S3 and Secrets Manager hand out. */
const throughServices = (actions, kmsKeyArn) => ({
  Effect: 'Allow',
  Action: actions,
  Resource: kmsKeyArn,
  Condition: {
    StringEquals: {
      'kms:ViaService': ['s3', 'secretsmanager'].map((service) => ({
        'Fn::Sub': `${service}.\${AWS::Region}.amazonaws.com`,
      })),
    },
  },
});

module.exports = FunctionRoles;
