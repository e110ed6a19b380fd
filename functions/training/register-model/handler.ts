import { config } from '#shared/config.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { step } from '#shared/step.ts';
import { registerModel } from './register-model.ts';
import { RegisterModelInput, RegisterModelOutput } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), sageMaker: sageMaker() };

export const handler = step({ input: RegisterModelInput, output: RegisterModelOutput }, (input) =>
  registerModel(input, ports, config()),
);
