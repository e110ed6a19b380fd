import { loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { PIPELINES_DIR } from '../session.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const validate: Command = {
  usage: 'validate <pipeline>',
  summary: "Checks a pipeline's pipeline.yml and reports every mistake with its line.",
  options: {},
  positionals: [1, 1],
  async run({ positionals, out }) {
    const definition = await loadDefinition(PIPELINES_DIR, positionals[0]!);
    out.print(`${out.style('green', '✓')} pipelines/${definition.name}/pipeline.yml is valid.`);
    return EXIT.done;
  },
};
