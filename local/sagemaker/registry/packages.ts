import { arnOf } from '../arns.ts';
import type { SageMakerContext } from '../context.ts';
import { withEpochMilliseconds } from '../events.ts';
import type { Collection } from '../store.ts';
import { tagMap } from '../tags.ts';
import { refuse } from '../validation/request.ts';
import type { ModelPackageGroup } from './groups.ts';
import type { CreateModelPackageInput, UpdateModelPackageInput } from './request.ts';

export interface ModelPackage extends CreateModelPackageInput {
  readonly ModelPackageVersion: number;
  readonly ModelPackageArn: string;
  readonly ModelPackageStatus: 'Completed';
  readonly ModelPackageStatusDetails: {
    readonly ValidationStatuses: readonly [];
    readonly ImageScanStatuses: readonly [];
  };
  readonly ModelApprovalStatus: 'Approved' | 'Rejected' | 'PendingManualApproval';
  readonly CreationTime: Date;
  readonly LastModifiedTime: Date;
}

/** The versions of all groups; every change sends its event. */
export interface ModelPackages {
  readonly records: Collection<ModelPackage>;
  /** @throws ValidationException when there is no such version. */
  existing(arn: string): ModelPackage;
  create(request: CreateModelPackageInput, group: ModelPackageGroup, version: number): ModelPackage;
  update(request: UpdateModelPackageInput): ModelPackage;
}

export const modelPackages = (context: SageMakerContext, records: Collection<ModelPackage>): ModelPackages => {
  const keep = (modelPackage: ModelPackage, updatedFields: readonly string[]): ModelPackage => {
    records.put(modelPackage.ModelPackageArn, modelPackage);
    const tags = tagMap(context.tags.get(modelPackage.ModelPackageArn));
    context.announce(
      'SageMaker Model Package State Change',
      modelPackage.ModelPackageArn,
      eventDetail(modelPackage, updatedFields, tags),
    );
    return modelPackage;
  };
  const existing = (arn: string): ModelPackage => {
    const modelPackage = records.get(arn);
    if (!modelPackage) throw refuse(`ModelPackage ${arn} does not exist.`);
    return modelPackage;
  };
  return {
    records,
    existing,
    create(request, { ModelPackageGroupName }, version) {
      const now = new Date();
      return keep(
        {
          ...request,
          ModelPackageGroupName,
          ModelPackageVersion: version,
          ModelPackageArn: arnOf(context.account, 'model-package', `${ModelPackageGroupName}/${version}`),
          ModelPackageStatus: 'Completed',
          ModelPackageStatusDetails: { ValidationStatuses: [], ImageScanStatuses: [] },
          ModelApprovalStatus: request.ModelApprovalStatus ?? 'PendingManualApproval',
          CreationTime: now,
          LastModifiedTime: now,
        },
        [],
      );
    },
    update({ ModelPackageArn, CustomerMetadataProperties, CustomerMetadataPropertiesToRemove = [], ...changes }) {
      const earlier = existing(ModelPackageArn);
      const metadata = { ...earlier.CustomerMetadataProperties, ...CustomerMetadataProperties };
      for (const key of CustomerMetadataPropertiesToRemove) delete metadata[key];
      const changesMetadata = CustomerMetadataProperties !== undefined || CustomerMetadataPropertiesToRemove.length > 0;
      const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
      return keep({ ...earlier, ...given, CustomerMetadataProperties: metadata, LastModifiedTime: new Date() }, [
        ...Object.keys(given),
        ...(changesMetadata ? ['CustomerMetadataProperties'] : []),
      ]);
    },
  };
};

/** Unlike the other events, this one has its times as ISO 8601 text. */
const eventDetail = (
  modelPackage: ModelPackage,
  UpdatedModelPackageFields: readonly string[],
  Tags: Record<string, string>,
): Record<string, unknown> =>
  withEpochMilliseconds({
    ModelPackageGroupName: modelPackage.ModelPackageGroupName,
    ModelPackageVersion: modelPackage.ModelPackageVersion,
    ModelPackageArn: modelPackage.ModelPackageArn,
    ModelPackageStatus: modelPackage.ModelPackageStatus,
    ModelApprovalStatus: modelPackage.ModelApprovalStatus,
    InferenceSpecification: modelPackage.InferenceSpecification,
    ModelMetrics: modelPackage.ModelMetrics,
    MetadataProperties: modelPackage.MetadataProperties,
    ModelLifeCycle: modelPackage.ModelLifeCycle,
    UpdatedModelPackageFields,
    CreationTime: modelPackage.CreationTime.toISOString(),
    LastModifiedTime: modelPackage.LastModifiedTime.toISOString(),
    Tags,
  }) as Record<string, unknown>;
