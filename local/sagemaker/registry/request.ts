import * as z from 'zod';
import {
  ContainerEnvironment,
  EntityName,
  echoed,
  Image,
  listing,
  S3ObjectUri,
  Tags,
  text,
  textMap,
} from '../validation/members.ts';

const ApprovalStatus = z.enum(['Approved', 'Rejected', 'PendingManualApproval']);

const PackageContainer = z.strictObject({
  Image,
  ImageDigest: text(72).optional(),
  ModelDataUrl: S3ObjectUri.optional(),
  Environment: ContainerEnvironment.optional(),
  ContainerHostname: text(63).optional(),
  Framework: text(256).optional(),
  FrameworkVersion: text(10).optional(),
  NearestModelName: text(256).optional(),
  ModelInput: echoed.optional(),
});

const InferenceSpecification = z.strictObject({
  Containers: z.array(PackageContainer).min(1).max(15),
  SupportedContentTypes: z.array(text(256)).optional(),
  SupportedResponseMIMETypes: z.array(text(1024)).optional(),
  SupportedTransformInstanceTypes: z.array(text(64)).optional(),
  SupportedRealtimeInferenceInstanceTypes: z.array(text(64)).optional(),
});

const CustomerMetadataProperties = textMap(50, text(128, 1), text(256, 1));

/** Versions of a group only: packages without one are not kept on a laptop. */
export const CreateModelPackageInput = z.strictObject({
  ModelPackageGroupName: text(170, 1),
  ModelPackageDescription: text(1024).optional(),
  InferenceSpecification: InferenceSpecification.optional(),
  ModelApprovalStatus: ApprovalStatus.optional(),
  ApprovalDescription: text(1024).optional(),
  ModelMetrics: echoed.optional(),
  MetadataProperties: z
    .strictObject({
      CommitId: text(1024).optional(),
      Repository: text(1024).optional(),
      GeneratedBy: text(1024).optional(),
      ProjectId: text(1024).optional(),
    })
    .optional(),
  CustomerMetadataProperties: CustomerMetadataProperties.optional(),
  ModelLifeCycle: echoed.optional(),
  ModelCard: echoed.optional(),
  DriftCheckBaselines: echoed.optional(),
  Domain: text(256).optional(),
  Task: text(256).optional(),
  SourceUri: text(1024).optional(),
  SkipModelValidation: z.enum(['All', 'None']).optional(),
  ClientToken: text(36, 1).optional(),
});
export type CreateModelPackageInput = z.infer<typeof CreateModelPackageInput>;

export const UpdateModelPackageInput = z.strictObject({
  ModelPackageArn: text(2048, 1),
  ModelApprovalStatus: ApprovalStatus.optional(),
  ApprovalDescription: text(1024).optional(),
  CustomerMetadataProperties: CustomerMetadataProperties.optional(),
  CustomerMetadataPropertiesToRemove: z.array(text(128, 1)).optional(),
  ModelLifeCycle: echoed.optional(),
  ModelCard: echoed.optional(),
  SourceUri: text(1024).optional(),
});
export type UpdateModelPackageInput = z.infer<typeof UpdateModelPackageInput>;

export const ModelPackageNameInput = z.strictObject({ ModelPackageName: text(2048, 1) });

export const ListModelPackagesInput = z.strictObject({
  ...listing(['Name', 'CreationTime']),
  ModelPackageGroupName: text(2048, 1).optional(),
  ModelApprovalStatus: ApprovalStatus.optional(),
  ModelPackageType: z
    .literal('Versioned', { error: "The laptop's SageMaker keeps versions of groups only; use Versioned" })
    .optional(),
});

export const CreateModelPackageGroupInput = z.strictObject({
  ModelPackageGroupName: EntityName,
  ModelPackageGroupDescription: text(1024).optional(),
  Tags: Tags.optional(),
});

/** A group may be named by its ARN. */
export const ModelPackageGroupNameInput = z.strictObject({ ModelPackageGroupName: text(2048, 1) });

export const ListModelPackageGroupsInput = z.strictObject(listing(['Name', 'CreationTime']));
