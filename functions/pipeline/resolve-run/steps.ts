import { InvalidInputError } from '#shared/errors.ts';
import type { PipelineDefinition } from '#shared/pipeline/definition.ts';
import type { Run } from '#shared/pipeline/run.ts';
import type { ResolveRunOutput } from './schema.ts';

export type Steps = Pick<ResolveRunOutput, 'train' | 'deploy' | 'predict'>;

/** Which children a run needs, by its mode and as far as its pipeline defines them. */
export const stepsOf = (mode: Run['mode'], { deployment, prediction }: PipelineDefinition): Steps => {
  if (mode === 'score' && !prediction) {
    throw new InvalidInputError('Mode "score" needs a pipeline with a prediction: pipeline.yml has none.');
  }
  if (mode === 'deploy' && deployment.target === 'none') {
    throw new InvalidInputError('Mode "deploy" needs a pipeline that deploys: deployment.target is none.');
  }
  return {
    train: mode === 'full' || mode === 'train',
    deploy: (mode === 'full' && deployment.target !== 'none') || mode === 'deploy',
    predict: (mode === 'full' || mode === 'score') && prediction !== undefined,
  };
};
