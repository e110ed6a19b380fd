import * as sdk from '@aws-sdk/client-sagemaker';
import { InvokeEndpointAsyncCommand, InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allow, roleArn, roleFor, type Statement } from '#test/local/iam/roles.ts';
import { BUCKET, IMAGE, type Laptop, openLaptop, ROLE, trainingRequest } from './laptop.ts';

const PREFIX = 'arn:aws:sagemaker:eu-central-1:000000000000';
const CALLER = roleArn('caller');
const TAGS = [{ Key: 'fedml:store', Value: 'mine' }];
const REQUEST_TAG = { StringEquals: { 'aws:RequestTag/fedml:store': 'mine' } };
const RESOURCE_TAG = { StringEquals: { 'aws:ResourceTag/fedml:store': 'mine' } };
const PASS_ROLE = allow('iam:PassRole', ROLE, {
  StringEquals: { 'iam:PassedToService': 'sagemaker.amazonaws.com' },
});

let laptop: Laptop;
beforeAll(async () => {
  laptop = await openLaptop();
  const send = (command: unknown) => laptop.sagemaker.send(command as never);
  await laptop.createModel('Model', 'def model_fn(folder): return 1');
  await laptop.createEndpointConfig('Config', [{ ModelName: 'Model' }]);
  await laptop.deploy('Endpoint', 'Config');
  await send(new sdk.CreateModelPackageGroupCommand({ ModelPackageGroupName: 'Group' }));
  for (const description of ['first', 'second']) {
    await send(
      new sdk.CreateModelPackageCommand({ ModelPackageGroupName: 'Group', ModelPackageDescription: description }),
    );
  }
  for (const resource of ['model/model', 'endpoint-config/config', 'endpoint/endpoint', 'model-package-group/group']) {
    await send(new sdk.AddTagsCommand({ ResourceArn: `${PREFIX}:${resource}`, Tags: TAGS }));
  }
});
afterAll(() => laptop?.close());

const endpointConfig = {
  EndpointConfigName: 'New',
  ProductionVariants: [
    { VariantName: 'v', ModelName: 'Model', InitialInstanceCount: 1, InstanceType: 'ml.m5.large' as const },
  ],
};
const model = { ModelName: 'New', ExecutionRoleArn: ROLE, PrimaryContainer: { Image: IMAGE } };
const transformJob = {
  TransformJobName: 'New',
  ModelName: 'Model',
  TransformInput: { DataSource: { S3DataSource: { S3DataType: 'S3Prefix' as const, S3Uri: `s3://${BUCKET}/none` } } },
  TransformOutput: { S3OutputPath: `s3://${BUCKET}/out` },
  TransformResources: { InstanceType: 'ml.m5.large' as const, InstanceCount: 1 },
};
const trainingJob = trainingRequest('New', `s3://${BUCKET}/none`);

/** What a tagged resource takes to be created: its own action and AddTags, both with the request's tags. */
const tagged = (action: string, resource: string): Statement[] => [
  allow(`sagemaker:${action}`, `${PREFIX}:${resource}`, REQUEST_TAG),
  allow('sagemaker:AddTags', `${PREFIX}:${resource}`, REQUEST_TAG),
];
const to = (action: string, resource: string, condition?: Statement['Condition']): Statement[] => [
  allow(`sagemaker:${action}`, resource === '*' ? '*' : `${PREFIX}:${resource}`, condition as Record<string, unknown>),
];

