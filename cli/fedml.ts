#!/usr/bin/env node
import { parseCommandLine } from './command-line.ts';
import { messageOf } from './error-message.ts';
import { interruption } from './interruption.ts';
import { type Terminal, terminal } from './terminal.ts';
import { EXIT, type ExitCode } from './usage.ts';

/**
 * Runs one command line and answers with the exit code. Whatever a person can do something about is a message on the
 * standard error, never a stack trace.
 */
export const main = async (argv: readonly string[], out: Terminal = terminal()): Promise<ExitCode | number> => {
  try {
    const command = await parseCommandLine(argv);
    if ('text' in command) {
      for (const line of command.text) out.print(line);
      return EXIT.done;
    }
    return await command.run(out);
  } catch (error) {
    out.status(undefined);
    const { text, exitCode } = messageOf(error);
    if (text !== undefined) out.note(text);
    return exitCode;
  }
};

if (import.meta.main) {
  interruption();
  // An error that nobody waits for, as of a stand-in's own bookkeeping: what was started notices the end of this process.
  process.on('uncaughtException', (error) => {
    const { text, exitCode } = messageOf(error);
    if (text !== undefined) process.stderr.write(`${text}\n`);
    process.exit(exitCode);
  });
  process.exitCode = await main(process.argv.slice(2));
}
