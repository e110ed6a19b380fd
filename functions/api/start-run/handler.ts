import { config, pipelineStateMachineArn } from '#shared/config.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { httpHandler } from '#shared/http-api/http-handler.ts';
import { StartRun } from './schema.ts';
import { startRun } from './start-run.ts';

const ports = { executions: stepFunctionsExecutions() };

export const handler = httpHandler(StartRun, (request) =>
  startRun(request, ports, { pipelinesDir: config().pipelinesDir, stateMachineArn: pipelineStateMachineArn() }),
);
