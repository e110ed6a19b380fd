import { config } from '#shared/config.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { cloudWatchJobLog } from '#shared/sagemaker/cloudwatch-logs.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { step } from '#shared/step.ts';
import { stepFunctionsTaskTokens } from '#shared/tasks/step-functions.ts';
import { TrainModelInput, TrainModelOutput } from './schema.ts';
import { trainModel } from './train-model.ts';

const ports = {
  objectStore: s3ObjectStore(),
  sageMaker: sageMaker(),
  taskTokens: stepFunctionsTaskTokens(),
  jobLog: cloudWatchJobLog(),
};

export const handler = step({ input: TrainModelInput, output: TrainModelOutput }, (input) =>
  trainModel(input, ports, config()),
);
