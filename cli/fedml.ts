#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { PipelineError } from '#shared/errors.ts';
import { approve } from './commands/approve.ts';
import type { Command } from './commands/command.ts';
import { demo } from './commands/demo.ts';
import { deployments } from './commands/deployments.ts';
import { doctor } from './commands/doctor.ts';
import { predict } from './commands/predict.ts';
import { query } from './commands/query.ts';
import { reject } from './commands/reject.ts';
import { rollback } from './commands/rollback.ts';
import { run } from './commands/run.ts';
import { runs } from './commands/runs.ts';
import { show } from './commands/show.ts';
import { undeploy } from './commands/undeploy.ts';
import { up } from './commands/up.ts';
import { validate } from './commands/validate.ts';
import { type Terminal, terminal } from './terminal.ts';
import { EXIT, type ExitCode, UsageError } from './usage.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  demo,
  up,
  run,
  runs,
  show,
  approve,
  reject,
  predict,
  rollback,
  deployments,
  undeploy,
  query,
  validate,
  doctor,
};

/** Runs one command line; mistakes of the user's are a message and exit code 2, never a stack trace. */
export const main = async (argv: readonly string[], out: Terminal = terminal()): Promise<ExitCode> => {
  const [name = 'help', ...rest] = argv;
  if (['help', '--help', '-h'].includes(name)) {
    out.print(overview());
    return EXIT.done;
  }
  try {
    return await call(name, rest, out);
  } catch (error) {
    if (!isUsersMistake(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT.wrongInput;
  }
};

const call = (name: string, args: readonly string[], out: Terminal): Promise<ExitCode> => {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name]! : undefined;
  if (!command) throw new UsageError(`There is no command ${name}.\n\n${overview()}`);
  if (args.includes('--help')) {
    out.print(`fedml ${command.usage}\n\n${command.summary}`);
    return Promise.resolve(EXIT.done);
  }
  const { values, positionals } = parse(command, args);
  const [least, most] = command.positionals;
  if (positionals.length < least || positionals.length > most) throw new UsageError(`Usage: fedml ${command.usage}`);
  return command.run({ positionals, options: values, out });
};

const parse = (command: Command, args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: command.options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nUsage: fedml ${command.usage}`, { cause: error });
  }
};

const overview = (): string =>
  [
    'FedML Serverless: train models on SAP Datasphere views, bring the predictions home.',
    '',
    ...Object.values(COMMANDS).map(({ usage, summary }) => `  fedml ${usage}\n      ${summary}`),
    '',
    'Exit codes: 0 done, 1 the run failed, 2 the input was wrong.',
  ].join('\n');

const MISTAKES = [
  'InvalidInputError',
  'UnknownPipelineError',
  'InvalidPipelineError',
  'RunExistsError',
  'PortInUseError',
  'PythonNotFoundError',
  'CloudInUseError',
];

const isUsersMistake = (error: unknown): error is Error =>
  error instanceof UsageError ||
  (error instanceof Error && MISTAKES.includes(error.name)) ||
  (error instanceof PipelineError && error.name.startsWith('Unknown'));

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
