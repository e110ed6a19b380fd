import { z } from 'zod';
import { ObjectMissingError, UnknownRunError } from '#shared/errors.ts';
import type { ExecutionDescription, Executions } from '#shared/executions/executions.ts';
import { findExecution } from '#shared/executions/resumptions.ts';
import { parseExact } from '#shared/json/exact-json.ts';
import type { ObjectStore } from '#shared/object-store/object-store.ts';
import { Run, runRecordUri } from '#shared/pipeline/run.ts';
import { RunMode } from '#shared/pipeline/run-mode.ts';
import { Outcome, Reused, RunRecord } from '#shared/pipeline/run-record.ts';

/** What a run is doing, or how it ended. */
export const RunStatus = z.enum([...Outcome.options, 'running']);
export type RunStatus = z.infer<typeof RunStatus>;

/** A run in one line. */
export const RunSummary = z.strictObject({
  runId: z.string(),
  pipeline: z.string().nullable(),
  mode: RunMode.nullable(),
  status: RunStatus,
  startedAt: z.iso.datetime(),
});
export type RunSummary = z.infer<typeof RunSummary>;

/** A run as those see it who may ask about it: what it does, and what has come of it. */
export const RunView = RunSummary.extend({
  runUri: z.string().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  failure: z.strictObject({ error: z.string(), cause: z.string() }).nullable(),
  /** Null until the model is evaluated. */
  metrics: z.record(z.string(), z.number().nullable()).nullable(),
  endpointName: z.string().nullable(),
  /** Where the model answers on Kyma. */
  modelUrl: z.string().nullable(),
  /** What was taken from earlier runs, because nothing had changed since; null until the run has ended. */
  reused: Reused.nullable(),
  predictions: z.strictObject({ schema: z.string(), table: z.string(), rowCount: z.int() }).nullable(),
});
export type RunView = z.infer<typeof RunView>;

interface Ports {
  readonly objectStore: ObjectStore;
  readonly executions: Pick<Executions, 'describe'>;
}

/** The run of a folder in one line. Step Functions is asked only about runs whose record says nothing of an end. */
export const runSummary = async (runUri: string, { objectStore, executions }: Ports): Promise<RunSummary> => {
  const { run, outcome } = await readRecord(objectStore, runUri);
  const { runId, pipeline, mode, startedAt, executionArn } = run;
  const status = outcome ?? statusOf(await findExecution(executions, executionArn));
  return { runId, pipeline, mode, status, startedAt };
};

/** All there is to tell of a run of a folder. */
export const runView = async (runUri: string, { objectStore, executions }: Ports): Promise<RunView> => {
  const { run, outcome, record } = await readRecord(objectStore, runUri);
  const { runId, pipeline, mode, startedAt, executionArn } = run;
  const execution = outcome ? undefined : await findExecution(executions, executionArn);
  const publication = record?.prediction.publication;
  return {
    runId,
    pipeline,
    mode,
    status: outcome ?? statusOf(execution),
    startedAt,
    runUri,
    finishedAt: record?.finishedAt ?? execution?.stoppedAt?.toISOString() ?? null,
    failure: record?.failure ? { error: record.failure.error, cause: record.failure.cause } : failureOf(execution),
    metrics: record?.training.evaluation?.metrics ?? null,
    endpointName: record?.deployment.endpoint?.endpointName ?? null,
    modelUrl: record?.deployment.kyma?.url ?? null,
    reused: record?.reused ?? null,
    predictions: publication
      ? { schema: publication.schema, table: publication.table, rowCount: publication.rowCount }
      : null,
  };
};

/** A run that has no folder: it has only just been started, or its input couldn't be run. */
export const runViewOfExecution = (runId: string, execution: ExecutionDescription): RunView => ({
  runId,
  ...requestOf(execution.input),
  status: statusOf(execution),
  startedAt: execution.startedAt.toISOString(),
  runUri: null,
  finishedAt: execution.stoppedAt?.toISOString() ?? null,
  failure: failureOf(execution),
  metrics: null,
  endpointName: null,
  modelUrl: null,
  reused: null,
  predictions: null,
});

const readRecord = async (objectStore: ObjectStore, runUri: string) => {
  const content = parseExact(await recordText(objectStore, runUri));
  const record = RunRecord.safeParse(content).data;
  return { run: record ?? Run.parse(content), outcome: record?.outcome, record };
};

const recordText = async (objectStore: ObjectStore, runUri: string): Promise<string> => {
  try {
    return (await objectStore.getText(runRecordUri(runUri))).text;
  } catch (error) {
    if (!(error instanceof ObjectMissingError)) throw error;
    throw new UnknownRunError(`The record ${runRecordUri(runUri)} is gone.`, { cause: error });
  }
};

const STATUS_OF_EXECUTIONS: Readonly<Record<ExecutionDescription['status'], RunStatus>> = {
  RUNNING: 'running',
  PENDING_REDRIVE: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timedOut',
  ABORTED: 'stopped',
};

const statusOf = (execution: ExecutionDescription | undefined): RunStatus => {
  if (!execution) return 'stopped';
  if (execution.error === 'GateNotPassedError') return 'gateNotPassed';
  return STATUS_OF_EXECUTIONS[execution.status];
};

const failureOf = (execution: ExecutionDescription | undefined): RunView['failure'] =>
  execution?.error === undefined ? null : { error: execution.error, cause: execution.cause ?? '' };

const Requested = z.object({
  pipeline: z.string().nullable().catch(null),
  mode: RunMode.catch('full').nullable(),
});

const requestOf = (input: unknown): { pipeline: string | null; mode: RunMode | null } =>
  Requested.safeParse(input).data ?? { pipeline: null, mode: null };
