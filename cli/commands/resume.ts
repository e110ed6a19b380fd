import { config } from '#shared/config.ts';
import { InvalidInputError, UnknownRunError } from '#shared/errors.ts';
import { nextResumption } from '#shared/executions/next-resumption.ts';
import { stepFunctionsExecutions } from '#shared/executions/step-functions.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { loadRun } from '#shared/pipeline/run.ts';
import { findRunUri } from '#shared/pipeline/run-index.ts';
import { printEnding } from '../ending.ts';
import { runMachine } from '../run-machine.ts';
import { withLastingCloud } from '../session.ts';
import type { Command } from './command.ts';

export const resume: Command = {
  usage: 'resume <run>',
  summary: 'Goes on with a run that failed or was stopped, without the steps that have finished.',
  details: [
    '  The run keeps its id, its settings and its code, whatever was deployed since. What it has staged, trained, deployed or',
    '  written is not made twice. To change a setting or the script, start a new run: it takes over what is still the same.',
    '',
    '  Ctrl-C stops the run.',
  ],
  options: {},
  positionals: [1, 1],
  run: ({ positionals, out }) =>
    withLastingCloud(out, async (cloud) => {
      const runId = positionals[0]!;
      const pipeline = await pipelineOf(runId);
      const next = await nextResumption(stepFunctionsExecutions(), cloud.stateMachineArns.pipeline!, runId);
      if ('refused' in next) throw new InvalidInputError(next.because);
      return printEnding(await runMachine(cloud, { machine: 'pipeline', ...next }, out), pipeline, out);
    }),
};

const pipelineOf = async (runId: string): Promise<string> => {
  try {
    const runUri = await findRunUri(s3ObjectStore(), config().storeUri, runId);
    return (await loadRun(s3ObjectStore(), runUri)).pipeline;
  } catch (error) {
    if (!(error instanceof UnknownRunError)) throw error;
    throw new UnknownRunError(`There is no run ${runId}. \`npx fedml runs\` lists them.`, { cause: error });
  }
};
