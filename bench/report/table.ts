/** A Markdown table, aligned so that it reads well in a terminal too; all columns but the first to the right. */
export const table = (headers: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = headers.map((header, column) =>
    Math.max(3, ...[header, ...rows.map((row) => row[column]!)].map(length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, widths[column]!, column === 0)).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(headers), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
};

const length = (text: string): number => [...text].length;

const pad = (text: string, width: number, isLeft: boolean): string => {
  const gap = ' '.repeat(width - length(text));
  return isLeft ? text + gap : gap + text;
};

export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

export const seconds = (value: number): string =>
  value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : count(value);

export const megabytes = (bytes: number): string => count(bytes / 1e6);

/** `12x`, `1.3x`. */
export const times = (value: number): string => `${value < 10 ? value.toFixed(1) : count(value)}x`;
