import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { typeKind } from '#shared/warehouse/column-types.ts';
import { valueToText } from '#shared/warehouse/value-text.ts';
import type { Row, WarehouseValue } from '#shared/warehouse/warehouse.ts';

/**
 * Encodes rows as lines of CSV: UTF-8 text, `,` between fields, LF at the end, RFC 4180 quotes only where they are
 * needed. NULL is an empty field, the empty text is `""`; alone in its row, NULL is `""` too.
 */
export const csvEncoder = (columns: readonly DatasetColumn[]): ((row: Row) => string) => {
  const encoders = columns.map(fieldEncoder);
  const width = encoders.length;
  if (width === 1) return (row) => `${encoders[0]!(row[0]!) || EMPTY_FIELD}\n`;
  return (row) => {
    let line = encoders[0]!(row[0]!);
    for (let index = 1; index < width; index += 1) line += `,${encoders[index]!(row[index]!)}`;
    return `${line}\n`;
  };
};

/** One line of text fields, such as the line of column names. */
export const csvLine = (fields: readonly (string | null)[]): string =>
  `${fields.map(csvField).join(',') || EMPTY_FIELD}\n`;

/** A line with nothing in it is no row to pandas, which would then have fewer rows than there are. */
const EMPTY_FIELD = '""';

/** One field: null is nothing at all, the empty text is a pair of quotes. */
export const csvField = (text: string | null): string => {
  if (text === null) return '';
  if (text === '') return '""';
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/**
 * One field of a file that people open in a spreadsheet: what a spreadsheet would run as a formula has an apostrophe before it.
 * Numbers stay as they are. Not for data that is read back.
 */
export const spreadsheetField = (text: string | null): string =>
  csvField(text !== null && FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text);

/** Spreadsheets skip blanks and controls before the sign, and take full-width signs for the plain ones. */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r]/u;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const NEEDS_QUOTES = /[",\r\n]/;

type FieldEncoder = (value: WarehouseValue) => string;

const fieldEncoder = (column: DatasetColumn): FieldEncoder => {
  const toText = valueToText(column);
  return typeKind(column) === 'text'
    ? (value) => (value === null ? '' : csvField(String(value)))
    : (value) => (value === null ? '' : toText(value));
};
