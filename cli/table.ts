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

/** Control characters are shown, not sent: data must not move the cursor or recolour the terminal. */
const cellText = (value: unknown): string => {
  if (value === null || value === undefined) return 'NULL';
  const text = (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)).replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
    /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    escaped,
  );
  const characters = graphemes(text);
  return characters.length > MAX_CELL_CHARACTERS ? `${characters.slice(0, MAX_CELL_CHARACTERS - 1).join('')}…` : text;
};

const escaped = (character: string): string => {
  const json = JSON.stringify(character).slice(1, -1);
  return json === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : json;
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
