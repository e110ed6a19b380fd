import { config } from '#shared/config.ts';
import { InvalidInputError } from '#shared/errors.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { nearestNames } from '#shared/nearest-names.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { runRecordUri } from '#shared/pipeline/run.ts';
import { listRuns, loadRunRecord, type RunSummary } from '#shared/pipeline/run-record.ts';
import { failureLines } from '../failure.ts';
import { watchOnce } from '../follow-run.ts';
import { duration } from '../format.ts';
import { progress } from '../progress.ts';
import { runStatus } from '../run-status.ts';
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
      const run = pick(await listRuns(s3ObjectStore(), config().storeUri), positionals[0]);
      if (options.json) out.print((await s3ObjectStore().getText(runRecordUri(run.runUri))).text.trimEnd());
      else if (run.outcome === 'running') await showUnfinished(run, out);
      else await showEnded(run, out);
      return EXIT.done;
    }),
};

const pick = (all: readonly RunSummary[], wanted: string | undefined): RunSummary => {
  const found = wanted === undefined ? all[0] : all.find(({ runId }) => runId === wanted);
  if (found) return found;
  if (all.length === 0) throw new InvalidInputError('There are no runs yet. Start one: npx fedml run flights');
  const [nearest] = nearestNames(
    wanted!,
    all.map(({ runId }) => runId),
  );
  throw new InvalidInputError(
    `There is no run ${wanted}.${nearest ? ` Did you mean ${nearest}?` : ''} \`npx fedml runs\` lists them.`,
  );
};

const showEnded = async ({ runUri }: RunSummary, out: Terminal): Promise<void> => {
  const record = await loadRunRecord(s3ObjectStore(), runUri);
  for (const line of summary(record)) out.print(line);
  if (!record.failure) return;
  out.print();
  for (const line of failureLines(record.failure, out)) out.print(line);
};

const showUnfinished = async (run: RunSummary, out: Terminal): Promise<void> => {
  const executions = stepFunctionsExecutions();
  const status = await runStatus(run, executions);
  const age = duration(Date.now() - Date.parse(run.startedAt));
  for (const line of labelled([
    ['run', `${run.runId}, ${run.mode}, started ${age} ago`],
    ['status', status],
    ['record', runRecordUri(run.runUri)],
  ])) {
    out.print(line);
  }
  out.print();
  const shown = progress(out);
  await watchOnce(executions, run.executionArn, shown);
  shown.end();
  for (const line of shown.running()) out.print(line);
};
