import { sqlSyntaxError } from './errors.ts';

export type TokenKind =
  /** An unquoted word: a keyword, or an identifier that folds to upper case. */
  | 'word'
  /** A "quoted identifier", its case kept. */
  | 'identifier'
  /** 'text', N'text' */
  | 'string'
  /** X'0AFF'; `value` holds the hexadecimal digits. */
  | 'binary'
  /** 1, 1.50, 1e-3, 0x1F; `value` is decimal. */
  | 'number'
  /** ?, :name or :1; `value` is the name, empty for a question mark. */
  | 'parameter'
  | 'operator'
  | 'space'
  | 'comment'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The characters of the statement, as written. */
  readonly text: string;
  /** What they mean: the folded word, the unescaped identifier or string, the operator. */
  readonly value: string;
  /** Offset of the first character in the statement. */
  readonly position: number;
}

/** Splits a statement into tokens; joined, their texts are the statement again. Throws 257 for an unterminated quote or comment. */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < sql.length) {
    const token = nextToken(sql, position);
    tokens.push(token);
    position += token.text.length;
  }
  return tokens;
}

/** Quotes a name so that `tokenize` reads it back unchanged. */
export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const OPERATORS = ['<>', '!=', '<=', '>=', '||', '=>', '=', '<', '>', '+', '-', '*', '/', '(', ')', ',', '.', ';'];

const HEXADECIMAL = /0x[\da-f]+/iy;

function nextToken(sql: string, position: number): Token {
  const char = sql[position]!;
  const next = sql[position + 1];
  const from = (kind: TokenKind, end: number, value = sql.slice(position, end)): Token => ({
    kind,
    text: sql.slice(position, end),
    value,
    position,
  });

  if (isSpace(char)) return from('space', endOf(sql, position, isSpace));
  if (char === '-' && next === '-')
    return from(
      'comment',
      endOf(sql, position, (other) => other !== '\n'),
    );
  if (char === '/' && next === '*') {
    const end = sql.indexOf('*/', position + 2);
    if (end < 0) throw sqlSyntaxError(sql, position, '/*', 'unterminated comment');
    return from('comment', end + 2);
  }
  if (char === "'") return quoted(sql, position, position, "'", 'string');
  if (char === '"') return quoted(sql, position, position, '"', 'identifier');
  if ((char === 'N' || char === 'n') && next === "'") return quoted(sql, position, position + 1, "'", 'string');
  if ((char === 'X' || char === 'x') && next === "'") return quoted(sql, position, position + 1, "'", 'binary');
  HEXADECIMAL.lastIndex = position;
  const hexadecimal = char === '0' ? HEXADECIMAL.exec(sql)?.[0] : undefined;
  if (hexadecimal) return from('number', position + hexadecimal.length, String(BigInt(hexadecimal)));
  if (isDigit(char) || (char === '.' && next !== undefined && isDigit(next)))
    return from('number', endOfNumber(sql, position));
  if (isWordStart(char)) {
    const end = endOf(sql, position, isWordPart);
    return from('word', end, sql.slice(position, end).toUpperCase());
  }
  if (char === '?') return from('parameter', position + 1, '');
  if (char === ':' && next !== undefined && isWordPart(next)) {
    const end = endOf(sql, position + 1, isWordPart);
    return from('parameter', end, sql.slice(position + 1, end).toUpperCase());
  }
  const operator = OPERATORS.find((candidate) => sql.startsWith(candidate, position));
  if (operator === undefined) throw sqlSyntaxError(sql, position, char);
  return from('operator', position + operator.length);
}

/** A quote that starts at `open`; a doubled quote stands for itself. */
function quoted(sql: string, position: number, open: number, quote: string, kind: TokenKind): Token {
  let value = '';
  let from = open + 1;
  for (;;) {
    const end = sql.indexOf(quote, from);
    if (end < 0) throw sqlSyntaxError(sql, position, quote, 'unterminated quote');
    value += sql.slice(from, end);
    if (sql[end + 1] !== quote) return { kind, text: sql.slice(position, end + 1), value, position };
    value += quote;
    from = end + 2;
  }
}

function endOfNumber(sql: string, position: number): number {
  let end = endOf(sql, position, isDigit);
  if (sql[end] === '.') end = endOf(sql, end + 1, isDigit);
  if (sql[end] !== 'e' && sql[end] !== 'E') return end;
  const digits = sql[end + 1] === '+' || sql[end + 1] === '-' ? end + 2 : end + 1;
  return isDigit(sql[digits] ?? '') ? endOf(sql, digits, isDigit) : end;
}

function endOf(sql: string, position: number, belongs: (char: string) => boolean): number {
  let end = position;
  while (end < sql.length && belongs(sql[end]!)) end += 1;
  return end;
}

const isSpace = (char: string): boolean => char.trim() === '';
const isDigit = (char: string): boolean => char >= '0' && char <= '9';
const isLetter = (char: string): boolean =>
  (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || (char > '\u007f' && !isSpace(char));
const isWordStart = (char: string): boolean => isLetter(char) || char === '_' || char === '#';
const isWordPart = (char: string): boolean => isWordStart(char) || isDigit(char) || char === '$';
