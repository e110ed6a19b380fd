import { config } from '#shared/config.ts';
import { ObjectMissingError } from '#shared/errors.ts';
import type { ExecutionDescription } from '#shared/executions/executions.ts';
import { runIdOfExecution } from '#shared/executions/resumptions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { runFolderUri, runRecordUri } from '#shared/pipeline/run.ts';
import { loadRunRecord } from '#shared/pipeline/run-record.ts';
import { failureLines } from './failure.ts';
import { labelled, summary } from './summary.ts';
import type { Terminal } from './terminal.ts';
import { EXIT, type ExitCode, INPUT_ERRORS } from './usage.ts';

/** Prints how a run ended, in a few lines a person can check, and gives the exit code for it. */
export const printEnding = async (
  execution: ExecutionDescription,
  pipeline: string,
  out: Terminal,
): Promise<ExitCode> => {
  const runId = runIdOfExecution(execution);
  const runUri = runFolderUri(config().storeUri, pipeline, runId);
  out.print();
  if (execution.status === 'SUCCEEDED') {
    for (const line of summary(await loadRunRecord(s3ObjectStore(), runUri))) out.print(line);
    return EXIT.done;
  }
  const { error = STATUS_NAMES[execution.status] ?? execution.status, cause = '' } = execution;
  for (const line of failureLines({ error, cause }, out)) out.print(line);
  if (await exists(runRecordUri(runUri))) {
    out.print();
    for (const line of labelled([
      ['record', runRecordUri(runUri)],
      ['more', `npx fedml show ${runId}`],
      ['go on', NOT_RESUMABLE.has(error) ? undefined : `npx fedml resume ${runId}`],
    ])) {
      out.print(line);
    }
  }
  return INPUT_ERRORS.includes(error) ? EXIT.wrongInput : EXIT.runFailed;
};

/** Would end the same way again. */
const NOT_RESUMABLE: ReadonlySet<string> = new Set(['GateNotPassedError', ...INPUT_ERRORS]);

const STATUS_NAMES: Readonly<Record<string, string>> = {
  ABORTED: 'The run was stopped',
  TIMED_OUT: 'The run took too long',
};

const exists = async (uri: string): Promise<boolean> => {
  try {
    await s3ObjectStore().getText(uri);
    return true;
  } catch (error) {
    if (error instanceof ObjectMissingError) return false;
    throw error;
  }
};