/** An operation, and exactly the grants that it takes. */
const CASES: readonly (readonly [string, object, readonly Statement[]])[] = [
  ['CreateTrainingJob', trainingJob, [PASS_ROLE, ...to('CreateTrainingJob', 'training-job/new')]],
  [
    'CreateTrainingJob',
    { ...trainingJob, TrainingJobName: 'Tagged', Tags: TAGS },
    [PASS_ROLE, ...tagged('CreateTrainingJob', 'training-job/tagged')],
  ],
  [
    'DescribeTrainingJob',
    { TrainingJobName: 'Tagged' },
    to('DescribeTrainingJob', 'training-job/tagged', RESOURCE_TAG),
  ],
  ['StopTrainingJob', { TrainingJobName: 'Tagged' }, to('StopTrainingJob', 'training-job/tagged', RESOURCE_TAG)],
  ['DeleteTrainingJob', { TrainingJobName: 'None' }, to('DeleteTrainingJob', 'training-job/none')],
  ['ListTrainingJobs', {}, to('ListTrainingJobs', '*')],
  [
    'CreateTransformJob',
    { ...transformJob, Tags: TAGS },
    [
      allow('sagemaker:CreateTransformJob', `${PREFIX}:transform-job/new`, {
        StringEquals: { ...REQUEST_TAG.StringEquals, 'sagemaker:ModelArn': `${PREFIX}:model/model` },
      }),
      allow('sagemaker:AddTags', `${PREFIX}:transform-job/new`, REQUEST_TAG),
    ],
  ],
  ['DescribeTransformJob', { TransformJobName: 'New' }, to('DescribeTransformJob', 'transform-job/new', RESOURCE_TAG)],
  ['StopTransformJob', { TransformJobName: 'New' }, to('StopTransformJob', 'transform-job/new', RESOURCE_TAG)],
  ['ListTransformJobs', {}, to('ListTransformJobs', '*')],
  ['CreateModel', { ...model, Tags: TAGS }, [PASS_ROLE, ...tagged('CreateModel', 'model/new')]],
  ['DescribeModel', { ModelName: 'Model' }, to('DescribeModel', 'model/model', RESOURCE_TAG)],
  ['DeleteModel', { ModelName: 'New' }, to('DeleteModel', 'model/new', RESOURCE_TAG)],
  ['ListModels', {}, to('ListModels', '*')],
  ['CreateEndpointConfig', { ...endpointConfig, Tags: TAGS }, tagged('CreateEndpointConfig', 'endpoint-config/new')],
  [
    'CreateEndpointConfig',
    { ...endpointConfig, EndpointConfigName: 'WithRole', ExecutionRoleArn: ROLE },
    [PASS_ROLE, ...to('CreateEndpointConfig', 'endpoint-config/withrole')],
  ],
  [
    'DescribeEndpointConfig',
    { EndpointConfigName: 'Config' },
    to('DescribeEndpointConfig', 'endpoint-config/config', RESOURCE_TAG),
  ],
  [
    'DeleteEndpointConfig',
    { EndpointConfigName: 'New' },
    to('DeleteEndpointConfig', 'endpoint-config/new', RESOURCE_TAG),
  ],
  ['ListEndpointConfigs', {}, to('ListEndpointConfigs', '*')],
  [
    'CreateEndpoint',
    { EndpointName: 'New', EndpointConfigName: 'None', Tags: TAGS },
    [...tagged('CreateEndpoint', 'endpoint/new'), ...to('CreateEndpoint', 'endpoint-config/none', REQUEST_TAG)],
  ],
  [
    'UpdateEndpoint',
    { EndpointName: 'None', EndpointConfigName: 'Config' },
    [...to('UpdateEndpoint', 'endpoint/none'), ...to('UpdateEndpoint', 'endpoint-config/config', RESOURCE_TAG)],
  ],
  ['DescribeEndpoint', { EndpointName: 'Endpoint' }, to('DescribeEndpoint', 'endpoint/endpoint', RESOURCE_TAG)],
  ['DeleteEndpoint', { EndpointName: 'None' }, to('DeleteEndpoint', 'endpoint/none')],
  ['ListEndpoints', {}, to('ListEndpoints', '*')],
  [
    'CreateModelPackageGroup',
    { ModelPackageGroupName: 'New', Tags: TAGS },
    tagged('CreateModelPackageGroup', 'model-package-group/new'),
  ],
  [
    'DescribeModelPackageGroup',
    { ModelPackageGroupName: `${PREFIX}:model-package-group/group` },
    to('DescribeModelPackageGroup', 'model-package-group/group', RESOURCE_TAG),
  ],
  [
    'DeleteModelPackageGroup',
    { ModelPackageGroupName: 'New' },
    to('DeleteModelPackageGroup', 'model-package-group/new', RESOURCE_TAG),
  ],
  ['ListModelPackageGroups', {}, to('ListModelPackageGroups', '*')],
  [
    'CreateModelPackage',
    { ModelPackageGroupName: 'Group', ModelApprovalStatus: 'Rejected' },
    to('CreateModelPackage', 'model-package/group/*', {
      StringEquals: { 'sagemaker:ModelApprovalStatus': 'Rejected' },
    }),
  ],
  [
    'DescribeModelPackage',
    { ModelPackageName: `${PREFIX}:model-package/group/1` },
    to('DescribeModelPackage', 'model-package/group/1'),
  ],
  [
    'UpdateModelPackage',
    { ModelPackageArn: `${PREFIX}:model-package/group/1`, ModelApprovalStatus: 'Approved' },
    to('UpdateModelPackage', 'model-package/group/1', {
      StringEquals: { 'sagemaker:ModelApprovalStatus': 'Approved' },
    }),
  ],
  [
    'DeleteModelPackage',
    { ModelPackageName: `${PREFIX}:model-package/group/2` },
    to('DeleteModelPackage', 'model-package/group/2'),
  ],
  ['ListModelPackages', { ModelPackageGroupName: 'Group' }, to('ListModelPackages', 'model-package/*')],
  ['AddTags', { ResourceArn: `${PREFIX}:model/model`, Tags: TAGS }, to('AddTags', 'model/model', REQUEST_TAG)],
  ['ListTags', { ResourceArn: `${PREFIX}:model/model` }, to('ListTags', 'model/model', RESOURCE_TAG)],
  [
    'DeleteTags',
    { ResourceArn: `${PREFIX}:model/model`, TagKeys: ['other'] },
    to('DeleteTags', 'model/model', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['other'] } }),
  ],
];

