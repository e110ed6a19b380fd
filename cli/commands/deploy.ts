import { deployRun } from '../deploy-run.ts';
import { withLastingCloud } from '../session.ts';
import { UsageError } from '../usage.ts';
import type { Command } from './command.ts';

export const deploy: Command = {
  usage: 'deploy <pipeline> --run <run>',
  summary: 'Deploys the model that an earlier run has trained, again or for the first time.',
  details: [
    "  It is deployed as that run's pipeline.yml said, smoke-tested, and becomes the model that later runs score with.",
    '  What serves until then stays when that fails.',
  ],
  options: { run: { type: 'string' } },
  positionals: [1, 1],
  async run({ positionals, options, out }) {
    const runId = options.run as string | undefined;
    if (runId === undefined) throw new UsageError(`--run is missing.\nUsage: fedml ${this.usage}`);
    return withLastingCloud(out, (cloud) => deployRun(cloud, { pipeline: positionals[0]!, runId }, out));
  },
};
