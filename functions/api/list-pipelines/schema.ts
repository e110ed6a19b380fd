import { z } from 'zod';
import { operation } from '#shared/http-api/operation.ts';

export const ListPipelines = operation({
  id: 'listPipelines',
  method: 'GET',
  path: '/pipelines',
  summary: 'Lists the pipelines that are deployed.',
  request: {},
  responses: {
    200: {
      description: 'The pipelines; `error` says why one can’t be run.',
      schema: z.strictObject({
        pipelines: z.array(
          z.strictObject({
            name: z.string(),
            description: z.string().nullable(),
            /** Where its model is deployed: `sagemaker`, …, or `none`. */
            target: z.string().nullable(),
            writesPredictions: z.boolean(),
            error: z.string().nullable(),
          }),
        ),
      }),
    },
  },
  problems: [],
});
