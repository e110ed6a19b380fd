import { z } from 'zod';
import { operation, type RequestOf } from '#shared/http-api/operation.ts';
import { ExactValue } from '#shared/json/exact-value.ts';
import { PipelineName } from '#shared/pipeline/definition.ts';
import { PipelineMode } from '#shared/pipeline/run-mode.ts';

const StartedRun = z.strictObject({
  runId: z.string(),
  pipeline: PipelineName,
  mode: PipelineMode,
  /** Where to ask how it is doing. */
  url: z.string(),
});

export const StartRun = operation({
  id: 'startRun',
  method: 'POST',
  path: '/pipelines/{name}/runs',
  summary: 'Starts a run. With an Idempotency-Key, the same request sent again is answered with the same run.',
  request: {
    path: z.strictObject({ name: PipelineName }),
    headers: z.object({
      'idempotency-key': z
        .string()
        .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1-255 visible ASCII characters')
        .optional(),
    }),
    body: {
      schema: z.strictObject({
        mode: PipelineMode.default('full'),
        /** Settings of pipeline.yml to replace for this run, by dotted path. */
        overrides: z.record(z.string(), ExactValue).default({}),
      }),
      contentTypes: ['application/json'],
      maxBytes: 64 * 1024,
      optional: true,
    },
  },
  responses: {
    202: { description: 'The run was started.', schema: StartedRun },
    200: { description: 'The same request had started this run before.', schema: StartedRun },
  },
  problems: [400, 404, 409, 413, 415],
});

export type StartRunRequest = RequestOf<typeof StartRun>;
