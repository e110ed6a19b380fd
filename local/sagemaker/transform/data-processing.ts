import type { JsonPath } from './json-path.ts';
import { applyJsonPath, parseJsonPath } from './json-path.ts';

/** What a transform job does with single records besides sending them: text in, text out, without line ends. */
export interface DataProcessing {
  /** Undefined when records are sent as they are. */
  readonly filterInput: ((record: string) => string) | undefined;
  /** Joins an answer with its record and filters the result; undefined when answers are kept as they are. */
  readonly finish: ((record: string, answer: string) => string) | undefined;
}

export interface DataProcessingRequest {
  readonly InputFilter?: string | undefined;
  readonly OutputFilter?: string | undefined;
  readonly JoinSource?: 'Input' | 'None' | undefined;
}

/** The processing of CSV records, or of JSON for every other content type. */
export const dataProcessing = (
  { InputFilter = '$', OutputFilter = '$', JoinSource = 'None' }: DataProcessingRequest,
  contentType: string | undefined,
): DataProcessing => {
  const { decode, encode, join } = isCsv(contentType) ? CSV : JSON_RECORDS;
  const [inputPath, outputPath] = [parseJsonPath(InputFilter), parseJsonPath(OutputFilter)];
  const joins = JoinSource === 'Input';
  const filter = (path: JsonPath, value: unknown) => encode(applyJsonPath(path, value));
  return {
    filterInput: inputPath.length === 0 ? undefined : (record) => filter(inputPath, decode(record)),
    finish:
      joins || outputPath.length > 0
        ? (record, answer) => filter(outputPath, joins ? join(decode(record), decode(answer)) : decode(answer))
        : undefined,
  };
};

export const isCsv = (contentType: string | undefined): boolean => contentType === 'text/csv';

interface RecordFormat {
  decode(text: string): unknown;
  encode(value: unknown): string;
  join(record: unknown, answer: unknown): unknown;
}

/** A CSV record is its fields as they are written, quotes included, so that nothing is lost on the way. */
const CSV: RecordFormat = {
  decode: (line) => splitCsvRecord(line),
  encode: (value) => (Array.isArray(value) ? value.join(',') : String(value)),
  join: (record, answer) => [...(record as string[]), ...(answer as string[])],
};

const JSON_RECORDS: RecordFormat = {
  decode: (text) => JSON.parse(text, keepNumberText),
  encode: (value) => JSON.stringify(value),
  join: (record, answer) =>
    typeof record === 'object' && record !== null && !Array.isArray(record)
      ? { ...record, SageMakerOutput: answer }
      : { SageMakerInput: record, SageMakerOutput: answer },
};

const splitCsvRecord = (line: string): string[] => {
  const fields: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let position = 0; position < line.length; position += 1) {
    if (line[position] === '"') isQuoted = !isQuoted;
    if (line[position] !== ',' || isQuoted) continue;
    fields.push(line.slice(start, position));
    start = position + 1;
  }
  return [...fields, line.slice(start)];
};

/** Numbers keep their digits: a key beyond 2^53 must come out as it went in. */
const keepNumberText = (_key: string, value: unknown, context?: { source: string }): unknown =>
  typeof value === 'number' && context && String(value) !== context.source ? rawJson(context.source) : value;

const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
