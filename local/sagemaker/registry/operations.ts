import { join } from 'node:path';
import type { Operation } from '#local/http/aws-json.ts';
import { AwsError } from '#local/http/aws-json.ts';
import { arnOf } from '../arns.ts';
import type { SageMakerContext } from '../context.ts';
import { listPage } from '../listing.ts';
import type { Container } from '../serving/container.ts';
import { openCollection } from '../store.ts';
import { operation, refuse } from '../validation/request.ts';
import type { ModelPackageGroup } from './groups.ts';
import { describeGroup } from './groups.ts';
import type { ModelPackage } from './packages.ts';
import { modelPackages } from './packages.ts';
import type { CreateModelPackageInput } from './request.ts';
import * as requests from './request.ts';

/** The model registry: groups of versions, each with its approval. */
export const registryApi = (context: SageMakerContext) => {
  const records = join(context.dataDir, 'records');
  const groups = openCollection<ModelPackageGroup>(join(records, 'model-package-groups'));
  const packages = modelPackages(context, openCollection<ModelPackage>(join(records, 'model-packages')));

  const groupArn = (nameOrArn: string): string =>
    nameOrArn.startsWith('arn:') ? nameOrArn : arnOf(context.account, 'model-package-group', nameOrArn);

  const existingGroup = (nameOrArn: string): ModelPackageGroup => {
    const arn = groupArn(nameOrArn);
    const group = groups.all().find(({ ModelPackageGroupArn }) => ModelPackageGroupArn === arn);
    if (!group) throw refuse(`ModelPackageGroup ${arn} does not exist.`);
    return group;
  };

  const versionsOf = (group: ModelPackageGroup): ModelPackage[] =>
    packages.records.all().filter((version) => version.ModelPackageGroupName === group.ModelPackageGroupName);

  /** The version that an earlier request with the same token made. */
  const madeBefore = ({ ClientToken }: CreateModelPackageInput, group: ModelPackageGroup): ModelPackage | undefined =>
    ClientToken === undefined ? undefined : versionsOf(group).find((version) => version.ClientToken === ClientToken);

  const createPackage = (input: CreateModelPackageInput): ModelPackage => {
    const group = existingGroup(input.ModelPackageGroupName);
    const earlier = madeBefore(input, group);
    if (earlier) return earlier;
    const version = group.lastVersion + 1;
    groups.put(group.ModelPackageGroupName, { ...group, lastVersion: version });
    return packages.create(input, group, version);
  };

  const operations: Record<string, Operation> = {
    CreateModelPackageGroup: operation(requests.CreateModelPackageGroupInput, ({ Tags = [], ...input }) => {
      const arn = groupArn(input.ModelPackageGroupName);
      if (groups.find(input.ModelPackageGroupName)) throw refuse(`ModelPackageGroup already exists: ${arn}`);
      context.tags.add(arn, Tags);
      groups.put(input.ModelPackageGroupName, {
        ...input,
        ModelPackageGroupArn: arn,
        ModelPackageGroupStatus: 'Completed',
        CreationTime: new Date(),
        lastVersion: 0,
      });
      return { ModelPackageGroupArn: arn };
    }),
    DescribeModelPackageGroup: operation(requests.ModelPackageGroupNameInput, (input) =>
      describeGroup(existingGroup(input.ModelPackageGroupName)),
    ),
    DeleteModelPackageGroup: operation(requests.ModelPackageGroupNameInput, (input) => {
      const group = existingGroup(input.ModelPackageGroupName);
      if (versionsOf(group).length > 0) {
        throw new AwsError(
          'ConflictException',
          `ModelPackageGroup ${group.ModelPackageGroupArn} has model packages. Delete them first.`,
        );
      }
      groups.delete(group.ModelPackageGroupName);
      context.tags.deleteAll(group.ModelPackageGroupArn);
    }),
    ListModelPackageGroups: operation(requests.ListModelPackageGroupsInput, (input) => {
      const items = groups.all().map((group) => ({
        group,
        name: group.ModelPackageGroupName,
        createdAt: group.CreationTime,
        modifiedAt: group.CreationTime,
      }));
      const { page, NextToken } = listPage(items, { SortOrder: 'Ascending', ...input });
      return { ModelPackageGroupSummaryList: page.map(({ group }) => describeGroup(group)), NextToken };
    }),
    CreateModelPackage: operation(requests.CreateModelPackageInput, (input) => ({
      ModelPackageArn: createPackage(input).ModelPackageArn,
    })),
    DescribeModelPackage: operation(requests.ModelPackageNameInput, (input) =>
      describe(packages.existing(input.ModelPackageName)),
    ),
    UpdateModelPackage: operation(requests.UpdateModelPackageInput, (input) => ({
      ModelPackageArn: packages.update(input).ModelPackageArn,
    })),
    DeleteModelPackage: operation(requests.ModelPackageNameInput, (input) => {
      const { ModelPackageArn } = packages.existing(input.ModelPackageName);
      packages.records.delete(ModelPackageArn);
      context.tags.deleteAll(ModelPackageArn);
    }),
    ListModelPackages: operation(requests.ListModelPackagesInput, (input) => {
      const candidates = input.ModelPackageGroupName
        ? versionsOf(existingGroup(input.ModelPackageGroupName))
        : packages.records.all();
      const items = candidates
        .filter((version) => !input.ModelApprovalStatus || version.ModelApprovalStatus === input.ModelApprovalStatus)
        .map((version) => ({
          version,
          name: `${version.ModelPackageGroupName}/${String(version.ModelPackageVersion).padStart(9, '0')}`,
          createdAt: version.CreationTime,
          modifiedAt: version.LastModifiedTime,
        }));
      const { page, NextToken } = listPage(items, { SortOrder: 'Ascending', ...input });
      return { ModelPackageSummaryList: page.map(({ version }) => summaryOf(version)), NextToken };
    }),
  };

  return {
    operations,
    exists: (arn: string) =>
      packages.records.get(arn) !== undefined || groups.all().some((group) => group.ModelPackageGroupArn === arn),
    /** The container of a version, for CreateModel. */
    containerOf(arn: string): Container {
      const container = packages.existing(arn).InferenceSpecification?.Containers[0];
      if (!container) throw refuse(`ModelPackage ${arn} has no InferenceSpecification.`);
      return { Image: container.Image, ModelDataUrl: container.ModelDataUrl, Environment: container.Environment };
    },
  };
};

const describe = ({ ClientToken: _, ...version }: ModelPackage) => ({
  ...version,
  ModelPackageName: `${version.ModelPackageGroupName}/${version.ModelPackageVersion}`,
});

const summaryOf = (version: ModelPackage) => ({
  ModelPackageGroupName: version.ModelPackageGroupName,
  ModelPackageVersion: version.ModelPackageVersion,
  ModelPackageArn: version.ModelPackageArn,
  ModelPackageDescription: version.ModelPackageDescription,
  CreationTime: version.CreationTime,
  ModelPackageStatus: version.ModelPackageStatus,
  ModelApprovalStatus: version.ModelApprovalStatus,
});
