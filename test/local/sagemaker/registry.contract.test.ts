import {
  AddTagsCommand,
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DeleteModelPackageCommand,
  DeleteModelPackageGroupCommand,
  DeleteTagsCommand,
  DescribeModelPackageCommand,
  DescribeModelPackageGroupCommand,
  ListModelPackageGroupsCommand,
  ListModelPackagesCommand,
  ListTagsCommand,
  UpdateModelPackageCommand,
} from '@aws-sdk/client-sagemaker';
import { InvokeEndpointCommand } from '@aws-sdk/client-sagemaker-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Laptop } from './laptop.ts';
import { IMAGE, openLaptop, ROLE } from './laptop.ts';

const ARN = 'arn:aws:sagemaker:eu-central-1:000000000000';

let laptop: Laptop;
beforeAll(async () => {
  laptop = await openLaptop();
});
afterAll(() => laptop.close());

const createGroup = (ModelPackageGroupName: string) =>
  laptop.sagemaker.send(
    new CreateModelPackageGroupCommand({ ModelPackageGroupName, Tags: [{ Key: 'pipeline', Value: 'flights' }] }),
  );

const createVersion = async (ModelPackageGroupName: string, ClientToken?: string) => {
  const { ModelPackageArn } = await laptop.sagemaker.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName,
      InferenceSpecification: {
        Containers: [
          { Image: IMAGE, ModelDataUrl: 's3://bucket/model.tar.gz', Framework: 'SKLEARN', FrameworkVersion: '1.9' },
        ],
        SupportedContentTypes: ['text/csv'],
        SupportedResponseMIMETypes: ['text/csv'],
      },
      ModelApprovalStatus: 'PendingManualApproval',
      ModelMetrics: {
        ModelQuality: { Statistics: { ContentType: 'application/json', S3Uri: 's3://bucket/metrics.json' } },
      },
      MetadataProperties: { CommitId: 'abc' },
      CustomerMetadataProperties: { auc: '0.7' },
      ClientToken,
    }),
  );
  return ModelPackageArn!;
};

