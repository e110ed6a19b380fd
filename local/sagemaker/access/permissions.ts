import type { JsonRequest, Permission } from '#local/http/aws-json.ts';
import type { Check } from '#local/iam/iam.ts';
import type { ResourceType } from '../arns.ts';
import { arnOf } from '../arns.ts';
import type { SageMakerContext } from '../context.ts';
import { passRole } from './pass-role.ts';
import { requestTags, resourceTags } from './tag-keys.ts';

/**
 * What a caller must be allowed, by operation of the control plane. Resource types and condition keys are those of
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
 */
export const sageMakerPermissions = ({
  account,
  tags,
}: Pick<SageMakerContext, 'account' | 'tags'>): Readonly<Record<string, Permission>> => {
  const arn = (type: ResourceType, nameOrArn: unknown): string => {
    const text = textOf(nameOrArn);
    return text.startsWith('arn:') ? text : arnOf(account, type, text);
  };

  /** What is done to a resource depends on the tags that it has. */
  const onExisting = (action: string, resource: string, context: Check['context'] = {}): Check => ({
    action: `sagemaker:${action}`,
    resource,
    context: { ...resourceTags(tags.get(resource)), ...context },
  });

  const to =
    (action: string, type: ResourceType, member: string): Permission =>
    (input) => [onExisting(action, arn(type, input[member]))];

  const toCreate =
    (
      action: string,
      type: ResourceType,
      member: string,
      keysOf: (input: JsonRequest) => Check['context'] = () => ({}),
    ) =>
    (input: JsonRequest): readonly Check[] => {
      const resource = arn(type, input[member]);
      const tagKeys = requestTags(input.Tags);
      return [
        ...passRole(input.RoleArn ?? input.ExecutionRoleArn, resource),
        { action: `sagemaker:${action}`, resource, context: { ...tagKeys, ...keysOf(input) } },
        ...(Object.keys(tagKeys).length === 0
          ? []
          : [{ action: 'sagemaker:AddTags', resource, context: { ...tagKeys, 'sagemaker:TaggingAction': action } }]),
      ];
    };

  const toList =
    (action: string): Permission =>
    () => [{ action: `sagemaker:${action}`, resource: '*' }];

  const createEndpoint = toCreate('CreateEndpoint', 'endpoint', 'EndpointName');

  return {
    CreateTrainingJob: toCreate('CreateTrainingJob', 'training-job', 'TrainingJobName'),
    DescribeTrainingJob: to('DescribeTrainingJob', 'training-job', 'TrainingJobName'),
    StopTrainingJob: to('StopTrainingJob', 'training-job', 'TrainingJobName'),
    DeleteTrainingJob: to('DeleteTrainingJob', 'training-job', 'TrainingJobName'),
    ListTrainingJobs: toList('ListTrainingJobs'),

    CreateTransformJob: toCreate('CreateTransformJob', 'transform-job', 'TransformJobName', ({ ModelName }) => ({
      'sagemaker:ModelArn': arn('model', ModelName),
    })),
    DescribeTransformJob: to('DescribeTransformJob', 'transform-job', 'TransformJobName'),
    StopTransformJob: to('StopTransformJob', 'transform-job', 'TransformJobName'),
    ListTransformJobs: toList('ListTransformJobs'),

    CreateModel: toCreate('CreateModel', 'model', 'ModelName'),
    DescribeModel: to('DescribeModel', 'model', 'ModelName'),
    DeleteModel: to('DeleteModel', 'model', 'ModelName'),
    ListModels: toList('ListModels'),

    CreateEndpointConfig: toCreate('CreateEndpointConfig', 'endpoint-config', 'EndpointConfigName'),
    DescribeEndpointConfig: to('DescribeEndpointConfig', 'endpoint-config', 'EndpointConfigName'),
    DeleteEndpointConfig: to('DeleteEndpointConfig', 'endpoint-config', 'EndpointConfigName'),
    ListEndpointConfigs: toList('ListEndpointConfigs'),

    CreateEndpoint: (input) => [
      ...createEndpoint(input),
      onExisting('CreateEndpoint', arn('endpoint-config', input.EndpointConfigName), requestTags(input.Tags)),
    ],
    UpdateEndpoint: (input) => [
      onExisting('UpdateEndpoint', arn('endpoint', input.EndpointName)),
      onExisting('UpdateEndpoint', arn('endpoint-config', input.EndpointConfigName)),
    ],
    DescribeEndpoint: to('DescribeEndpoint', 'endpoint', 'EndpointName'),
    DeleteEndpoint: to('DeleteEndpoint', 'endpoint', 'EndpointName'),
    ListEndpoints: toList('ListEndpoints'),

    CreateModelPackageGroup: toCreate('CreateModelPackageGroup', 'model-package-group', 'ModelPackageGroupName'),
    DescribeModelPackageGroup: to('DescribeModelPackageGroup', 'model-package-group', 'ModelPackageGroupName'),
    DeleteModelPackageGroup: to('DeleteModelPackageGroup', 'model-package-group', 'ModelPackageGroupName'),
    ListModelPackageGroups: toList('ListModelPackageGroups'),

    // The reference names the package only, whose version isn't known yet; whether the group is asked about too is not documented.
    CreateModelPackage: ({ ModelPackageGroupName, ModelApprovalStatus }) => [
      {
        action: 'sagemaker:CreateModelPackage',
        resource: `${arn('model-package-group', ModelPackageGroupName).replace(':model-package-group/', ':model-package/')}/*`,
        context: { 'sagemaker:ModelApprovalStatus': textOf(ModelApprovalStatus) || 'PendingManualApproval' },
      },
    ],
    DescribeModelPackage: to('DescribeModelPackage', 'model-package', 'ModelPackageName'),
    UpdateModelPackage: ({ ModelPackageArn, ModelApprovalStatus }) => [
      onExisting('UpdateModelPackage', arn('model-package', ModelPackageArn), {
        ...(typeof ModelApprovalStatus === 'string' && { 'sagemaker:ModelApprovalStatus': ModelApprovalStatus }),
      }),
    ],
    DeleteModelPackage: to('DeleteModelPackage', 'model-package', 'ModelPackageName'),
    ListModelPackages: () => [onExisting('ListModelPackages', arnOf(account, 'model-package', '*'))],

    AddTags: ({ ResourceArn, Tags }) => [onExisting('AddTags', textOf(ResourceArn), requestTags(Tags))],
    ListTags: ({ ResourceArn }) => [onExisting('ListTags', textOf(ResourceArn))],
    DeleteTags: ({ ResourceArn, TagKeys }) => [
      onExisting('DeleteTags', textOf(ResourceArn), {
        'aws:TagKeys': Array.isArray(TagKeys) ? TagKeys.map(textOf) : [],
      }),
    ],
  };
};

/** Members aren't checked yet; one that is no text names nothing, and the operation will refuse it. */
const textOf = (member: unknown): string => (typeof member === 'string' ? member : '');
