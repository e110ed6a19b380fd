import { config } from '#shared/config.ts';
import { httpHandler } from '#shared/http-api/http-handler.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { sageMakerModelServer } from '#shared/sagemaker/sagemaker-runtime.ts';
import { predict } from './predict.ts';
import { Predict } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), modelServer: sageMakerModelServer() };

export const handler = httpHandler(Predict, (request) => predict(request, ports, config()));