const setGrants = (statements: readonly Statement[]): void =>
  laptop.setPolicies({
    roles: [
      roleFor('ec2.amazonaws.com', roleArn('caller'), statements),
      roleFor('sagemaker.amazonaws.com', roleArn('execution')),
      roleFor('sagemaker.amazonaws.com', roleArn('other')),
      roleFor('ec2.amazonaws.com', roleArn('untrusting')),
    ],
  });

/** Undefined where the caller gets past IAM, whatever SageMaker says then. */
const denialOf = async (operation: string, input: object): Promise<Error | undefined> => {
  const Command = (sdk as unknown as Record<string, new (input: object) => never>)[`${operation}Command`]!;
  const error = await laptop
    .as(CALLER)
    .sagemaker.send(new Command(input))
    .then(
      () => undefined,
      (thrown: Error) => thrown,
    );
  if (error && !['ValidationException', 'ResourceInUse'].includes(error.name) && !isDenial(error)) throw error;
  return error && isDenial(error) ? error : undefined;
};

const isDenial = ({ name }: Error): boolean => name === 'AccessDeniedException';

describe('an operation of the control plane', () => {
  it.each(CASES.map(([operation, input, grants], index) => ({ operation, input, grants, index })))(
    '$operation takes exactly its grants (case $index)',
    async ({ operation, input, grants }) => {
      for (const [index, missing] of grants.entries()) {
        setGrants(grants.toSpliced(index, 1));

        const denial = await denialOf(operation, input);

        expect(denial?.message, `without ${JSON.stringify(missing)}`).toBe(
          `User: arn:aws:sts::000000000000:assumed-role/caller/test is not authorized to perform: ${missing.Action} ` +
            `on resource: ${missing.Resource} because no identity-based policy allows the ${missing.Action} action`,
        );
      }
      setGrants(grants);
      expect(await denialOf(operation, input)).toBeUndefined();
    },
  );

  it('is among the cases, whichever it is', async () => {
    setGrants([]);
    const { message } = await laptop.sagemaker.send(new sdk.ListCodeRepositoriesCommand({})).then(
      () => new Error('answered'),
      (error: Error) => error,
    );
    const answered = /answers: (.*)\.$/.exec(message)![1]!.split(', ');

    expect([...new Set(CASES.map(([operation]) => operation))].sort()).toEqual(answered.sort());
  });

  it('says nothing of its input to whoever may not call it', async () => {
    setGrants([]);

    await expect(
      laptop.as(CALLER).sagemaker.send(new sdk.DescribeModelCommand({ ModelName: 'n o n e' })),
    ).rejects.toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('takes no tag for the one that a grant names but its own value', async () => {
    setGrants([PASS_ROLE, ...tagged('CreateModel', 'model/new')]);

    const Tags = [{ Key: 'fedml:store', Value: 'another' }];
    expect(await denialOf('CreateModel', { ...model, Tags })).toBeDefined();
    expect(await denialOf('CreateModel', model)).toBeDefined();
  });
});

describe('a role', () => {
  it.each([
    ['another role', allow('iam:PassRole', roleArn('other'))],
    [
      'another service',
      allow('iam:PassRole', ROLE, { StringEquals: { 'iam:PassedToService': 'states.amazonaws.com' } }),
    ],
  ])('is passed by nobody who may pass %s only', async (_, grant) => {
    setGrants([grant, allow('sagemaker:*', '*')]);

    for (const [operation, input] of [
      ['CreateTrainingJob', { ...trainingJob, TrainingJobName: 'Passed' }],
      ['CreateModel', model],
    ] as const) {
      expect((await denialOf(operation, input))?.message).toContain(
        `is not authorized to perform: iam:PassRole on resource: ${ROLE}`,
      );
    }
  });

  it('that does not trust SageMaker is taken by no job and no model', async () => {
    setGrants([allow('*')]);
    const untrusting = roleArn('untrusting');
    const send = (command: unknown) => laptop.as(CALLER).sagemaker.send(command as never);
    const refusal = {
      name: 'ValidationException',
      message: `Could not assume role ${untrusting}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.`,
    };

    await expect(
      send(new sdk.CreateTrainingJobCommand({ ...trainingJob, TrainingJobName: 'Untrusted', RoleArn: untrusting })),
    ).rejects.toMatchObject(refusal);
    await expect(
      send(new sdk.CreateModelCommand({ ...model, ModelName: 'Untrusted', ExecutionRoleArn: untrusting })),
    ).rejects.toMatchObject(refusal);
  });
});

describe('the runtime', () => {
  it.each([
    ['InvokeEndpoint', () => new InvokeEndpointCommand({ EndpointName: 'Endpoint', Body: '1' })],
    [
      'InvokeEndpointAsync',
      () => new InvokeEndpointAsyncCommand({ EndpointName: 'Endpoint', InputLocation: `s3://${BUCKET}/none` }),
    ],
  ])('lets %s in by the endpoint’s tags, and tells the rest no more than that', async (action, command) => {
    const invoke = () =>
      laptop
        .as(CALLER)
        .runtime.send(command() as never)
        .then(
          () => undefined,
          (error: Error & { $metadata: { httpStatusCode: number } }) => error,
        );
    setGrants([allow(`sagemaker:${action}`, `${PREFIX}:endpoint/endpoint`, RESOURCE_TAG)]);
    expect((await invoke())?.name).not.toBe('AccessDeniedException');

    setGrants([
      allow(`sagemaker:${action}`, `${PREFIX}:endpoint/endpoint`, {
        StringEquals: { 'aws:ResourceTag/fedml:store': 'another' },
      }),
    ]);
    const denial = await invoke();
    expect([denial?.name, denial?.$metadata.httpStatusCode, denial?.message]).toEqual([
      'AccessDeniedException',
      403,
      `User: arn:aws:sts::000000000000:assumed-role/caller/test is not authorized to perform: sagemaker:${action} ` +
        `on resource: ${PREFIX}:endpoint/endpoint because no identity-based policy allows the sagemaker:${action} action`,
    ]);
  });

  it('answers unsigned requests, and those of a wrong secret, as a REST service', async () => {
    const unsigned = await fetch(`${laptop.url}/endpoints/Endpoint/invocations`, { method: 'POST', body: '1' });

    expect([unsigned.status, unsigned.headers.get('x-amzn-errortype'), await unsigned.json()]).toEqual([
      403,
      'MissingAuthenticationTokenException',
      { Message: 'Missing Authentication Token' },
    ]);
  });
});
