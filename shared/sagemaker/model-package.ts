import { createHash } from 'node:crypto';
import type { DatasetManifest } from '#shared/dataset/manifest.ts';
import type { ModelRecord } from '#shared/models/model-record.ts';
import { FACTS } from '#shared/pipeline/facts.ts';
import { lastingName, type Run } from '#shared/pipeline/run.ts';
import { servingContainer } from '#shared/sagemaker/model.ts';
import { type Tag, taggable, tagsOf } from '#shared/sagemaker/tags.ts';

/** SageMaker's model registry: groups of versions, each with its approval. */
export interface ModelRegistry {
  /** It is no error when the group exists. */
  createModelPackageGroup(request: {
    ModelPackageGroupName: string;
    ModelPackageGroupDescription: string;
    Tags: Tag[];
  }): Promise<void>;
  /** Answers the version's ARN; the same ClientToken gives the same version. */
  createModelPackage(request: ModelPackageRequest): Promise<string>;
  describeModelPackage(arn: string): Promise<ModelPackageDescription | undefined>;
  /** Approves or rejects a version, with a reason for those who read it later. */
  decideModelPackage(arn: string, decision: 'Approved' | 'Rejected', reason: string): Promise<void>;
}

/** What we send of CreateModelPackage. */
export interface ModelPackageRequest {
  readonly ModelPackageGroupName: string;
  readonly ModelPackageDescription: string;
  readonly ModelApprovalStatus: 'Approved' | 'PendingManualApproval';
  readonly InferenceSpecification: {
    readonly Containers: { Image: string; ModelDataUrl: string; Environment: Record<string, string> }[];
    readonly SupportedContentTypes: string[];
    readonly SupportedResponseMIMETypes: string[];
  };
  /** Absent for a model that was evaluated elsewhere. */
  readonly ModelMetrics?: { readonly ModelQuality: { readonly Statistics: { ContentType: string; S3Uri: string } } };
  readonly MetadataProperties: { readonly CommitId: string; readonly GeneratedBy: string };
  readonly CustomerMetadataProperties: Record<string, string>;
  readonly ClientToken: string;
}

/** What we read of DescribeModelPackage. */
export interface ModelPackageDescription {
  readonly ModelApprovalStatus?: string | undefined;
  readonly ApprovalDescription?: string | undefined;
}

/** A model that isn't in the registry yet. */
export type UnregisteredModel = Omit<ModelRecord, 'modelPackageArn'>;

/** CreateModelPackageGroup for a pipeline: all its models are versions of one group. */
export const modelPackageGroupRequest = (run: Run): Parameters<ModelRegistry['createModelPackageGroup']>[0] => ({
  ModelPackageGroupName: lastingName(run),
  ModelPackageGroupDescription: `Models of the pipeline ${run.pipeline} that passed its gate.`,
  Tags: tagsOf({ pipeline: run.pipeline, runUri: run.runUri }, run.definition.training.tags),
});

/**
 * CreateModelPackage for a model: how it is served, how good it is, and what it was made of.
 *
 * @param trainManifest of the rows it was trained on; undefined for a model that was trained elsewhere.
 */
export const modelPackageRequest = (
  model: UnregisteredModel,
  run: Run,
  trainManifest: DatasetManifest | undefined,
  region: string,
): ModelPackageRequest => ({
  ModelPackageGroupName: lastingName(run),
  ModelPackageDescription: trainManifest
    ? `Trained by ${model.trainingJobName} in the run ${run.runId}.`
    : `Trained by ${model.trainingJobName} elsewhere, taken over by the run ${run.runId}.`,
  ModelApprovalStatus: needsApproval(run) ? 'PendingManualApproval' : 'Approved',
  InferenceSpecification: {
    Containers: [servingContainer(model, {}, region)],
    SupportedContentTypes: ['text/csv'],
    SupportedResponseMIMETypes: ['text/csv'],
  },
  ...(trainManifest && {
    ModelMetrics: {
      ModelQuality: { Statistics: { ContentType: 'application/json', S3Uri: `${run.runUri}${FACTS.evaluation}` } },
    },
  }),
  MetadataProperties: { CommitId: model.codeSha256, GeneratedBy: run.executionArn },
  CustomerMetadataProperties: lineage(model, run, trainManifest),
  ClientToken: sha256([run.runUri, model.trainingJobName]).slice(0, 36),
});

/** A name for the state that waits for a version's approval, of its group's name and its number. */
export const modelPackageTaskName = (modelPackageArn: string): string =>
  modelPackageArn.split('model-package/')[1]!.replace('/', '-');

const needsApproval = ({ definition: { deployment } }: Run): boolean =>
  deployment.target !== 'none' && deployment.approval === 'manual';

/** Limits of CustomerMetadataProperties: 50 entries, keys of 128 and values of 256 characters. */
const MAX_METRICS = 30;
const MAX_KEY_LENGTH = 128;
const MAX_VALUE_LENGTH = 256;

/** SQL has characters that SageMaker doesn't take here: the manifest holds the queries, and this their digest. */
const lineage = (model: UnregisteredModel, run: Run, manifest: DatasetManifest | undefined): Record<string, string> => {
  const facts: Record<string, string> = {
    ...(manifest && rowsOf(manifest, run)),
    trainingJobName: model.trainingJobName,
    codeSha256: model.codeSha256,
    modelSha256: model.modelArchive.sha256,
    sourceUri: model.sourceArchive.uri,
    sourceSha256: model.sourceArchive.sha256,
    runId: run.runId,
    runUri: run.runUri,
    pipeline: run.pipeline,
  };
  for (const [name, value] of Object.entries(model.metrics).slice(0, MAX_METRICS)) {
    facts[`metric.${name}`] = String(value);
  }
  return Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      taggable(key).slice(0, MAX_KEY_LENGTH),
      taggable(value).slice(0, MAX_VALUE_LENGTH),
    ]),
  );
};

const rowsOf = ({ source, rowCount }: DatasetManifest, run: Run): Record<string, string> => ({
  view: `${source.schema}.${source.view}`,
  key: source.key.join(' '),
  target: run.definition.source.target,
  querySha256: sha256(source.queries),
  trainManifest: `${run.runUri}${FACTS.trainManifest}`,
  trainRowCount: String(rowCount),
});

const sha256 = (content: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex');
