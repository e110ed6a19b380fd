import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { sageMakerModelServer } from '#shared/sagemaker/sagemaker-runtime.ts';
import { step } from '#shared/step.ts';
import { ScorePartInput, ScorePartOutput } from './schema.ts';
import { scorePart } from './score-part.ts';

const ports = { objectStore: s3ObjectStore(), modelServer: sageMakerModelServer() };

export const handler = step({ input: ScorePartInput, output: ScorePartOutput }, (input) => scorePart(input, ports));
