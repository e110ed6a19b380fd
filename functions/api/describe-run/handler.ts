import { config, pipelineStateMachineArn } from '#shared/config.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { httpHandler } from '#shared/http-api/http-handler.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { describeRun } from './describe-run.ts';
import { DescribeRun } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), executions: stepFunctionsExecutions() };

export const handler = httpHandler(DescribeRun, (request) =>
  describeRun(request, ports, { storeUri: config().storeUri, stateMachineArn: pipelineStateMachineArn() }),
);
