import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { PLACES } from '#shared/store/layout.ts';

interface Plugin {
  readonly hooks: { initialize(): void };
}
const FunctionRoles = createRequire(import.meta.url)('../../resources/plugins/function-roles.cjs') as new (
  serverless: unknown,
) => Plugin;

/** As much of Serverless as the plugin talks to. */
const serverlessWith = (functions: Record<string, Record<string, unknown>>) => {
  const resources: Record<string, { Properties: { Policies: [{ PolicyDocument: { Statement: unknown[] } }] } }> = {};
  const naming = {
    getNormalizedFunctionName: (key: string) => key.charAt(0).toUpperCase() + key.slice(1),
    getLogGroupLogicalId: (key: string) => `${key}LogGroup`,
  };
  const serverless = {
    service: {
      resources: { Resources: resources },
      custom: {
        kmsKeyArn: 'arn:of-the-key',
        warehouseSecretArn: 'arn:of-the-warehouse',
        machineArn: 'arn:of-machines',
        executionArn: 'arn:of-executions',
      },
      getAllFunctions: () => Object.keys(functions),
      getFunction: (key: string) => functions[key],
    },
    configSchemaHandler: { defineFunctionProperties() {} },
    getProvider: () => ({ naming }),
  };
  new FunctionRoles(serverless).hooks.initialize();
  return resources;
};

it('gives each function a role of its own, with what its entry and its settings need', () => {
  const functions = {
    one: { name: 'svc-one', permissions: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: 'bucket' }], vpc: {} },
    two: { name: 'svc-two', permissions: [] },
  };

  const resources = serverlessWith(functions);

  expect(functions).toMatchObject({ one: { role: 'OneRole' }, two: { role: 'TwoRole' } });
  const actionsOf = (role: string) => JSON.stringify(resources[role]!.Properties.Policies[0].PolicyDocument.Statement);
  expect(actionsOf('OneRole')).toMatch(
    /s3:GetObject.*logs:PutLogEvents.*ec2:CreateNetworkInterface.*Deny.*function:svc-one.*kms:Decrypt.*arn:of-the-key.*kms:ViaService/,
  );
  expect(actionsOf('TwoRole')).not.toMatch(/s3:|ec2:|kms:/);
});

it('makes statements of what an entry says that the function does', () => {
  const resources = serverlessWith({
    one: { name: 'svc-one', store: { runs: 'rw', staged: 'rw', tasks: 'd', predictions: 'ut' }, opensWarehouse: true },
    two: { name: 'svc-two', store: { predictions: 'l', staged: 'dl' }, pipelineRuns: ['describe', 'start'] },
  });

  expect(statementsOf(resources, 'OneRole').slice(0, 5)).toMatchObject([
    { Action: 's3:ListBucket', Resource: { 'Fn::GetAtt': ['Bucket', 'Arn'] } },
    {
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: [{ 'Fn::Sub': '${Bucket.Arn}/runs/*' }, { 'Fn::Sub': '${Bucket.Arn}/staged/*' }],
    },
    { Action: ['s3:DeleteObject'], Resource: [{ 'Fn::Sub': '${Bucket.Arn}/tasks/*' }] },
    {
      Action: ['s3:PutObject', 's3:AbortMultipartUpload', 's3:PutObjectTagging'],
      Resource: [{ 'Fn::Sub': '${Bucket.Arn}/predictions/*' }],
    },
    { Action: 'secretsmanager:GetSecretValue', Resource: 'arn:of-the-warehouse' },
  ]);
  expect(statementsOf(resources, 'OneRole')[0]).not.toHaveProperty('Condition');
  expect(JSON.stringify(statementsOf(resources, 'OneRole'))).toMatch(/"kms:Decrypt","kms:GenerateDataKey"/);
  expect(statementsOf(resources, 'TwoRole').slice(0, 4)).toEqual([
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: { 'Fn::GetAtt': ['Bucket', 'Arn'] },
      Condition: { StringLike: { 's3:prefix': ['predictions/*', 'staged/*'] } },
    },
    { Effect: 'Allow', Action: ['s3:DeleteObject'], Resource: [{ 'Fn::Sub': '${Bucket.Arn}/staged/*' }] },
    { Effect: 'Allow', Action: ['states:StartExecution'], Resource: { 'Fn::Sub': 'arn:of-machines-pipeline' } },
    { Effect: 'Allow', Action: ['states:DescribeExecution'], Resource: { 'Fn::Sub': 'arn:of-executions-pipeline:*' } },
  ]);
});

it('refuses places, letters and words that mean nothing, and entries that say nothing, all at once', () => {
  const problems = () =>
    serverlessWith({
      one: { name: 'a' },
      two: { name: 'b', store: { run: 'r', models: 'rxr', tasks: '' } },
      three: { name: 'c', waitsForSageMaker: ['trainings'], announces: 'yes', pipelineRuns: 'describe' },
      four: { name: 'd', permissions: [] },
    });

  expect(problems).toThrow(
    [
      "functions.yml can't be made roles of.",
      'one: it says neither what it does nor that it needs no `permissions`.',
      `two: store has no place run; shared/store/layout.ts has ${Object.keys(PLACES).join(', ')}.`,
      'two: store.models says x, and takes r, v, w, u, t, d, l, each once.',
      'two: store.models says r, and takes r, v, w, u, t, d, l, each once.',
      'two: store.tasks says nothing.',
      'three: waitsForSageMaker says trainings, and takes pipeline, staging, training, deployment, prediction.',
      'three: pipelineRuns takes a list of start, list, describe, stop.',
      "three: announces takes true, or isn't there.",
    ].join('\n'),
  );
});

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

const statementsOf = (resources: ReturnType<typeof serverlessWith>, role: string): Statement[] =>
  resources[role]!.Properties.Policies[0].PolicyDocument.Statement as Statement[];
