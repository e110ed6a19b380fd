import { csvRecordsOf } from '#shared/dataset/read-csv.ts';
import { HttpProblem } from '#shared/http-api/problem.ts';
import type { FeatureContract } from '#shared/models/feature-contract.ts';
import { featureRowReader } from '#shared/models/feature-rows.ts';
import { MAX_ROWS } from './schema.ts';

/** The rows of a CSV text, with or without a line of names, as lines for the model. */
export const csvRows = (csv: string, contract: FeatureContract | undefined): string[] => {
  const read = featureRowReader(contract, 'the body');
  const rows = csvRecordsOf(csv, 'the body').flatMap((record) => read(record) ?? []);
  if (rows.length === 0) throw new HttpProblem(400, 'InvalidRequest', 'The body has no rows.');
  if (rows.length > MAX_ROWS) {
    throw new HttpProblem(400, 'InvalidRequest', `There are ${rows.length} rows; ${MAX_ROWS} are taken at a time.`);
  }
  return rows;
};
