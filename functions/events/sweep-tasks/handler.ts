import { config } from '#shared/config.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { cloudWatchJobLog } from '#shared/sagemaker/cloudwatch-logs.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { step } from '#shared/step.ts';
import { stepFunctionsTaskTokens } from '#shared/tasks/step-functions.ts';
import { SweepTasksInput, SweepTasksOutput } from './schema.ts';
import { sweepTasks } from './sweep-tasks.ts';

const ports = {
  objectStore: s3ObjectStore(),
  sageMaker: sageMaker(),
  taskTokens: stepFunctionsTaskTokens(),
  jobLog: cloudWatchJobLog(),
  executions: stepFunctionsExecutions(),
};

const counts = ({ answered }: SweepTasksOutput) => ({ EventsLost: answered });

export const handler = step({ input: SweepTasksInput, output: SweepTasksOutput, counts }, () =>
  sweepTasks(ports, config()),
);
