import { clusterOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { step } from '#shared/step.ts';
import { planScoring } from './plan-scoring.ts';
import { PlanScoringInput, PlanScoringOutput } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), sageMaker: sageMaker(), openCluster: clusterOfSecret(kymaSettings) };

export const handler = step({ input: PlanScoringInput, output: PlanScoringOutput }, (input) =>
  planScoring(input, ports),
);
