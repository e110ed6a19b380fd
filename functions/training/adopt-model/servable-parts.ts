import { InvalidInputError } from '#shared/errors.ts';
import { parseImageUri } from '#shared/images/image-uri.ts';
import type { TrainingJobDescription } from '#shared/sagemaker/training-job.ts';
import type { ForeignUri } from '#shared/store/layout.ts';

export interface ServableParts {
  /** model.tar.gz. */
  readonly modelUri: ForeignUri;
  /** sourcedir.tar.gz. */
  readonly sourceUri: ForeignUri;
  readonly entryPoint: string;
  readonly imageUri: string;
}

/**
 * What of a finished job serves its model, as script mode records it: the artefact, the image, and the archive and script
 * among the hyperparameters.
 *
 * @param ownImageUri `training.imageUri` of the pipeline, which serves in the place of the job's image.
 * @throws InvalidInputError with everything that is missing.
 */
export const servableParts = (
  name: string,
  job: TrainingJobDescription | undefined,
  ownImageUri: string | undefined,
  region: string,
): ServableParts => {
  if (!job) throw new InvalidInputError(`SageMaker knows no training job ${name} in ${region}.`);
  if (job.TrainingJobStatus !== 'Completed') {
    throw new InvalidInputError(
      `The training job ${name} is ${job.TrainingJobStatus}; only what has completed can be deployed.`,
    );
  }
  const { HyperParameters: parameters = {} } = job;
  const modelUri = job.ModelArtifacts?.S3ModelArtifacts ?? '';
  const sourceUri = decoded(parameters.sagemaker_submit_directory);
  const entryPoint = decoded(parameters.sagemaker_program);
  const imageUri = ownImageUri ?? job.AlgorithmSpecification?.TrainingImage ?? '';
  const problems = [
    ...(modelUri.endsWith('.tar.gz') ? [] : [`its model is no tar.gz: ${modelUri || 'none'}`]),
    ...(/^s3:\/\/.+\.tar\.gz$/.test(sourceUri)
      ? []
      : [`its code is not on S3: sagemaker_submit_directory is ${sourceUri || 'missing'}`]),
    ...(/^[\w.-]+\.py$/.test(entryPoint)
      ? []
      : [`no script serves it: sagemaker_program is ${entryPoint || 'missing'}`]),
    ...imageProblems(imageUri),
  ];
  if (problems.length === 0) return { modelUri, sourceUri, entryPoint, imageUri };
  throw new InvalidInputError(
    `The model of the training job ${name} can't be deployed. It must have been trained in SageMaker's script mode.\n` +
      problems.map((problem) => `  ${problem}`).join('\n'),
  );
};

/** The SDKs encode every hyperparameter as JSON; people who write them by hand don't. */
const decoded = (value = ''): string => {
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'string' ? parsed : value;
  } catch {
    return value;
  }
};

/** AWS' deep learning images come in pairs, and the one for training has no server. */
const imageProblems = (imageUri: string): string[] => {
  if (!imageUri) return ['it has no image'];
  const { repository } = parseImageUri(imageUri);
  return repository.endsWith('-training')
    ? [`its image ${repository} only trains; name the one that serves in training.imageUri of pipeline.yml`]
    : [];
};
