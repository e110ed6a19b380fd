import { z } from 'zod';
import { operation, type RequestOf } from '#shared/http-api/operation.ts';
import { RunPath } from '#shared/http-api/parameters.ts';

export const ResumeRun = operation({
  id: 'resumeRun',
  method: 'POST',
  path: '/runs/{id}/resume',
  summary: 'Goes on with a run that failed or was stopped: as it was started, without the steps that have finished.',
  request: { path: RunPath },
  responses: {
    202: {
      description: 'The run goes on.',
      schema: z.strictObject({ runId: z.string(), url: z.string() }),
    },
  },
  problems: [400, 404, 409],
});

export type ResumeRunRequest = RequestOf<typeof ResumeRun>;
