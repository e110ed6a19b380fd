import { csvField } from '#shared/dataset/csv.ts';
import { type CsvRecord, readCsv } from '#shared/dataset/read-csv.ts';
import { InvalidInputError, MalformedCsvError } from '#shared/errors.ts';

/**
 * The rows of a CSV file as lines for a model that takes `features`. A first line of their names is left out.
 *
 * @throws InvalidInputError for a row with more or fewer values, another order of names, or a file without rows or that is no CSV.
 */
export async function* featureRows(
  csv: AsyncIterable<Uint8Array>,
  file: string,
  features: readonly string[],
): AsyncGenerator<string> {
  const expected = `The model takes ${features.length}, in this order: ${features.join(', ')}.`;
  let rowCount = 0;
  for await (const records of recordsOf(csv, file)) {
    for (const { line, fields } of records) {
      if (line === 1 && isHeader(fields, features)) {
        if (sameNames(fields, features)) continue;
        throw new InvalidInputError(
          `The columns that the first line of ${file} names are in another order. ${expected}`,
        );
      }
      if (fields.length !== features.length) {
        const values = fields.length === 1 ? '1 value' : `${fields.length} values`;
        throw new InvalidInputError(`The row in line ${line} of ${file} has ${values}. ${expected}`);
      }
      rowCount += 1;
      yield fields.map(csvField).join(',');
    }
  }
  if (rowCount === 0) throw new InvalidInputError(`${file} has no rows. ${expected}`);
}

/** To this command a broken file is a wrong input; within a run it is a failure. */
async function* recordsOf(csv: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<readonly CsvRecord[]> {
  try {
    yield* readCsv(withoutByteOrderMark(csv), file);
  } catch (error) {
    if (!(error instanceof MalformedCsvError)) throw error;
    throw new InvalidInputError(error.message, { cause: error });
  }
}

/** Spreadsheets begin UTF-8 files with one; the model would take it for a part of the first value. */
async function* withoutByteOrderMark(csv: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const chunk of csv) {
    yield isFirst && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? chunk.subarray(3) : chunk;
    isFirst = false;
  }
}

type Fields = CsvRecord['fields'];

const isHeader = (fields: Fields, features: readonly string[]): boolean => {
  const names = new Set(features.map(normalized));
  return fields.length === features.length && fields.every((field) => names.has(normalized(field)));
};

const sameNames = (fields: Fields, features: readonly string[]): boolean =>
  fields.every((field, index) => normalized(field) === normalized(features[index]!));

const normalized = (name: string | null): string => (name ?? '').trim().toUpperCase();
