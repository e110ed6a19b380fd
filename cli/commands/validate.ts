import { loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { pipelinesDir } from '../session.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const validate: Command = {
  usage: 'validate <pipeline>',
  summary: "Checks a pipeline's pipeline.yml and reports every mistake with its line.",
  details: ['  Starts nothing. Views and columns are checked when a run reads them. Settings: docs/pipeline-yml.md'],
  options: {},
  positionals: [1, 1],
  async run({ positionals, out }) {
    const definition = await loadDefinition(pipelinesDir(), positionals[0]!);
    out.print(`${out.style('green', '✓')} pipelines/${definition.name}/pipeline.yml is valid.`);
    return EXIT.done;
  },
};
