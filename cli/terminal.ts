import { stripVTControlCharacters, styleText } from 'node:util';

/**
 * Where a command prints. Its result goes to the standard output, and may be piped; what is said on the way goes to the
 * standard error, where a terminal also gets one live line at the bottom that says what is going on.
 */
export interface Terminal {
  /** True when somebody watches; otherwise every line stays and nothing is redrawn. */
  readonly isLive: boolean;
  /** A line of the result. */
  print(line?: string): void;
  /** A line beside the result, such as what is being started. */
  note(line: string): void;
  /** Replaces the live line; undefined removes it. Does nothing when nobody watches. */
  status(line: string | undefined): void;
  style(format: Format, text: string): string;
}

export type Format = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export const terminal = (
  { stdout, stderr }: Streams = process,
  environment: NodeJS.ProcessEnv = process.env,
): Terminal => {
  const isLive = stderr.isTTY === true && environment.TERM !== 'dumb' && !environment.CI;
  let live = '';
  const draw = (line: string): void => {
    if (isLive && line !== live) stderr.write(`\r\x1b[K${line}`);
    live = line;
  };
  /** Lines and the live line share a screen: it is taken away before a line, and put back after it. */
  const write = (stream: NodeJS.WriteStream, line: string): void => {
    const kept = live;
    draw('');
    stream.write(`${line}\n`);
    draw(kept);
  };
  return {
    isLive,
    print: (line = '') => write(stdout, line),
    note: (line) => write(stderr, line),
    status: (line = '') => {
      if (isLive) draw(clip(line, stderr.columns || 80));
    },
    style: (format, text) => styleText(format, text, { stream: stdout }),
  };
};

/** A live line that wraps can't be erased again. */
const clip = (line: string, columns: number): string => {
  const plain = stripVTControlCharacters(line);
  return plain.length < columns ? line : `${plain.slice(0, columns - 2)}…`;
};
