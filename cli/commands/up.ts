import { once } from 'node:events';
import { interruption } from '../interruption.ts';
import { openCloud } from '../session.ts';
import { EXIT } from '../usage.ts';
import type { Command } from './command.ts';

export const up: Command = {
  usage: 'up',
  summary: "Starts the laptop's cloud and keeps it running until Ctrl-C; other commands then use it.",
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
    const cloud = await openCloud(out, { isKept: true });
    try {
      out.print();
      for (const [name, url] of Object.entries(cloud.services)) out.print(`  ${name.padEnd(16)} ${url}`);
      out.print();
      out.print('  Run a pipeline from another terminal: npx fedml run flights. Ctrl-C ends.');
      if (!interruption().aborted) await once(interruption(), 'abort');
      return EXIT.done;
    } finally {
      out.status('  closing …');
      await cloud.close();
      out.status(undefined);
    }
  },
};
