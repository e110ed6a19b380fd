import { parseArgs } from 'node:util';
import { didYouMean } from '#shared/nearest-names.ts';
import type { Command } from './commands/command.ts';
import { COMMANDS } from './commands/commands.ts';
import { helpOf, overview, version } from './help.ts';
import type { Terminal } from './terminal.ts';
import { type ExitCode, UsageError } from './usage.ts';

/** What a command line asks for: text, or a command that can be run. */
export type CommandLine = { readonly text: readonly string[] } | { run(out: Terminal): Promise<ExitCode> };

const HELP_WORDS = ['help', '--help', '-h'];

/** @throws UsageError for an unknown command, unknown options, and what is missing. */
export const parseCommandLine = async ([name = 'help', ...args]: readonly string[]): Promise<CommandLine> => {
  if (HELP_WORDS.includes(name)) {
    return { text: args[0] === undefined ? await overview() : helpOf(await find(args[0])) };
  }
  if (name === '--version') return { text: [await version()] };
  const command = await find(name);
  if (args.includes('--help') || args.includes('-h')) return { text: helpOf(command) };
  const { values: options, positionals } = parseOptions(command, args);
  const [least, most] = command.positionals;
  if (positionals.length < least) {
    const missing = /<.+?>|".+?"/.exec(command.usage)![0];
    throw new UsageError(`${missing} is missing.\nUsage: fedml ${command.usage}`);
  }
  if (positionals.length > most) {
    const surplus = positionals.slice(most).join(' ');
    throw new UsageError(`This is too much: ${surplus}\nUsage: fedml ${command.usage}`);
  }
  return { run: (out) => command.run({ positionals, options, out }) };
};

const find = async (name: string): Promise<Command> => {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name]!();
  const names = Object.keys(COMMANDS);
  const offer = didYouMean(name, names) || ` There are: ${names.join(', ')}.`;
  throw new UsageError(`There is no command ${name}.${offer} \`npx fedml help\` tells what they do.`);
};

const parseOptions = (command: Command, args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: command.options, allowPositionals: true, strict: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? unknownOption(command, message) : firstSentence(message);
    throw new UsageError(`${problem}\nUsage: fedml ${command.usage}`, { cause: error });
  }
};

/** Node's message names the option between the first quotes, and goes on about arguments that begin with a hyphen. */
const unknownOption = (command: Command, message: string): string => {
  const option = /'(.+?)'/.exec(message)?.[1] ?? '';
  const known = Object.keys(command.options).map((name) => `--${name}`);
  const offer = didYouMean(option, known) || (known.length > 0 ? ` It takes ${known.join(', ')}.` : ' It takes none.');
  return `There is no option ${option}.${offer}`;
};

const firstSentence = (message: string): string => `${message.split(/\.\s|\n/)[0]!.replace(/\.$/, '')}.`;
