import { type CsvRecord, readCsv } from '#shared/dataset/read-csv.ts';
import { InvalidInputError, MalformedCsvError } from '#shared/errors.ts';
import type { FeatureContract } from '#shared/models/feature-contract.ts';
import { featureRowReader } from '#shared/models/feature-rows.ts';
import { listOf } from '#shared/models/match-features.ts';

/**
 * The rows of a CSV file as lines for a model with this contract, by the names in its first line where it has them.
 *
 * @throws InvalidInputError for a file without rows, or that is no CSV. FeatureMismatchError for rows that aren't the model's.
 */
export async function* featureRows(
  csv: AsyncIterable<Uint8Array>,
  file: string,
  contract: FeatureContract | undefined,
): AsyncGenerator<string> {
  const read = featureRowReader(contract, file);
  let rowCount = 0;
  for await (const records of recordsOf(csv, file)) {
    for (const record of records) {
      const row = read(record);
      if (row === undefined) continue;
      rowCount += 1;
      yield row;
    }
  }
  if (rowCount === 0) throw new InvalidInputError(`${file} has no rows.${contract ? ` ${listOf(contract)}` : ''}`);
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
