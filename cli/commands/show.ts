import { config } from '#shared/config.ts';
import { InvalidInputError, UnknownRunError } from '#shared/errors.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { listPipelines } from '#shared/pipeline/pipeline-folder.ts';
import { loadRun, runRecordUri } from '#shared/pipeline/run.ts';
import { findRunUri, pageOfRuns } from '#shared/pipeline/run-index.ts';
import { loadRunRecord } from '#shared/pipeline/run-record.ts';
import { runView } from '#shared/pipeline/run-view.ts';
import { failureLines } from '../failure.ts';
import { watchOnce } from '../follow-run.ts';
import { duration } from '../format.ts';
import { progress } from '../progress.ts';
import { withCloud } from '../session.ts';
import { labelled, summary } from '../summary.ts';
import type { Terminal } from '../terminal.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const show: Command = {
  usage: 'show [<run>] [--json]',
  summary: 'Shows a run, the newest one when none is named; --json prints its whole record.',
  details: ['  Of a run that is still going, or was stopped, it shows how far it has come.'],
  options: { json: { type: 'boolean' } },
  positionals: [0, 1],
  run: ({ positionals, options, out }) =>
    withCloud(out, async () => {
      const runUri = positionals[0] === undefined ? await newestRunUri() : await runUriOf(positionals[0]);
      if (options.json) out.print((await s3ObjectStore().getText(runRecordUri(runUri))).text.trimEnd());
      else await showRun(runUri, out);
      return EXIT.done;
    }),
};

const newestRunUri = async (): Promise<string> => {
  const { storeUri, pipelinesDir } = config();
  const pipelines = await listPipelines(pipelinesDir);
  const { runUris } = await pageOfRuns(s3ObjectStore(), storeUri, { pipelines, limit: 1 });
  if (runUris[0]) return runUris[0];
  throw new InvalidInputError('There are no runs yet. Start one: npx fedml run flights');
};

const runUriOf = async (runId: string): Promise<string> => {
  try {
    return await findRunUri(s3ObjectStore(), config().storeUri, runId);
  } catch (error) {
    if (!(error instanceof UnknownRunError)) throw error;
    throw new UnknownRunError(`There is no run ${runId}. \`npx fedml runs\` lists them.`, { cause: error });
  }
};

const HAS_RECORD = ['succeeded', 'failed', 'gateNotPassed'];

const showRun = async (runUri: string, out: Terminal): Promise<void> => {
  const { executionArn, startedAt, runId, mode } = await loadRun(s3ObjectStore(), runUri);
  const executions = stepFunctionsExecutions();
  const { status, finishedAt, failure } = await runView(runUri, { objectStore: s3ObjectStore(), executions });
  if (finishedAt !== null && HAS_RECORD.includes(status)) {
    for (const line of summary(await loadRunRecord(s3ObjectStore(), runUri))) out.print(line);
  } else {
    const age = duration(Date.now() - Date.parse(startedAt));
    for (const line of labelled([
      ['run', `${runId}, ${mode}, started ${age} ago`],
      ['status', status],
      ['record', runRecordUri(runUri)],
    ])) {
      out.print(line);
    }
    out.print();
    const shown = progress(out);
    await watchOnce(executions, executionArn, shown);
    shown.end();
    for (const line of shown.running()) out.print(line);
  }
  if (!failure) return;
  out.print();
  for (const line of failureLines(failure, out)) out.print(line);
};
