import { operation, type RequestOf } from '#shared/http-api/operation.ts';
import { RunPath } from '#shared/http-api/parameters.ts';
import { RunView } from '#shared/pipeline/run-view.ts';

export const DescribeRun = operation({
  id: 'describeRun',
  method: 'GET',
  path: '/runs/{id}',
  summary: 'Tells what a run is doing, or how it ended.',
  request: { path: RunPath },
  responses: { 200: { description: 'The run.', schema: RunView } },
  problems: [400, 404],
});

export type DescribeRunRequest = RequestOf<typeof DescribeRun>;
