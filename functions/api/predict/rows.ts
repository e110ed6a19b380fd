import { csvField } from '#shared/dataset/csv.ts';
import { csvRecordsOf } from '#shared/dataset/read-csv.ts';
import { HttpProblem } from '#shared/http-api/problem.ts';
import { didYouMean } from '#shared/nearest-names.ts';
import { MAX_ROWS, type Value } from './schema.ts';

/** The lines of a CSV text, each of the same number of fields. */
export const csvRows = (csv: string): string[] => {
  const records = csvRecordsOf(csv, 'the body').map(({ fields }) => fields);
  if (records.length > MAX_ROWS) throw invalid(`There are ${records.length} rows; ${MAX_ROWS} are taken at a time.`);
  const odd = records.findIndex(({ length }) => length !== records[0]!.length);
  if (odd >= 0) {
    throw invalid(`Row ${odd + 1} has ${records[odd]!.length} fields, and the first one has ${records[0]!.length}.`);
  }
  return records.map((fields) => fields.map(csvField).join(','));
};

/** Rows by their columns' names as lines of CSV, in the order that the model was trained with. */
export const namedRows = (rows: readonly Readonly<Record<string, Value>>[], features: readonly string[]): string[] => {
  const problems = rows.flatMap((row, index) => [
    ...features
      .filter((feature) => !Object.hasOwn(row, feature))
      .map((feature) => `Row ${index + 1} has no ${feature}.`),
    ...Object.keys(row)
      .filter((name) => !features.includes(name))
      .map((name) => `Row ${index + 1} has ${name}, which is no feature.${didYouMean(name, features)}`),
  ]);
  if (problems.length > 0) throw invalid(problems.slice(0, MAX_PROBLEMS).join('\n'));
  return rows.map((row) => features.map((feature) => csvFieldOf(row[feature]!)).join(','));
};

/** Null is an empty field. */
export const csvFieldOf = (value: Value): string => csvField(value === null ? null : String(value));

/** Ten rows that lack the same column say enough. */
const MAX_PROBLEMS = 10;

const invalid = (detail: string): HttpProblem => new HttpProblem(400, 'InvalidRequest', detail);
