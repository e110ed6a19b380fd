import { pipelineStateMachineArn } from '#shared/config.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { httpHandler } from '#shared/http-api/http-handler.ts';
import { StopRun } from './schema.ts';
import { stopRun } from './stop-run.ts';

const ports = { executions: stepFunctionsExecutions() };

export const handler = httpHandler(StopRun, (request) =>
  stopRun(request, ports, { stateMachineArn: pipelineStateMachineArn() }),
);
