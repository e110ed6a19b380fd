import { config } from '#shared/config.ts';
import { httpHandler } from '#shared/http-api/http-handler.ts';
import { kymaModelServer } from '#shared/kyma/model-server.ts';
import { clusterOfSecret, modelClientOfSecret } from '#shared/kyma/secrets-manager.ts';
import { kymaSettings } from '#shared/kyma/settings.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { modelServerOfPlace } from '#shared/predictions/model-place.ts';
import { sageMakerModelServer } from '#shared/sagemaker/sagemaker-runtime.ts';
import { predict } from './predict.ts';
import { Predict } from './schema.ts';

/** API Gateway gives up after 30 seconds; what is left is for the answer that says so. */
const TIMEOUT_MS = 24_000;

const ports = {
  objectStore: s3ObjectStore(),
  modelServer: modelServerOfPlace(
    sageMakerModelServer({ timeoutMs: TIMEOUT_MS }),
    kymaModelServer({
      openClient: modelClientOfSecret(kymaSettings),
      guard: () => kymaSettings().guard,
      openCluster: clusterOfSecret(kymaSettings),
      timeoutMs: TIMEOUT_MS,
    }),
  ),
};

export const handler = httpHandler(Predict, (request) => predict(request, ports, config()));
