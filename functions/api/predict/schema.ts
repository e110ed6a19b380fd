import { z } from 'zod';
import { operation, type RequestOf } from '#shared/http-api/operation.ts';
import { PipelineName } from '#shared/pipeline/definition.ts';

/** A value of a row; a number too long for JSON is sent as text. */
const Value = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** Far below what an endpoint takes in its 60 seconds. */
export const MAX_ROWS = 10_000;

const Rows = z.strictObject({
  /** The features in the order of the training view, without key and target; or objects by their columns' names. */
  rows: z
    .array(z.union([z.array(Value).min(1), z.record(z.string(), Value)]))
    .min(1)
    .max(MAX_ROWS),
});

export const Predict = operation({
  id: 'predict',
  method: 'POST',
  path: '/pipelines/{name}/predict',
  summary: 'Asks the deployed model for predictions. The answer is CSV where the request was CSV.',
  request: {
    path: z.strictObject({ name: PipelineName }),
    body: {
      /** CSV lines without a header, or JSON. */
      schema: z.union([z.string().min(1), Rows]),
      contentTypes: ['application/json', 'text/csv'],
      // An endpoint takes 6 MB, a serverless one 4 MB; JSON is longer than the CSV that is made of it.
      maxBytes: 4 * 1024 * 1024,
    },
  },
  responses: {
    200: {
      description: 'One prediction a row, in the order of the rows.',
      schema: z.strictObject({
        /** The names in `prediction.columns` of pipeline.yml; null where it has none. */
        columns: z.array(z.string()).nullable(),
        predictions: z.array(z.array(Value)),
      }),
    },
  },
  problems: [400, 404, 409, 413, 415, 502, 503, 504],
});

export type PredictRequest = RequestOf<typeof Predict>;
export type Value = z.infer<typeof Value>;
