import { once } from 'node:events';
import { openCloud } from '../session.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const up: Command = {
  usage: 'up',
  summary: "Starts the laptop's cloud and keeps it running until Ctrl-C; other commands then use it.",
  options: {},
  positionals: [0, 0],
  async run({ out }) {
    await using cloud = await openCloud(out);
    out.print();
    for (const [name, url] of Object.entries(cloud.services)) out.print(`  ${name.padEnd(16)} ${url}`);
    out.print();
    out.print('  Run a pipeline from another terminal: npx fedml run flights. Or over the HTTP API:');
    out.print();
    out.print(`  curl -X POST -H "Authorization: Bearer ${cloud.api.token}" ${cloud.api.url}/pipelines/flights/runs`);
    out.print();
    out.print('  Ctrl-C ends.');
    await once(process, 'beforeExit');
    return EXIT.done;
  },
};
