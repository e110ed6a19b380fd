import { z } from 'zod';
import { operation, type RequestOf } from '#shared/http-api/operation.ts';
import { PipelineName } from '#shared/pipeline/definition.ts';
import { RunSummary } from '#shared/pipeline/run-view.ts';

export const ListRuns = operation({
  id: 'listRuns',
  method: 'GET',
  path: '/runs',
  summary: 'Lists runs, newest first, a page at a time.',
  request: {
    query: z.strictObject({
      /** The runs of all pipelines when absent. */
      pipeline: PipelineName.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(25),
      nextToken: z
        .string()
        .regex(/^\d{13}-[\w-]{1,80}$/, 'must be the nextToken of another page')
        .optional(),
    }),
  },
  responses: {
    200: {
      description: 'A page of runs; `nextToken` is null on the last one.',
      schema: z.strictObject({ runs: z.array(RunSummary), nextToken: z.string().nullable() }),
    },
  },
  problems: [400],
});

export type ListRunsRequest = RequestOf<typeof ListRuns>;
