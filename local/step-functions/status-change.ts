import { describeExecution } from './operations/describe-execution.ts';
import type { ExecutionRecord, ExecutionStore } from './store/execution-store.ts';

/** What EventBridge is told when an execution of a STANDARD machine starts, ends or is redriven. */
export interface StatusChange {
  readonly source: 'aws.states';
  readonly 'detail-type': 'Step Functions Execution Status Change';
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Input and output together, as the event has them: with more than that they are left out. */
const MAX_PAYLOAD_BYTES = 248 * 1024;

/**
 * The event of an execution as it is now, with the fields of
 * https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html; times are epoch milliseconds.
 */
export const statusChange = async (executions: ExecutionStore, record: ExecutionRecord): Promise<StatusChange> => {
  const { executionArn, stateMachineArn, name, status, startDate, ...rest } = await describeExecution(
    executions,
    record,
  );
  const { input, output, stopDate, redriveDate, redriveCount, redriveStatus, redriveStatusReason, error, cause } =
    rest as typeof rest & { readonly output?: string };
  const included = Buffer.byteLength(JSON.stringify([input, output])) <= MAX_PAYLOAD_BYTES;
  return {
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    resources: [executionArn],
    detail: {
      executionArn,
      stateMachineArn,
      name,
      status,
      startDate: startDate.getTime(),
      stopDate: stopDate?.getTime() ?? null,
      input: included ? input : null,
      inputDetails: { included },
      output: included ? (output ?? null) : null,
      outputDetails: output === undefined ? null : { included },
      stateMachineVersionArn: null,
      stateMachineAliasArn: null,
      redriveCount,
      redriveDate: redriveDate?.getTime() ?? null,
      redriveStatus,
      redriveStatusReason: redriveStatusReason ?? null,
      error: error ?? null,
      cause: cause ?? null,
    },
  };
};

const CHANGES = /^Execution(Started|Succeeded|Failed|Aborted|TimedOut|Redriven)$/;

/** Tells `emit` of each change of an execution's status. EXPRESS executions and a Map Run's children tell nobody. */
export const statusChanges =
  (executions: ExecutionStore, emit: (change: StatusChange) => void) =>
  (executionArn: string, { type }: { readonly type: string }): void => {
    if (!CHANGES.test(type)) return;
    const record = executions.executions.get(executionArn);
    if (!record || record.mapRun || record.type === 'EXPRESS') return;
    // As it is now: by the time its input is read from disk, another change may have come.
    statusChange(executions, { ...record }).then(emit, () => {}); // best effort, as AWS; a disk that is lost is told elsewhere
  };
