import { config } from '#shared/config.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { listRuns } from '#shared/pipeline/run-record.ts';
import { withCloud } from '../session.ts';
import { table } from '../terminal.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const runs: Command = {
  usage: 'runs [--pipeline name]',
  summary: 'Lists the runs, newest first.',
  options: { pipeline: { type: 'string' } },
  positionals: [0, 0],
  run: ({ options, out }) =>
    withCloud(out, async () => {
      const all = await listRuns(s3ObjectStore(), config().storeUri, options.pipeline as string | undefined);
      const rows = all.map(({ runId, pipeline, mode, outcome, startedAt }) => [
        runId,
        pipeline,
        mode,
        outcome,
        startedAt,
      ]);
      for (const line of table(['RUN', 'PIPELINE', 'MODE', 'OUTCOME', 'STARTED'], rows)) out.print(line);
      if (rows.length === 0) out.print('No runs yet. Start one: npx fedml run flights');
      return EXIT.done;
    }),
};
