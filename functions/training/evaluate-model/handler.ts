import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { step } from '#shared/step.ts';
import { evaluateModel } from './evaluate-model.ts';
import { EvaluateModelInput, EvaluateModelOutput } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), sageMaker: sageMaker() };

const counts = ({ billableSeconds }: EvaluateModelOutput) => ({ TrainingSecondsBilled: billableSeconds });

export const handler = step({ input: EvaluateModelInput, output: EvaluateModelOutput, counts }, (input) =>
  evaluateModel(input, ports),
);
