import type { MapState } from '../definition/asl.ts';
import { ownFailure } from '../interpreter/failure.ts';
import type { Visit } from '../interpreter/scope.ts';
import { type Json, MAX_PAYLOAD_BYTES } from '../json.ts';
import type { MapRun } from '../store/execution-store.ts';
import { closedChildren, resultsOf } from './results.ts';

/** The result of a Map state whose run succeeded: where ResultWriter put the results, or the results themselves. */
export const resultOf = async (visit: Visit<MapState>, mapRun: MapRun): Promise<Json> => {
  if (mapRun.state.written) return { MapRunArn: mapRun.state.arn, ResultWriterDetails: { ...mapRun.state.written } };
  const { store } = visit.scope.run.environment;
  const config = visit.state.ResultWriter?.WriterConfig ?? {};
  const results: Json[] = [];
  let size = 0;
  for await (const { results: some } of resultsOf(store, closedChildren(mapRun), config)) {
    for (const result of some) {
      size += JSON.stringify(result).length + 1;
      results.push(result);
    }
    if (size > MAX_PAYLOAD_BYTES) {
      throw ownFailure(
        'States.DataLimitExceeded',
        'The results of the Map Run have more than the 262144 bytes that a state may carry. Use a ResultWriter with S3.',
      );
    }
  }
  return config.OutputType === 'JSONL' ? results.map((result) => JSON.stringify(result)).join('\n') : results;
};
