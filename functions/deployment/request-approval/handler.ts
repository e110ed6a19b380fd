import { config } from '#shared/config.ts';
import { eventBridgeBus } from '#shared/event-bus/eventbridge.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { cloudWatchJobLog } from '#shared/sagemaker/cloudwatch-logs.ts';
import { sageMaker } from '#shared/sagemaker/sagemaker.ts';
import { step } from '#shared/step.ts';
import { stepFunctionsTaskTokens } from '#shared/tasks/step-functions.ts';
import { requestApproval } from './request-approval.ts';
import { RequestApprovalInput, RequestApprovalOutput } from './schema.ts';

const ports = {
  objectStore: s3ObjectStore(),
  sageMaker: sageMaker(),
  taskTokens: stepFunctionsTaskTokens(),
  jobLog: cloudWatchJobLog(),
  eventBus: eventBridgeBus(() => config().eventBusName),
};

export const handler = step({ input: RequestApprovalInput, output: RequestApprovalOutput }, (input) =>
  requestApproval(input, ports),
);
