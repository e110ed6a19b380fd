import { config } from '#shared/config.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { httpHandler } from '#shared/http-api/http-handler.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { listRuns } from './list-runs.ts';
import { ListRuns } from './schema.ts';

const ports = { objectStore: s3ObjectStore(), executions: stepFunctionsExecutions() };

export const handler = httpHandler(ListRuns, (request) => listRuns(request, ports, config()));