describe('the model registry', () => {
  it('numbers versions, keeps approvals and announces both', async () => {
    await createGroup('flights');

    const first = await createVersion('flights');
    const second = await createVersion('flights');
    await laptop.sagemaker.send(
      new UpdateModelPackageCommand({
        ModelPackageArn: second,
        ModelApprovalStatus: 'Approved',
        ApprovalDescription: 'good enough',
      }),
    );

    expect([first, second]).toEqual([`${ARN}:model-package/flights/1`, `${ARN}:model-package/flights/2`]);
    expect(await laptop.sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName: second }))).toMatchObject({
      ModelPackageVersion: 2,
      ModelPackageStatus: 'Completed',
      ModelApprovalStatus: 'Approved',
      ApprovalDescription: 'good enough',
      CustomerMetadataProperties: { auc: '0.7' },
      CreationTime: expect.any(Date),
    });
    const events = laptop.events.filter((event) => event['detail-type'] === 'SageMaker Model Package State Change');
    expect(
      events.map(({ detail }) => [
        detail.ModelPackageVersion,
        detail.ModelApprovalStatus,
        detail.UpdatedModelPackageFields,
      ]),
    ).toEqual([
      [1, 'PendingManualApproval', []],
      [2, 'PendingManualApproval', []],
      [2, 'Approved', ['ModelApprovalStatus', 'ApprovalDescription']],
    ]);
    expect(events.at(-1)).toMatchObject({
      resources: [second],
      detail: {
        ModelPackageGroupName: 'flights',
        CreationTime: expect.stringMatching(/^\d{4}-.*Z$/),
        MetadataProperties: { CommitId: 'abc' },
      },
    });
  });

  it('makes one version of one client token', async () => {
    await createGroup('idempotent');

    const arns = [await createVersion('idempotent', 'token-1'), await createVersion('idempotent', 'token-1')];

    expect(arns[1]).toBe(arns[0]);
  });

  it('lists by group and approval, and never gives a number twice', async () => {
    await createGroup('listed');
    for (let version = 0; version < 3; version += 1) await createVersion('listed');
    await laptop.sagemaker.send(
      new UpdateModelPackageCommand({
        ModelPackageArn: `${ARN}:model-package/listed/2`,
        ModelApprovalStatus: 'Rejected',
      }),
    );

    const list = (more: object) =>
      laptop.sagemaker.send(new ListModelPackagesCommand({ ModelPackageGroupName: 'listed', ...more }));
    const newest = await list({ SortBy: 'CreationTime', SortOrder: 'Descending', MaxResults: 1 });
    const rejected = await list({ ModelApprovalStatus: 'Rejected' });
    await laptop.sagemaker.send(new DeleteModelPackageCommand({ ModelPackageName: `${ARN}:model-package/listed/3` }));

    expect(newest.ModelPackageSummaryList).toMatchObject([{ ModelPackageVersion: 3 }]);
    expect(newest.NextToken).toBeDefined();
    expect(rejected.ModelPackageSummaryList).toMatchObject([
      { ModelPackageVersion: 2, ModelApprovalStatus: 'Rejected' },
    ]);
    expect(await createVersion('listed')).toBe(`${ARN}:model-package/listed/4`);
  });

  it('refuses what doesn’t exist, what exists already and a group that isn’t empty', async () => {
    await createGroup('full');
    await createVersion('full');

    await expect(createGroup('full')).rejects.toMatchObject({
      message: `ModelPackageGroup already exists: ${ARN}:model-package-group/full`,
    });
    await expect(createVersion('nowhere')).rejects.toMatchObject({
      message: `ModelPackageGroup ${ARN}:model-package-group/nowhere does not exist.`,
    });
    await expect(
      laptop.sagemaker.send(new DescribeModelPackageCommand({ ModelPackageName: `${ARN}:model-package/full/9` })),
    ).rejects.toMatchObject({
      name: 'ValidationException',
      message: `ModelPackage ${ARN}:model-package/full/9 does not exist.`,
    });
    await expect(
      laptop.sagemaker.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName: 'full' })),
    ).rejects.toMatchObject({ name: 'ConflictException' });
    await laptop.sagemaker.send(new DeleteModelPackageCommand({ ModelPackageName: `${ARN}:model-package/full/1` }));
    await laptop.sagemaker.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName: 'full' }));
    await expect(
      laptop.sagemaker.send(new DescribeModelPackageGroupCommand({ ModelPackageGroupName: 'full' })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('gives a model its container, which an endpoint serves', async () => {
    const code = await laptop.putArchive('registered/sourcedir.tar.gz', {
      'serve.py':
        'def model_fn(folder): return open(folder + "/name").read()\ndef transform_fn(model, *_): return model, "text/plain"',
    });
    const model = await laptop.putArchive('registered/model.tar.gz', { name: 'registered model' });
    await createGroup('registered');
    const { ModelPackageArn } = await laptop.sagemaker.send(
      new CreateModelPackageCommand({
        ModelPackageGroupName: 'registered',
        InferenceSpecification: {
          Containers: [
            {
              Image: IMAGE,
              ModelDataUrl: model,
              Environment: { SAGEMAKER_PROGRAM: 'serve.py', SAGEMAKER_SUBMIT_DIRECTORY: code },
            },
          ],
          SupportedContentTypes: ['text/csv'],
          SupportedResponseMIMETypes: ['text/csv'],
        },
      }),
    );

    await laptop.sagemaker.send(
      new CreateModelCommand({
        ModelName: 'registered',
        ExecutionRoleArn: ROLE,
        PrimaryContainer: { ModelPackageName: ModelPackageArn },
      }),
    );
    await laptop.createEndpointConfig('registered', [{}]);
    await laptop.deploy('registered');
    const { Body } = await laptop.runtime.send(
      new InvokeEndpointCommand({ EndpointName: 'registered', Body: 'x', ContentType: 'text/csv' }),
    );

    expect(Buffer.from(Body).toString()).toBe('registered model');
  });
});

it('tags resources and refuses unknown ones', async () => {
  const { ModelPackageGroupArn: arn } = await createGroup('tagged');

  await laptop.sagemaker.send(
    new AddTagsCommand({
      ResourceArn: arn,
      Tags: [
        { Key: 'pipeline', Value: 'trains' },
        { Key: 'team', Value: 'rail' },
      ],
    }),
  );
  const { Tags } = await laptop.sagemaker.send(new ListTagsCommand({ ResourceArn: arn }));
  await laptop.sagemaker.send(new DeleteTagsCommand({ ResourceArn: arn, TagKeys: ['pipeline'] }));

  expect(Tags).toEqual([
    { Key: 'pipeline', Value: 'trains' },
    { Key: 'team', Value: 'rail' },
  ]);
  expect((await laptop.sagemaker.send(new ListTagsCommand({ ResourceArn: arn }))).Tags).toEqual([
    { Key: 'team', Value: 'rail' },
  ]);
  await expect(laptop.sagemaker.send(new ListTagsCommand({ ResourceArn: `${ARN}:model/none` }))).rejects.toMatchObject({
    name: 'ValidationException',
  });
  const { ModelPackageGroupSummaryList } = await laptop.sagemaker.send(
    new ListModelPackageGroupsCommand({ NameContains: 'tagged' }),
  );
  expect(ModelPackageGroupSummaryList).toMatchObject([{ ModelPackageGroupName: 'tagged' }]);
});
