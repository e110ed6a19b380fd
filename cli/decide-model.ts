import { config } from '#shared/config.ts';
import { InvalidInputError } from '#shared/errors.ts';
import { loadModelRecord, loadProvenModel } from '#shared/models/model-record.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { readFact } from '#shared/pipeline/facts.ts';
import { findRunUri } from '#shared/pipeline/run-index.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';

export interface Decision {
  readonly runId: string;
  readonly status: 'Approved' | 'Rejected';
  readonly reason: string;
}

/**
 * Approves or rejects the model of a run in SageMaker's registry. The registry's event lets the run go on.
 *
 * @returns the ARN of the model's version.
 * @throws ModelChangedError when a model that is to be approved isn't the one that was evaluated.
 * @throws InvalidInputError when the run has registered no model, or when it was decided about before.
 */
export const decideModel = async ({ runId, status, reason }: Decision): Promise<string> => {
  const objectStore = s3ObjectStore();
  const fact = await readFact(objectStore, await findRunUri(objectStore, config().storeUri, runId), 'model');
  if (fact === undefined) throw new InvalidInputError(`The run ${runId} has registered no model.`);
  const { modelRecordUri } = fact as { modelRecordUri: string };
  // Nobody approves one model and has another one served; a changed one may still be rejected.
  const load = status === 'Approved' ? loadProvenModel : loadModelRecord;
  const { modelPackageArn } = await load(objectStore, modelRecordUri);
  const registry = sageMaker();
  const modelPackage = await registry.describeModelPackage(modelPackageArn);
  if (modelPackage?.ModelApprovalStatus !== 'PendingManualApproval') {
    throw new InvalidInputError(
      `The model package ${modelPackageArn} doesn't wait for a decision: it is ${modelPackage?.ModelApprovalStatus ?? 'deleted'}.`,
    );
  }
  await registry.decideModelPackage(modelPackageArn, status, reason);
  return modelPackageArn;
};
