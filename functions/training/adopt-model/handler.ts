import { config } from '#shared/config.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { step } from '#shared/step.ts';
import { adoptModel } from './adopt-model.ts';
import { AdoptModelInput, AdoptModelOutput } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), sageMaker: sageMaker() };

export const handler = step({ input: AdoptModelInput, output: AdoptModelOutput }, (input) =>
  adoptModel(input, ports, config()),
);
