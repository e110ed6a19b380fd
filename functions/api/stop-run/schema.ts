import { z } from 'zod';
import { operation, type RequestOf } from '#shared/http-api/operation.ts';
import { RunPath } from '#shared/http-api/parameters.ts';

export const StopRun = operation({
  id: 'stopRun',
  method: 'POST',
  path: '/runs/{id}/stop',
  summary:
    'Stops a run. A job that SageMaker is running for it is stopped within five minutes; what it has deployed stays.',
  request: {
    path: RunPath,
    body: {
      schema: z.strictObject({ reason: z.string().min(1).max(1000).default('Stopped over the HTTP API.') }),
      contentTypes: ['application/json'],
      maxBytes: 16 * 1024,
      optional: true,
    },
  },
  responses: {
    202: {
      description: 'The run was told to stop.',
      schema: z.strictObject({ runId: z.string(), url: z.string() }),
    },
  },
  problems: [400, 404, 409, 413, 415],
});

export type StopRunRequest = RequestOf<typeof StopRun>;
