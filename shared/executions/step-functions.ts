import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListExecutionsCommand,
  ListMapRunsCommand,
  paginateListExecutions,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { RunExistsError, UnknownRunError } from '#shared/errors.ts';
import {
  type ExecutionDescription,
  type ExecutionEvent,
  type Executions,
  hasEnded,
} from '#shared/executions/executions.ts';
import type { MapRuns } from '#shared/executions/map-runs.ts';
import { executionsOfRun } from '#shared/executions/resumptions.ts';
import type { RunEndings } from '#shared/executions/run-endings.ts';
import { parseExact } from '#shared/json/exact-json.ts';
import { logger } from '#shared/logger.ts';

/** GetExecutionHistory's largest page. */
const PAGE_EVENTS = 1000;

/** Executions on AWS Step Functions. */
export const stepFunctionsExecutions = (client = new SFNClient({})): Executions => ({
  async start({ stateMachineArn, name, input }) {
    const command = new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) });
    try {
      return { executionArn: (await client.send(command)).executionArn! };
    } catch (error) {
      throw (error as Error).name === 'ExecutionAlreadyExists'
        ? new RunExistsError(`There is already a run named ${name}. Choose another name.`, { cause: error })
        : error;
    }
  },

  describe: (executionArn) => describe(client, executionArn),

  async running(stateMachineArn) {
    const arns: string[] = [];
    for await (const page of paginateListExecutions({ client }, { stateMachineArn, statusFilter: 'RUNNING' })) {
      arns.push(...page.executions!.map(({ executionArn }) => executionArn!));
    }
    const descriptions: ExecutionDescription[] = [];
    for (const arn of arns) descriptions.push(await describe(client, arn));
    return descriptions;
  },

  async stop(executionArn, reason) {
    await client.send(new StopExecutionCommand({ executionArn, error: 'RunStopped', cause: reason }));
  },

  /** History has no "since": it is read backwards until the first event that is known. */
  async eventsAfter(executionArn, eventId) {
    const events: HistoryEvent[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: PAGE_EVENTS, nextToken }),
      );
      const unseen = page.events!.filter(({ id }) => id! > eventId);
      events.push(...unseen);
      nextToken = unseen.length === page.events!.length ? page.nextToken : undefined;
    } while (nextToken);
    return events.reverse().map(executionEvent);
  },

  async mapProgress(mapRunArn) {
    const { itemCounts } = await client.send(new DescribeMapRunCommand({ mapRunArn }));
    const { total, succeeded, failed, timedOut, aborted } = itemCounts!;
    return {
      totalCount: total!,
      succeededCount: succeeded!,
      failedCount: failed! + timedOut! + aborted!,
    };
  },
});

/** Finds a state machine. Rejects, by Step Functions' own error, when there is none or it may not be asked for. */
export const assertStateMachine = async (stateMachineArn: string, client = new SFNClient({})): Promise<void> => {
  await client.send(new DescribeStateMachineCommand({ stateMachineArn }));
};

const describe = async (client: SFNClient, executionArn: string): Promise<ExecutionDescription> => {
  try {
    const { status, startDate, stopDate, input, output, error, cause } = await client.send(
      new DescribeExecutionCommand({ executionArn }),
    );
    return {
      executionArn,
      status: status!,
      input: parseExact(input!),
      startedAt: startDate!,
      ...(stopDate && { stoppedAt: stopDate }),
      ...(output !== undefined && { output: JSON.parse(output) }),
      ...(error !== undefined && { error }),
      ...(cause !== undefined && { cause }),
    };
  } catch (error) {
    throw ['ExecutionDoesNotExist', 'InvalidArn'].includes((error as Error).name)
      ? new UnknownRunError(`There is no run ${executionArn.split(':').at(-1)}.`, { cause: error })
      : error;
  }
};

/** Distributed Maps on AWS Step Functions. */
export const stepFunctionsMapRuns = (client = new SFNClient({})): MapRuns => ({
  async failedItem(executionArn) {
    const { mapRuns = [] } = await client.send(new ListMapRunsCommand({ executionArn }));
    const newestFirst = [...mapRuns].sort((a, b) => Number(b.startDate) - Number(a.startDate));
    for (const { mapRunArn } of newestFirst) {
      const { executions = [] } = await client.send(
        new ListExecutionsCommand({ mapRunArn, statusFilter: 'FAILED', maxResults: 1 }),
      );
      if (!executions[0]) continue;
      const { error, cause } = await client.send(
        new DescribeExecutionCommand({ executionArn: executions[0].executionArn }),
      );
      return { Error: error ?? 'States.TaskFailed', Cause: cause ?? null };
    }
    return undefined;
  },
});

/** A network without a way to Step Functions answers nothing: whoever asks goes on without. */
const PATIENCE = {
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
};

/** Endings of the executions of the state machine `pipeline`. */
export const stepFunctionsRunEndings = (
  stateMachineArn: () => string,
  executions: Pick<Executions, 'describe'> = stepFunctionsExecutions(new SFNClient(PATIENCE)),
): RunEndings => ({
  async hasEnded(runId) {
    try {
      const found = await executionsOfRun(executions, stateMachineArn(), runId);
      return found.length > 0 && found.every(({ status }) => hasEnded(status));
    } catch (error) {
      logger.warn('Nobody knows whether the run has ended', { runId, error: error as Error });
      return false;
    }
  },
});

const ATTEMPT_FAILED =
  /^(Task|LambdaFunction|MapRun|MapState|ParallelState)(Failed|TimedOut|StartFailed|SubmitFailed)$|^EvaluationFailed$/;

/** What an event's type alone says. */
const KINDS: readonly (readonly [RegExp, ExecutionEvent['kind']])[] = [
  [/^(Task|LambdaFunction)Scheduled$/, 'attemptStarted'],
  [/^ExecutionSucceeded$/, 'executionSucceeded'],
  [/^Execution(Failed|Aborted|TimedOut)$/, 'executionBroken'],
];

const executionEvent = (event: HistoryEvent): ExecutionEvent => {
  const { id, timestamp, type = '' } = event;
  const base = { id: id!, at: timestamp! };
  if (event.stateEnteredEventDetails) {
    const stateType = type.replace('StateEntered', '');
    return { ...base, kind: 'entered', state: event.stateEnteredEventDetails.name!, stateType };
  }
  if (event.stateExitedEventDetails) return { ...base, kind: 'exited', state: event.stateExitedEventDetails.name! };
  const submitted = event.taskSubmittedEventDetails;
  if (submitted?.resourceType === 'states' && submitted.output) {
    return { ...base, kind: 'childStarted', childExecutionArn: JSON.parse(submitted.output).ExecutionArn };
  }
  const mapRunArn = event.mapRunStartedEventDetails?.mapRunArn;
  if (mapRunArn) return { ...base, kind: 'mapRunStarted', mapRunArn };
  const result = event.lambdaFunctionSucceededEventDetails?.output ?? event.taskSucceededEventDetails?.output;
  if (result !== undefined) return { ...base, kind: 'attemptSucceeded', result: JSON.parse(result) };
  if (ATTEMPT_FAILED.test(type)) return { ...base, kind: 'attemptFailed', error: errorOf(event) };
  return { ...base, kind: KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? 'other' };
};

/** Each type of event keeps its details in a member of its own. */
const errorOf = (event: HistoryEvent): string => {
  const details = Object.values(event).find((value) => typeof value === 'object' && !(value instanceof Date));
  return (details as { readonly error?: string } | undefined)?.error ?? 'States.Timeout';
};
