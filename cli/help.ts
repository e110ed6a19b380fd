import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from './commands/command.ts';
import { COMMANDS } from './commands/commands.ts';

/** `fedml --version` */
export const version = async (): Promise<string> => {
  const manifest = JSON.parse(await readFile(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  return `fedml-serverless ${manifest.version}, on Node.js ${process.versions.node}`;
};

/** `fedml help` */
export const overview = async (): Promise<string[]> => [
  'FedML Serverless: train models on SAP Datasphere views, bring the predictions home.',
  '',
  ...(await Promise.all(Object.values(COMMANDS).map((load) => load()))).flatMap(({ usage, summary }) => [
    `  fedml ${usage}`,
    `      ${summary}`,
  ]),
  '',
  '`fedml help <command>` says more, `fedml --version` which one this is. Everything runs on this laptop, on 127.0.0.1.',
  'Exit codes: 0 done, 1 the run failed, 2 the input was wrong.',
];

/** `fedml help <command>` */
export const helpOf = ({ usage, summary, details }: Command): string[] => [
  `fedml ${usage}`,
  '',
  `  ${summary}`,
  ...(details ? ['', ...details] : []),
];
