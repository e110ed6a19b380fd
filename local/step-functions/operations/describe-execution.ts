import { AwsError } from '#local/http/aws-json.ts';
import { parseArn } from '../arns.ts';
import { MAX_EVENTS } from '../history.ts';
import type { ExecutionRecord, ExecutionStore } from '../store/execution-store.ts';
import { invalidArn } from './state-machines.ts';

/** What DescribeExecution answers. */
export const describeExecution = async (executions: ExecutionStore, record: ExecutionRecord) => {
  const input = await inputOf(executions, record);
  const { arn, stateMachineArn, name, status, startDate, stopDate, mapRun, error, cause, redriveCount, redriveDate } =
    record;
  return {
    executionArn: arn,
    stateMachineArn,
    name,
    status,
    startDate: new Date(startDate),
    ...(stopDate !== undefined && { stopDate: new Date(stopDate) }),
    input,
    inputDetails: { included: true },
    ...(mapRun && { mapRunArn: mapRun.arn }),
    ...(error !== undefined && { error }),
    ...(cause !== undefined && { cause }),
    redriveCount,
    ...(redriveDate !== undefined && { redriveDate: new Date(redriveDate) }),
    ...redriveState(record),
    ...(status === 'SUCCEEDED' && {
      output: await outputOf(executions, record),
      outputDetails: { included: true },
    }),
  };
};

export const inputOf = async (executions: ExecutionStore, record: ExecutionRecord): Promise<string> =>
  (await executions.readEvents(record, 0, 1))[0]!.executionStartedEventDetails!.input!;

/** Of an execution that succeeded. */
const outputOf = async (executions: ExecutionStore, record: ExecutionRecord): Promise<string> =>
  (await executions.readEvents(record, record.events.length - 1, record.events.length))[0]!
    .executionSucceededEventDetails!.output!;

export const executionOf = (executions: ExecutionStore, executionArn: string): ExecutionRecord => {
  const kind = parseArn(executionArn)?.kind;
  if (kind !== 'execution' && kind !== 'express') throw invalidArn(executionArn);
  const record = executions.executions.get(executionArn);
  if (record) return record;
  throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
};

/** Whether RedriveExecution can go on with an execution, and why not. */
export const redriveState = (record: ExecutionRecord): { redriveStatus: string; redriveStatusReason?: string } => {
  const reason = whyNotRedrivable(record);
  if (record.mapRun && record.status !== 'SUCCEEDED' && record.status !== 'RUNNING') {
    return { redriveStatus: 'REDRIVABLE_BY_MAP_RUN' };
  }
  return reason ? { redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason: reason } : { redriveStatus: 'REDRIVABLE' };
};

const REDRIVE_MILLISECONDS = 14 * 86_400_000;

const whyNotRedrivable = ({ status, type, stopDate, events }: ExecutionRecord): string | undefined => {
  if (status === 'RUNNING') return 'Execution is RUNNING and cannot be redriven';
  if (status === 'SUCCEEDED') return 'Execution is SUCCEEDED and cannot be redriven';
  if (type === 'EXPRESS') return 'Execution is of type EXPRESS and cannot be redriven';
  if (Date.now() - stopDate! > REDRIVE_MILLISECONDS) return 'Execution has exceeded the redrivable period of 14 days';
  if (events.length >= MAX_EVENTS - 1) return 'Execution has reached the maximum number of history events';
  return undefined;
};
