import { createReadStream } from 'node:fs';

/** How DuckDB reads a CSV file, and that its values are the very texts of the file: the table's columns say what they become. */
export interface CsvFile {
  readonly reader: string;
}

/** In this order, the first one that the header has. */
const DELIMITERS = [',', ';', '\t', '|'];

/**
 * Looks at a CSV file before it is loaded. Its values aren't guessed: `1.50` stays `1.50`, `007` stays `007` and `T` is no truth
 * value. An empty field is NULL, and `""` the empty text.
 *
 * @throws TypeError for a file that isn't UTF-8, which DuckDB or an editor would show with other letters.
 */
export const csvFile = async (path: string): Promise<CsvFile> => {
  const header = await checkedHeader(path);
  const delimiter = DELIMITERS.find((candidate) => header.includes(candidate)) ?? ',';
  const options = [
    'all_varchar = true',
    'header = true',
    `delim = '${delimiter}'`,
    `quote = '"'`,
    `escape = '"'`,
    `nullstr = ''`,
    'allow_quoted_nulls = false',
  ];
  return { reader: `read_csv('${path.replaceAll("'", "''")}', ${options.join(', ')})` };
};

/** Reads all of the file, in chunks: the wrong byte may stand in its last line. */
const checkedHeader = async (path: string): Promise<string> => {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let header = '';
  let isComplete = false;
  let line = 1;
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    const text = decode(decoder, chunk, path, line);
    line += text.split('\n').length - 1;
    if (isComplete) continue;
    header += text;
    isComplete = header.includes('\n');
  }
  decode(decoder, undefined, path, line);
  return header.split('\n')[0]!;
};

const decode = (
  decoder: InstanceType<typeof TextDecoder>,
  chunk: Uint8Array | undefined,
  path: string,
  line: number,
): string => {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw new TypeError(
      `${path} is not UTF-8, from line ${line} on. If it is Latin-1: iconv -f ISO-8859-1 -t UTF-8 <file>, and put the result in its place.`,
    );
  }
};
