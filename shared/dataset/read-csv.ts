import { MalformedCsvError } from '#shared/errors.ts';

/** One record: `line` is the line of the file that it starts in, counted from 1; null is an empty field without quotes. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly (string | null)[];
}

/** A quote that is never closed would otherwise make one field of all that follows. In UTF-16 units. */
const MAX_RECORD_LENGTH = 64 * 1024 * 1024;

/**
 * Reads CSV as it arrives, holding one chunk and one record in memory. Lines end with LF or CR LF; of a file whose lines end with
 * CR alone, as old spreadsheets write it, all is held.
 *
 * @param name how the messages call the file, such as its URI.
 * @throws MalformedCsvError naming file and line for text that RFC 4180 doesn't allow, and never quoting it.
 */
export async function* readCsv(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<readonly CsvRecord[], void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const records = recordReader(name);
  const decode = (chunk?: Uint8Array): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      return records.fail('there are bytes that are no UTF-8.');
    }
  };
  for await (const chunk of chunks) yield records.read(decode(chunk));
  yield records.read(decode(), true);
}

/** The records of a text that is at hand. */
export const csvRecordsOf = (text: string, name: string): readonly CsvRecord[] => recordReader(name).read(text, true);

const recordReader = (name: string) => {
  let rest = '';
  /** How much of `rest` was searched for the record's end already, and whether that point is inside quotes. */
  let searched = 0;
  let quoted = false;
  let line = 1;

  const fail = (problem: string): never => {
    throw new MalformedCsvError(`${name}, line ${line}: ${problem}`);
  };

  const recordOf = (text: string): CsvRecord => {
    const record = { line, fields: text.includes('"') ? quotedFields(text, fail) : plainFields(text) };
    line += 1 + countLineFeeds(text);
    return record;
  };

  /** What stands before a line feed: one record, unless carriage returns alone end lines too. */
  const recordsOf = (text: string): CsvRecord[] => {
    const ended = text.endsWith('\r') ? text.slice(0, -1) : text;
    return ended.includes('\r') ? splitAtReturns(ended).map(recordOf) : [recordOf(ended)];
  };

  return {
    fail,

    read: (text: string, end = false): CsvRecord[] => {
      const records: CsvRecord[] = [];
      rest += text;
      let start = 0;
      let position = searched;
      for (;;) {
        const next = quoted ? rest.indexOf('"', position) : nextOf(rest, position);
        if (next < 0) break;
        position = next + 1;
        if (rest[next] === '"') quoted = !quoted;
        else {
          records.push(...recordsOf(rest.slice(start, next)));
          start = position;
        }
      }
      rest = rest.slice(start);
      searched = rest.length;
      if (rest.length > MAX_RECORD_LENGTH) fail(`the record is longer than ${MAX_RECORD_LENGTH} characters.`);
      if (end && quoted) fail('a quote is opened and never closed.');
      if (end && rest.length > 0) records.push(...recordsOf(rest));
      return records;
    },
  };
};

/** The first quote or line feed from `position` on. */
const nextOf = (text: string, position: number): number => {
  const lineFeed = text.indexOf('\n', position);
  if (lineFeed < 0) return text.indexOf('"', position);
  const quote = text.slice(position, lineFeed).indexOf('"');
  return quote < 0 ? lineFeed : position + quote;
};

/** At the carriage returns that stand outside of quotes. */
const splitAtReturns = (text: string): string[] => {
  const pieces: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '"') quoted = !quoted;
    if (text[at] !== '\r' || quoted) continue;
    pieces.push(text.slice(start, at));
    start = at + 1;
  }
  return [...pieces, text.slice(start)];
};

const plainFields = (text: string): (string | null)[] => text.split(',').map((field) => (field === '' ? null : field));

const quotedFields = (text: string, fail: (problem: string) => never): (string | null)[] => {
  const fields: (string | null)[] = [];
  let position = 0;
  for (;;) {
    // A byte order mark in front of a quote is none of the value's: with it there may be no quotes.
    if (text[position] === '\ufeff' && text[position + 1] === '"') position += 1;
    const isQuoted = text[position] === '"';
    const end = isQuoted ? closingQuote(text, position + 1) + 1 : endOfPlain(text, position);
    const field = text.slice(position, end);
    if (end < text.length && text[end] !== ',') fail('a field goes on after its closing quote.');
    if (!isQuoted && field.includes('"')) fail('a quote stands inside a field that has none around it.');
    if (isQuoted) fields.push(field.slice(1, -1).replaceAll('""', '"'));
    else fields.push(field === '' ? null : field);
    if (end >= text.length) return fields;
    position = end + 1;
  }
};

const endOfPlain = (text: string, position: number): number => {
  const comma = text.indexOf(',', position);
  return comma < 0 ? text.length : comma;
};

/** The quote that ends the field; a pair of quotes stands for one inside it. */
const closingQuote = (text: string, position: number): number => {
  let quote = text.indexOf('"', position);
  while (text[quote + 1] === '"') quote = text.indexOf('"', quote + 2);
  return quote;
};

const countLineFeeds = (text: string): number => {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
};
