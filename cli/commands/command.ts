import type { ParseArgsOptionsConfig } from 'node:util';
import type { Terminal } from '../terminal.ts';
import type { ExitCode } from '../usage.ts';

/** One word of the command line. */
export interface Command {
  /** After `fedml`, such as `run <pipeline> [--mode full|train|score]`. */
  readonly usage: string;
  /** One sentence for `fedml help`. */
  readonly summary: string;
  /** What `fedml help <command>` says beyond that: options, what is printed, examples. */
  readonly details?: readonly string[];
  readonly options: ParseArgsOptionsConfig;
  /** How many positional arguments it takes, at least and at most. */
  readonly positionals: readonly [least: number, most: number];
  run(call: Call): Promise<ExitCode>;
}

export interface Call {
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly out: Terminal;
}
