import { config } from '#shared/config.ts';
import { InvalidInputError } from '#shared/errors.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { listRuns, loadRunRecord } from '#shared/pipeline/run-record.ts';
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
      const all = await listRuns(s3ObjectStore(), config().storeUri);
      const wanted = positionals[0] === undefined ? all[0] : all.find(({ runId }) => runId === positionals[0]);
      if (!wanted) {
        throw new InvalidInputError(
          positionals[0] === undefined
            ? 'There are no runs yet. Start one: npx fedml run flights'
            : `There is no run ${positionals[0]}. \`npx fedml runs\` lists them.`,
        );
      }
      const record = await loadRunRecord(s3ObjectStore(), wanted.runUri);
      for (const line of options.json ? [JSON.stringify(record, null, 2)] : summary(record)) out.print(line);
      return EXIT.done;
    }),
};
