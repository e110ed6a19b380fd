import { config } from '#shared/config.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { step } from '#shared/step.ts';
import { findModel } from './find-model.ts';
import { FindModelInput, FindModelOutput } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), sageMaker: sageMaker() };

export const handler = step({ input: FindModelInput, output: FindModelOutput }, (input) =>
  findModel(input, ports, config()),
);
