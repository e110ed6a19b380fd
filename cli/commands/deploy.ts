import type { CloudAddress } from '#local/cloud-file.ts';
import { deployRun, runUriOf } from '../deploy-run.ts';
import { printEnding } from '../ending.ts';
import { runPipeline } from '../run-pipeline.ts';
import { withLastingCloud } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { type ExitCode, UsageError } from '../usage.ts';
import type { Command } from './command.ts';

export const deploy: Command = {
  usage: 'deploy <pipeline> --run <run | training job>',
  summary: 'Deploys the model that an earlier run or a training job has trained, again or for the first time.',
  details: [
    "  A run's model is deployed as that run's pipeline.yml said; that of a training job, from elsewhere for instance, as",
    '  pipeline.yml says now. It is smoke-tested and becomes the model that later runs score with.',
    '  What serves until then stays when that fails.',
  ],
  options: { run: { type: 'string' } },
  positionals: [1, 1],
  async run({ positionals, options, out }) {
    const runOrJob = options.run as string | undefined;
    if (runOrJob === undefined) throw new UsageError(`--run is missing.\nUsage: fedml ${this.usage}`);
    const pipeline = positionals[0]!;
    return withLastingCloud(out, async (cloud) => {
      const runUri = await runUriOf(runOrJob);
      return runUri ? deployRun(cloud, { pipeline, runUri }, out) : deployJob(cloud, pipeline, runOrJob, out);
    });
  },
};

const deployJob = async (
  cloud: CloudAddress,
  pipeline: string,
  trainingJobName: string,
  out: Terminal,
): Promise<ExitCode> =>
  printEnding(await runPipeline(cloud, { pipeline, mode: 'deploy', trainingJobName }, out), pipeline, out);
