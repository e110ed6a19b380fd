import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { sageMakerModelServer } from '#shared/sagemaker/sagemaker-runtime.ts';
import { step } from '#shared/step.ts';
import { SmokeTestInput, SmokeTestOutput } from './schema.ts';
import { smokeTest } from './smoke-test.ts';

const ports = { objectStore: s3ObjectStore(), modelServer: sageMakerModelServer() };

export const handler = step({ input: SmokeTestInput, output: SmokeTestOutput }, (input) => smokeTest(input, ports));
