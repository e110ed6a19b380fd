import { isUtf8 } from 'node:buffer';
import { Lexer } from 'yaml';

/** A mistake in a file, where it is. */
export interface LineMistake {
  readonly line: number;
  readonly message: string;
}

/**
 * The text of a YAML file.
 *
 * @returns a mistake, with its line, for bytes that are not UTF-8: they would be read as other letters.
 */
export const yamlText = (content: Buffer): string | LineMistake => {
  const mark = content.subarray(0, 2).toString('latin1');
  if (mark === '\xff\xfe' || mark === '\xfe\xff') {
    return { line: 1, message: 'the file is UTF-16. Save it as UTF-8.' };
  }
  if (isUtf8(content)) return content.toString('utf8');
  const lines = linesOf(content);
  const line = lines.findIndex((bytes) => !isUtf8(bytes)) + 1;
  const meant = JSON.stringify(lines[line - 1]!.toString('latin1').trim());
  return {
    line,
    message: `the file is not UTF-8. This line looks like Latin-1, ${meant}: save the file as UTF-8.`,
  };
};

const linesOf = (content: Buffer): Buffer[] => {
  const lines: Buffer[] = [];
  for (let start = 0; start <= content.length; ) {
    const end = content.indexOf(0x0a, start);
    lines.push(content.subarray(start, end < 0 ? content.length : end));
    start = end < 0 ? content.length + 1 : end + 1;
  }
  return lines;
};

/** No setting is nested nearly as deep. The parser's stack ends at some thousands. */
const MAX_NESTING = 64;

const NESTING: Readonly<Record<string, number>> = { '[': 1, '{': 1, ']': -1, '}': -1 };

/** The line on which brackets, or the dashes of lists in lists, go deeper than any setting; undefined where none do. */
export const tooDeepLine = (text: string): number | undefined => {
  let line = 1;
  let brackets = 0;
  let dashes = 0;
  for (const token of new Lexer().lex(text)) {
    brackets = Math.max(0, brackets + (NESTING[token] ?? 0));
    if (token === '-' || token === '?') dashes += 1;
    const breaks = token.split('\n').length - 1;
    if (breaks > 0) dashes = 0;
    if (brackets + dashes > MAX_NESTING) return line;
    line += breaks;
  }
  return undefined;
};
