import { stripVTControlCharacters, styleText } from 'node:util';

/** Where a command prints: lines that stay, and on a terminal one live line at the bottom that says what is going on. */
export interface Terminal {
  /** True when somebody watches; otherwise every line stays and nothing is redrawn. */
  readonly isLive: boolean;
  print(line?: string): void;
  /** Replaces the live line; undefined removes it. Does nothing when nobody watches. */
  status(line: string | undefined): void;
  style(format: Format, text: string): string;
}

export type Format = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

export const terminal = (stream: NodeJS.WriteStream = process.stdout): Terminal => {
  const isLive = stream.isTTY === true && process.env.TERM !== 'dumb';
  let live = '';
  const redraw = (line: string): void => {
    if (!isLive) return;
    stream.write(`\r\x1b[K${line}`);
    live = line;
  };
  return {
    isLive,
    print(line = '') {
      const kept = live;
      if (kept) redraw('');
      stream.write(`${line}\n`);
      if (kept) redraw(kept);
    },
    status(line) {
      redraw(line === undefined ? '' : clip(line, stream.columns ?? 80));
    },
    style: (format, text) => styleText(format, text, { stream }),
  };
};

/** A live line that wraps can't be erased again. */
const clip = (line: string, columns: number): string =>
  stripVTControlCharacters(line).length < columns ? line : `${stripVTControlCharacters(line).slice(0, columns - 2)}…`;

/** 1,234,567 */
export const count = (value: number): string => value.toLocaleString('en-US');

/** `0.4 s`, `12.3 s`, `2 min 5 s` */
export const duration = (milliseconds: number): string => {
  const seconds = milliseconds / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
};

/** Rows under their column names, numbers to the right, everything cut to a readable width. */
export const table = (headers: readonly string[], rows: readonly (readonly unknown[])[]): string[] => {
  const cells = rows.map((row) => row.map(cellText));
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const isNumeric = headers.map((_, column) => rows.every((row) => typeof row[column] === 'number'));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (isNumeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(headers), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)];
};

const MAX_CELL_CHARACTERS = 60;

/** Control characters are shown, not sent: data must not move the cursor or recolour the terminal. */
const cellText = (value: unknown): string => {
  if (value === null || value === undefined) return 'NULL';
  const text = (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)).replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
    /[\x00-\x1f\x7f-\x9f]/g,
    (character) => JSON.stringify(character).slice(1, -1),
  );
  return text.length > MAX_CELL_CHARACTERS ? `${text.slice(0, MAX_CELL_CHARACTERS - 1)}…` : text;
};
