import { once } from 'node:events';
import { scheduleExpression } from '#shared/schedules/schedule.ts';
import { openCloud } from '../session.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const up: Command = {
  usage: 'up',
  summary:
    "Starts the laptop's cloud with its HTTP API and schedules, and keeps it running until Ctrl-C; other commands then use it.",
  options: {},
  positionals: [0, 0],
  async run({ out }) {
    await using cloud = await openCloud(out, { keepSchedules: true });
    out.print();
    for (const [name, url] of Object.entries(cloud.services)) out.print(`  ${name.padEnd(16)} ${url}`);
    out.print();
    out.print('  Run a pipeline from another terminal: npx fedml run flights. Or over the HTTP API:');
    out.print();
    out.print(`  curl -X POST -H "Authorization: Bearer ${cloud.api.token}" ${cloud.api.url}/pipelines/flights/runs`);
    out.print();
    for (const { pipeline, schedule, due } of cloud.upcoming()) {
      out.print(
        `  ${pipeline} is due at ${due.toISOString()}, by ${scheduleExpression(schedule)} ${schedule.timezone}.`,
      );
    }
    out.print('  Ctrl-C ends.');
    await once(process, 'beforeExit');
    return EXIT.done;
  },
};
