import { loadDefinition } from '#shared/pipeline/pipeline-folder.ts';
import { pastSchedules } from '#shared/schedules/past-schedules.ts';
import { pipelinesDir } from '../session.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const validate: Command = {
  usage: 'validate <pipeline>',
  summary: "Checks a pipeline's folder and reports every mistake of its pipeline.yml with its line.",
  details: [
    '  Starts nothing and asks nobody. `npx fedml plan <pipeline>` asks the warehouse and AWS too. Settings: docs/pipeline-yml.md',
  ],
  options: {},
  positionals: [1, 1],
  async run({ positionals, out }) {
    const definition = await loadDefinition(pipelinesDir(), positionals[0]!);
    const file = `pipelines/${definition.name}/pipeline.yml`;
    for (const notice of pastSchedules(definition, new Date()))
      out.print(`${out.style('yellow', '!')} ${file}: ${notice}`);
    out.print(`${out.style('green', '✓')} ${file} is valid.`);
    return EXIT.done;
  },
};
