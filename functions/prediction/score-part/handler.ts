import { kymaModelServer } from '#shared/kyma/model-server.ts';
import { clusterOfSecret, modelClientOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { modelServerOfPlace } from '#shared/predictions/model-place.ts';
import { sageMakerModelServer } from '#shared/sagemaker/sagemaker-runtime.ts';
import { step } from '#shared/step.ts';
import { ScorePartInput, ScorePartOutput } from './schema.ts';
import { scorePart } from './score-part.ts';

const ports = {
  objectStore: s3ObjectStore(),
  modelServer: modelServerOfPlace(
    sageMakerModelServer(),
    kymaModelServer({
      openClient: modelClientOfSecret(kymaSettings),
      guard: () => kymaSettings().guard,
      openCluster: clusterOfSecret(kymaSettings),
    }),
  ),
};

export const handler = step({ input: ScorePartInput, output: ScorePartOutput }, (input) => scorePart(input, ports));
