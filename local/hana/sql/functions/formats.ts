import { textLiteral } from '../duckdb-text.ts';
import { hanaError, notSupported } from '../errors.ts';

interface FormatPart {
  /** The letters in HANA's format. */
  readonly token: string;
  /** The directive of DuckDB's strftime and strptime. */
  readonly directive: string;
  /** What is done to the text that strftime yields. */
  readonly shape?: 'upper' | 'tenth-microsecond';
}

/** The longer token first, where one starts with another. */
const PARTS: readonly FormatPart[] = [
  { token: 'YYYY', directive: '%Y' },
  { token: 'YY', directive: '%y' },
  { token: 'MONTH', directive: '%B', shape: 'upper' },
  { token: 'MON', directive: '%b', shape: 'upper' },
  { token: 'MM', directive: '%m' },
  { token: 'MI', directive: '%M' },
  { token: 'DDD', directive: '%j' },
  { token: 'DD', directive: '%d' },
  { token: 'DAY', directive: '%A', shape: 'upper' },
  { token: 'DY', directive: '%a', shape: 'upper' },
  { token: 'HH24', directive: '%H' },
  { token: 'HH12', directive: '%I' },
  { token: 'HH', directive: '%I' },
  { token: 'SS', directive: '%S' },
  { token: 'FF3', directive: '%g' },
  { token: 'FF6', directive: '%f' },
  { token: 'FF7', directive: '%f', shape: 'tenth-microsecond' },
  { token: 'FF', directive: '%f', shape: 'tenth-microsecond' },
  { token: 'AM', directive: '%p' },
  { token: 'PM', directive: '%p' },
];

type Piece = FormatPart | { readonly literal: string };

/** DuckDB's SQL that writes a moment in a HANA format such as `DD.MM.YYYY HH24:MI`. Throws 7 for a part it does not know. */
export function formatMoment(moment: string, format: string): string {
  const pieces = parseFormat(format).map((piece) => {
    if ('literal' in piece) return textLiteral(piece.literal);
    const text = `strftime(${moment}, '${piece.directive}')`;
    if (piece.shape === 'upper') return `upper(${text})`;
    return piece.shape === 'tenth-microsecond' ? `${text} || '0'` : text;
  });
  return `(${pieces.join(' || ')})`;
}

/** The format for DuckDB's strptime. */
export function parsingFormat(format: string): string {
  const pieces = parseFormat(format).map((piece) =>
    'literal' in piece ? piece.literal.replaceAll('%', '%%') : piece.directive,
  );
  return pieces.join('');
}

function parseFormat(format: string): Piece[] {
  const pieces: Piece[] = [];
  const upper = format.toUpperCase();
  let index = 0;
  while (index < format.length) {
    const part = PARTS.find(({ token }) => upper.startsWith(token, index));
    if (part) {
      pieces.push(part);
      index += part.token.length;
      continue;
    }
    const char = format[index]!;
    if (char === '"') {
      const end = format.indexOf('"', index + 1);
      if (end < 0) throw hanaError(303, `the format "${format}" has an unterminated quote`);
      pieces.push({ literal: format.slice(index + 1, end) });
      index = end + 1;
      continue;
    }
    if (char.toUpperCase() !== char.toLowerCase() && char !== 'T')
      throw notSupported(`date format "${format}" at "${format.slice(index)}"`);
    pieces.push({ literal: char });
    index += 1;
  }
  return pieces;
}
