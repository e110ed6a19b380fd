import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AwsError, type Operation } from '#local/http/aws-json.ts';
import type { Account } from '#local/stand-in.ts';
import { executionArn as arnOfExecution } from '../arns.ts';
import type { Engine } from '../engine.ts';
import { presentEvent } from '../history.ts';
import type { ExecutionRecord, ExecutionStore } from '../store/execution-store.ts';
import type { StateMachineRecord, StateMachineStore } from '../store/state-machine-store.ts';
import { describeExecution, executionOf, inputOf, redriveState } from './describe-execution.ts';
import { arn, checkName, operation, page, paging, payload, validationError } from './operation.ts';
import { machineOf } from './state-machines.ts';

export interface ExecutionServices {
  readonly account: Account;
  readonly engine: Engine;
  readonly machines: StateMachineStore;
  readonly executions: ExecutionStore;
  /** Resolves when what an earlier process left is running again. */
  readonly resumed: Promise<void>;
}

/** Start, follow, stop and redrive executions. */
export const executionOperations = (services: ExecutionServices): Record<string, Operation> => {
  const { engine, machines, executions, resumed } = services;
  return {
    StartExecution: operation(START, async (input) => {
      const record = await startOrFind(services, input);
      return { executionArn: record.arn, startDate: new Date(record.startDate) };
    }),

    StartSyncExecution: operation(START, async (input) => {
      const machine = machineOf(machines, input.stateMachineArn);
      if (machine.type !== 'EXPRESS') {
        throw new AwsError(
          'StateMachineTypeNotSupported',
          'This operation is not supported by this type of state machine',
        );
      }
      const { record, closed } = engine.start(machine, nameOf(input), checkedInput(input.input));
      await closed;
      const { redriveCount, redriveStatus, redriveStatusReason, ...description } = await describeExecution(
        executions,
        record,
      );
      const milliseconds = (record.stopDate ?? Date.now()) - record.startDate;
      const billingDetails = {
        billedDurationInMilliseconds: Math.max(100, Math.ceil(milliseconds / 100) * 100),
        billedMemoryUsedInMB: 64,
      };
      return { ...description, billingDetails };
    }),

    DescribeExecution: operation(BY_ARN, ({ executionArn }) =>
      describeExecution(executions, executionOf(executions, executionArn)),
    ),

    ListExecutions: operation(LIST, (input) => {
      const { items, nextToken } = page(listed(services, input), input, (record) => record.arn);
      return { executions: items.map(summary), nextToken };
    }),

    GetExecutionHistory: operation(
      HISTORY,
      async ({ executionArn, maxResults, nextToken, reverseOrder, includeExecutionData }) => {
        const record = executionOf(executions, executionArn);
        const size = maxResults || 100;
        const start = nextToken === undefined ? 0 : positionOf(nextToken);
        const total = record.events.length;
        const [from, to] = reverseOrder
          ? [Math.max(total - start - size, 0), Math.max(total - start, 0)]
          : [start, Math.min(start + size, total)];
        const events = await executions.readEvents(record, from, to);
        if (reverseOrder) events.reverse();
        const end = start + events.length;
        return {
          events: events.map((event) => presentEvent(event, includeExecutionData)),
          ...(end < total && { nextToken: Buffer.from(String(end)).toString('base64url') }),
        };
      },
    ),

    StopExecution: operation(STOP, async ({ executionArn, error, cause }) => {
      await resumed;
      const record = executionOf(executions, executionArn);
      const live = engine.live(executionArn);
      live?.stop(error, cause);
      await live?.closed;
      return { stopDate: new Date(record.stopDate ?? Date.now()) };
    }),

    RedriveExecution: operation(BY_ARN, async ({ executionArn }) => {
      await resumed;
      const record = executionOf(executions, executionArn);
      const { redriveStatus, redriveStatusReason } = redriveState(record);
      if (redriveStatus !== 'REDRIVABLE') {
        throw notRedrivable(executionArn, redriveStatusReason ?? redriveStatus);
      }
      if (!(await engine.redrive(record)))
        throw notRedrivable(executionArn, 'Execution is RUNNING and cannot be redriven');
      return { redriveDate: new Date(record.redriveDate!) };
    }),
  };
};

