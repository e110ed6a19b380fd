import { InvalidInputError } from '#shared/errors.ts';
import type { KymaDeployment } from '#shared/pipeline/definition.ts';
import type { Run } from '#shared/pipeline/run.ts';

/** A run's settings for the cluster. Throws InvalidInputError for a run that deploys elsewhere. */
export const kymaDeploymentOf = ({ pipeline, definition: { deployment } }: Run): KymaDeployment => {
  if (deployment.target === 'kyma') return deployment;
  throw new InvalidInputError(
    `The pipeline ${pipeline} deploys nothing to Kyma: deployment.target is ${deployment.target}.`,
  );
};
