// A plugin of Serverless: gives each function a role of its own, with the `permissions` of its entry in functions.yml
// and what its other settings need. A function without `permissions` is refused: nobody shares a role.

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
      properties: { permissions: { type: 'array', items: { type: 'object' } } },
    });
    this.hooks = { initialize: () => this.addRoles() };
  }

  addRoles() {
    const { service, getProvider } = this.serverless;
    const { naming } = getProvider.call(this.serverless, 'aws');
    const missing = [];
    for (const key of service.getAllFunctions()) {
      const entry = service.getFunction(key);
      if (!entry.permissions) missing.push(key);
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
                Statement: [...(entry.permissions ?? []), ...ownNeeds(entry, naming.getLogGroupLogicalId(key))],
              },
            },
          ],
        },
      };
    }
    if (missing.length > 0) {
      throw new Error(`These functions have no \`permissions\` in their functions.yml: ${missing.join(', ')}.`);
    }
  }
}

/** Of a statement, or of both sides of an `Fn::If`. */
const actionsOf = (statement) => (statement['Fn::If']?.slice(1) ?? [statement]).flatMap(({ Action = [] }) => Action);

const ownNeeds = ({ permissions = [], vpc }, logGroup) => {
  const keyActions = [...new Set(permissions.flatMap(actionsOf).flatMap((action) => KEY_ACTIONS[action] ?? []))];
  return [
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: { 'Fn::GetAtt': [logGroup, 'Arn'] },
    },
    { Effect: 'Allow', Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], Resource: '*' },
    ...(vpc ? [{ Effect: 'Allow', Action: NETWORK_ACTIONS, Resource: '*' }] : []),
    ...(keyActions.length > 0
      ? [
          {
            'Fn::If': [
              'UsesKmsKey',
              { Effect: 'Allow', Action: keyActions, Resource: '${param:kmsKeyArn}' },
              { Ref: 'AWS::NoValue' },
            ],
          },
        ]
      : []),
  ];
};

module.exports = FunctionRoles;
