import { pipelineStateMachineArn } from '#shared/config.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { httpHandler } from '#shared/http-api/http-handler.ts';
import { resumeRun } from './resume-run.ts';
import { ResumeRun } from './schema.ts';

const ports = { executions: stepFunctionsExecutions() };

export const handler = httpHandler(ResumeRun, (request) =>
  resumeRun(request, ports, { stateMachineArn: pipelineStateMachineArn() }),
);
