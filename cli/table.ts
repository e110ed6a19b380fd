import { withControlsShown } from './control-characters.ts';

/** Rows under their column names, numbers to the right, everything cut to a readable width. */
export const table = (headers: readonly string[], rows: readonly (readonly unknown[])[]): string[] => {
  const names = headers.map(cellText);
  const cells = rows.map((row) => row.map(cellText));
  const widths = names.map((name, column) =>
    cells.reduce((widest, row) => Math.max(widest, width(row[column]!)), width(name)),
  );
  const isNumeric = names.map((_, column) => rows.length > 0 && rows.every((row) => isNumberOrNull(row[column])));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat(widths[column]! - width(cell));
        return isNumeric[column] ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd();
  return [line(names), line(widths.map((characters) => '-'.repeat(characters))), ...cells.map(line)];
};

const isNumberOrNull = (value: unknown): boolean =>
  value === null || typeof value === 'number' || typeof value === 'bigint';

const MAX_CELL_CHARACTERS = 60;

const cellText = (value: unknown): string => {
  if (value === null || value === undefined) return 'NULL';
  const text = withControlsShown(value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value));
  const characters = graphemes(text);
  return characters.length > MAX_CELL_CHARACTERS ? `${characters.slice(0, MAX_CELL_CHARACTERS - 1).join('')}…` : text;
};

const graphemes = (text: string): string[] =>
  [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)].map(({ segment }) => segment);

/** Columns of a terminal: emoji and the letters of East Asia take two. */
const width = (text: string): number =>
  // Most cells are ASCII, and tables can be long.
  /^[\x20-\x7e…]*$/.test(text)
    ? text.length
    : graphemes(text).reduce((sum, each) => sum + (WIDE.test(each) ? 2 : 1), 0);

const WIDE =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/u;
