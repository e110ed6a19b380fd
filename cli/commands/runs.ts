import { config } from '#shared/config.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { listRuns } from '#shared/pipeline/run-record.ts';
import { runStatus } from '../run-status.ts';
import { withCloud } from '../session.ts';
import { table } from '../table.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const runs: Command = {
  usage: 'runs [--pipeline name] [--json]',
  summary: 'Lists the runs, newest first.',
  options: { pipeline: { type: 'string' }, json: { type: 'boolean' } },
  positionals: [0, 0],
  run: ({ options, out }) =>
    withCloud(out, async () => {
      const executions = stepFunctionsExecutions();
      const found = await listRuns(s3ObjectStore(), config().storeUri, options.pipeline as string | undefined);
      const all = await Promise.all(
        found.map(async (run) => ({
          runId: run.runId,
          pipeline: run.pipeline,
          mode: run.mode,
          status: await runStatus(run, executions),
          startedAt: run.startedAt,
        })),
      );
      if (options.json) {
        out.print(JSON.stringify(all, null, 2));
        return EXIT.done;
      }
      if (all.length === 0) {
        out.print('No runs yet. Start one: npx fedml run flights');
        return EXIT.done;
      }
      const rows = all.map((run) => Object.values(run));
      for (const line of table(['RUN', 'PIPELINE', 'MODE', 'STATUS', 'STARTED'], rows)) out.print(line);
      return EXIT.done;
    }),
};
