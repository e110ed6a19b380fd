import type { WriterConfig } from '../definition/asl.ts';
import type { StoredEvent } from '../history.ts';
import type { Json, JsonObject } from '../json.ts';
import type { ExecutionRecord, ExecutionStore, MapRun } from '../store/execution-store.ts';

/** The children of a Map Run that are closed, in the order of their items. */
export const closedChildren = ({ children }: MapRun): ExecutionRecord[] =>
  [...children.values()]
    .filter(({ status }) => status !== 'RUNNING')
    .sort((one, other) => one.mapRun!.index - other.mapRun!.index);

/** What each child adds to the results. Children that did not succeed always have the form of `NONE`. */
export async function* resultsOf(
  store: ExecutionStore,
  children: readonly ExecutionRecord[],
  { Transformation = 'COMPACT' }: WriterConfig,
): AsyncGenerator<{ record: ExecutionRecord; results: Json[] }> {
  for await (const { record, first, last } of store.readEnds(children)) {
    if (record.status !== 'SUCCEEDED' || Transformation === 'NONE') {
      yield { record, results: [rowOf(record, first, last)] };
      continue;
    }
    const output = JSON.parse(last.executionSucceededEventDetails!.output!) as Json;
    yield { record, results: Transformation === 'FLATTEN' && Array.isArray(output) ? output : [output] };
  }
}

/** The form of `NONE`: all about an execution, with its input and output as JSON texts. */
const rowOf = (record: ExecutionRecord, first: StoredEvent, last: StoredEvent): JsonObject => ({
  ExecutionArn: record.arn,
  Input: first.executionStartedEventDetails!.input!,
  InputDetails: { Included: true },
  Name: record.name,
  ...(record.error !== undefined && { Error: record.error }),
  ...(record.cause !== undefined && { Cause: record.cause }),
  ...(record.status === 'SUCCEEDED' && {
    Output: last.executionSucceededEventDetails!.output!,
    OutputDetails: { Included: true },
  }),
  RedriveCount: record.redriveCount,
  ...(record.status === 'SUCCEEDED'
    ? {
        RedriveStatus: 'NOT_REDRIVABLE',
        RedriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
      }
    : { RedriveStatus: 'REDRIVABLE_BY_MAP_RUN' }),
  StartDate: new Date(record.startDate).toISOString(),
  StateMachineArn: record.stateMachineArn,
  Status: record.status,
  StopDate: new Date(record.stopDate!).toISOString(),
});
