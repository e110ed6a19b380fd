import { once } from 'node:events';
import { listPipelines } from '#shared/pipeline/pipeline-folder.ts';
import { scheduleExpression } from '#shared/schedules/schedule.ts';
import { interruption } from '../interruption.ts';
import { openCloud, pipelinesDir } from '../session.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const up: Command = {
  usage: 'up',
  summary:
    "Starts the laptop's cloud with its HTTP API and schedules, and keeps it running until Ctrl-C; other commands then use it.",
  details: [
    '  Everything listens on 127.0.0.1, on ports that the system chooses: no port can be in use. Where what is',
    '  listening is printed, and kept in .fedml/cloud.json while the cloud is up: its "environment" is what the AWS CLI',
    '  and the SDKs need to find it.',
    '',
    '  FEDML_STATE_DIR is another folder for .fedml, FEDML_PIPELINES_DIR another one for pipelines.',
  ],
  options: {},
  positionals: [0, 0],
  async run({ out }) {
    const [example = 'flights'] = await listPipelines(pipelinesDir());
    const cloud = await openCloud(out, { isKept: true });
    try {
      out.print();
      for (const [name, url] of Object.entries(cloud.services)) out.print(`  ${name.padEnd(16)} ${url}`);
      out.print();
      out.print(`  Run a pipeline from another terminal: npx fedml run ${example}. Or over the HTTP API:`);
      out.print();
      out.print(
        `  curl -X POST -H "Authorization: Bearer ${cloud.api.token}" ${cloud.api.url}/pipelines/${example}/runs`,
      );
      out.print();
      for (const { pipeline, schedule, due } of cloud.upcoming()) {
        out.print(
          `  ${pipeline} is due at ${due.toISOString()}, by ${scheduleExpression(schedule)} ${schedule.timezone}.`,
        );
      }
      out.print('  Ctrl-C ends.');
      if (!interruption().aborted) await once(interruption(), 'abort');
      return EXIT.done;
    } finally {
      out.status('  closing …');
      await cloud.close();
      out.status(undefined);
    }
  },
};
