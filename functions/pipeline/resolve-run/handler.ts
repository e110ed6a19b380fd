import { config } from '#shared/config.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { step } from '#shared/step.ts';
import { resolveRun } from './resolve-run.ts';
import { ResolveRunInput, ResolveRunOutput } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), executions: stepFunctionsExecutions(), sageMaker: sageMaker() };

export const handler = step({ input: ResolveRunInput, output: ResolveRunOutput }, (input) =>
  resolveRun(input, ports, config()),
);