/** Starts an execution, or finds the one that the same request started before; it is on disk when this returns. */
export const startOrFind = async (
  { account, engine, machines, executions }: ExecutionServices,
  input: z.output<typeof START>,
): Promise<ExecutionRecord> => {
  if (/^[^/]+:stateMachine:[^:]+\//.test(input.stateMachineArn)) {
    throw validationError("'stateMachineArn': a Map Run's children can't be started by themselves");
  }
  const machine = machineOf(machines, input.stateMachineArn);
  const name = nameOf(input);
  const text = checkedInput(input.input);
  const known =
    machine.type === 'STANDARD' ? executions.executions.get(arnOfExecution(account, machine.name, name)) : undefined;
  if (known && !isNameFree(known)) {
    if (known.status === 'RUNNING' && (await inputOf(executions, known)) === text) return known;
    throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${known.arn}'`);
  }
  const { record, closed } = engine.start(machine, name, text);
  try {
    await record.family.journal.flushed();
    return record;
  } catch (error) {
    await closed;
    await executions.withdraw(record);
    throw error;
  }
};

const BY_ARN = z.object({ executionArn: arn });

const START = z.object({
  stateMachineArn: arn,
  name: z.string().optional(),
  input: payload.default('{}'),
  traceHeader: z.string().optional(),
});

const LIST = z.object({
  stateMachineArn: arn.optional(),
  mapRunArn: z.string().max(2000).optional(),
  statusFilter: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE']).optional(),
  redriveFilter: z.enum(['REDRIVEN', 'NOT_REDRIVEN']).optional(),
  ...paging,
});

const HISTORY = z.object({
  executionArn: arn,
  reverseOrder: z.boolean().default(false),
  includeExecutionData: z.boolean().default(true),
  ...paging,
});

const STOP = z.object({
  executionArn: arn,
  error: z.string().max(256).optional(),
  cause: z.string().max(32_768).optional(),
});

const nameOf = ({ name }: { name?: string | undefined }): string => {
  if (name !== undefined) checkName(name);
  return name ?? randomUUID();
};

const checkedInput = (text: string): string => {
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${(error as Error).message}'`);
  }
};

/** A closed execution's name can be used again after 90 days. */
const NAME_REUSE_MILLISECONDS = 90 * 86_400_000;

const isNameFree = ({ stopDate }: ExecutionRecord): boolean =>
  stopDate !== undefined && Date.now() - stopDate > NAME_REUSE_MILLISECONDS;

const notRedrivable = (executionArn: string, reason: string): AwsError =>
  new AwsError('ExecutionNotRedrivable', `Execution Not Redrivable: '${executionArn}'. ${reason}`);

/** Newest first. */
const listed = (
  { machines, executions }: ExecutionServices,
  { stateMachineArn, mapRunArn, statusFilter, redriveFilter }: z.output<typeof LIST>,
): ExecutionRecord[] => {
  if ((stateMachineArn === undefined) === (mapRunArn === undefined)) {
    throw validationError("'stateMachineArn', 'mapRunArn': exactly one of them must be given");
  }
  const candidates =
    stateMachineArn === undefined
      ? childrenOf(executions, mapRunArn!)
      : rootsOf(executions, machineOf(machines, stateMachineArn));
  return candidates
    .filter(({ status }) => statusFilter === undefined || status === statusFilter)
    .filter(({ redriveCount }) => redriveFilter === undefined || (redriveFilter === 'REDRIVEN') === redriveCount > 0)
    .reverse();
};

const rootsOf = ({ executions }: ExecutionStore, machine: StateMachineRecord): ExecutionRecord[] => {
  if (machine.type === 'EXPRESS') {
    throw new AwsError('StateMachineTypeNotSupported', 'This operation is not supported by this type of state machine');
  }
  return [...executions.values()].filter(
    (record) => record.stateMachineArn === machine.arn && record.mapRun === undefined,
  );
};

const childrenOf = ({ mapRuns }: ExecutionStore, mapRunArn: string): ExecutionRecord[] => {
  const known = mapRuns.get(mapRunArn);
  if (known) return [...known.mapRun.children.values()];
  throw new AwsError('ResourceNotFound', `Resource not found: '${mapRunArn}'`, {
    details: { resourceName: mapRunArn },
  });
};

const summary = (record: ExecutionRecord) => ({
  executionArn: record.arn,
  stateMachineArn: record.stateMachineArn,
  name: record.name,
  status: record.status,
  startDate: new Date(record.startDate),
  ...(record.stopDate !== undefined && { stopDate: new Date(record.stopDate) }),
  ...(record.mapRun && { mapRunArn: record.mapRun.arn, itemCount: record.mapRun.itemCount }),
  redriveCount: record.redriveCount,
  ...(record.redriveDate !== undefined && { redriveDate: new Date(record.redriveDate) }),
});

const positionOf = (nextToken: string): number => {
  const position = Number(Buffer.from(nextToken, 'base64url').toString('utf8'));
  if (Number.isSafeInteger(position) && position > 0) return position;
  throw new AwsError('InvalidToken', `Invalid Token: '${nextToken}'`);
};
