import type { Readable } from 'node:stream';
import { DatasetMismatchError } from '#shared/errors.ts';

/** A row of HANA can't hold more, and a file that is no CSV would otherwise be read into memory whole. */
const MAX_RECORD_LENGTH = 64 * 1024 * 1024;

/**
 * Splits CSV into records of raw fields: quotes stay as they are, so that fields written again are the same bytes.
 * A quoted field may hold commas, line breaks and doubled quotes.
 */
export async function* csvRecords(
  csv: Readable | AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  for await (const chunk of csv) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    let start = 0;
    for (let end = recordEnd(text, start); end >= 0; end = recordEnd(text, start)) {
      yield rawFields(text.slice(start, end));
      start = end + 1;
    }
    text = text.slice(start);
    if (text.length > MAX_RECORD_LENGTH)
      throw new DatasetMismatchError('A CSV record is too long: a quote isn’t closed.');
  }
  text += decoder.decode();
  if (text !== '') yield rawFields(text);
}

/** The records of a text that is at hand. */
export const csvRecordsOf = async (text: string): Promise<string[][]> => {
  const records: string[][] = [];
  for await (const record of csvRecords([Buffer.from(text)])) records.push(record);
  return records;
};

/** The next line break outside quotes, or -1. A doubled quote closes and opens again, which comes to the same. */
const recordEnd = (text: string, start: number): number => {
  let from = start;
  for (;;) {
    const lineBreak = text.indexOf('\n', from);
    if (lineBreak < 0) return -1;
    const open = text.indexOf('"', from);
    if (open < 0 || open > lineBreak) return lineBreak;
    const close = text.indexOf('"', open + 1);
    if (close < 0) return -1;
    from = close + 1;
  }
};

const rawFields = (record: string): string[] => {
  const line = record.endsWith('\r') ? record.slice(0, -1) : record;
  if (!line.includes('"')) return line.split(',');
  const fields: string[] = [];
  let start = 0;
  let quoted = false;
  for (let index = 0; index < line.length; index += 1) {
    if (line[index] === '"') quoted = !quoted;
    else if (line[index] === ',' && !quoted) {
      fields.push(line.slice(start, index));
      start = index + 1;
    }
  }
  fields.push(line.slice(start));
  return fields;
};
