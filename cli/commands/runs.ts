import { config } from '#shared/config.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { assertDeployed, listPipelines } from '#shared/pipeline/pipeline-folder.ts';
import { pageOfRuns } from '#shared/pipeline/run-index.ts';
import { runSummary } from '#shared/pipeline/run-view.ts';
import { withCloud } from '../session.ts';
import { table } from '../table.ts';
import { EXIT, UsageError } from '../usage.ts';
import type { Command } from './command.ts';

const DEFAULT_LIMIT = 25;

export const runs: Command = {
  usage: `runs [--pipeline name] [--limit ${DEFAULT_LIMIT}] [--json]`,
  summary: 'Lists the runs, newest first.',
  options: { pipeline: { type: 'string' }, limit: { type: 'string' }, json: { type: 'boolean' } },
  positionals: [0, 0],
  run: ({ options, out }) => {
    const limit = Number(options.limit ?? DEFAULT_LIMIT);
    if (!Number.isInteger(limit) || limit < 1) throw new UsageError('--limit takes a whole number from 1 on.');
    return withCloud(out, async () => {
      const { storeUri, pipelinesDir } = config();
      const ports = { objectStore: s3ObjectStore(), executions: stepFunctionsExecutions() };
      const pipeline = options.pipeline as string | undefined;
      const pipelines = pipeline === undefined ? await listPipelines(pipelinesDir) : [pipeline];
      const page = await pageOfRuns(ports.objectStore, storeUri, { pipelines, limit });
      const found = await Promise.all(page.runUris.map((runUri) => runSummary(runUri, ports)));
      if (options.json) {
        out.print(JSON.stringify(found, null, 2));
        return EXIT.done;
      }
      if (found.length === 0) {
        // Asked afterwards: runs are kept when their pipeline is gone.
        if (pipeline !== undefined) await assertDeployed(pipelinesDir, pipeline);
        out.print(`No runs yet. Start one: npx fedml run ${pipeline ?? 'flights'}`);
        return EXIT.done;
      }
      const rows = found.map(({ runId, pipeline, mode, status, startedAt }) => [
        runId,
        pipeline,
        mode,
        status,
        startedAt,
      ]);
      for (const line of table(['RUN', 'PIPELINE', 'MODE', 'STATUS', 'STARTED'], rows)) out.print(line);
      if (page.nextToken) out.note(out.style('dim', `Older ones: --limit ${limit * 4}`));
      return EXIT.done;
    });
  },
};
