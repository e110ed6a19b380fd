import { config } from '#shared/config.ts';
import { InvalidInputError, UnknownRunError } from '#shared/errors.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { listPipelines } from '#shared/pipeline/pipeline-folder.ts';
import { findRunUri, pageOfRuns } from '#shared/pipeline/run-index.ts';
import { loadRunRecord } from '#shared/pipeline/run-record.ts';
import { withCloud } from '../session.ts';
import { summary } from '../summary.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const show: Command = {
  usage: 'show [<run>] [--json]',
  summary: 'Shows a run, the newest one when none is named; --json prints its whole record.',
  options: { json: { type: 'boolean' } },
  positionals: [0, 1],
  run: ({ positionals, options, out }) =>
    withCloud(out, async () => {
      const runUri = positionals[0] === undefined ? await newestRunUri() : await runUriOf(positionals[0]);
      const record = await loadRunRecord(s3ObjectStore(), runUri);
      for (const line of options.json ? [JSON.stringify(record, null, 2)] : summary(record)) out.print(line);
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
