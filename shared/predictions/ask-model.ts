import { csvRecordsOf } from '#shared/dataset/read-csv.ts';
import { DatasetMismatchError, MalformedCsvError, PayloadTooLargeError } from '#shared/errors.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';

/** What a model says of one row. */
export type ModelAnswer = readonly (string | null)[];

/**
 * A model's answers to rows of features, one answer a row, each a list of fields; null is an empty one.
 * The default server of scikit-learn's image fails on a request with one row; a lone row is sent twice. Rows that are too
 * many for a request are sent in halves.
 *
 * @param rows CSV lines without their line breaks.
 * @throws DatasetMismatchError when the model gives more or fewer answers than it was asked for, or what is no CSV.
 */
export const askModel = async (
  modelServer: ModelServer,
  endpointName: string,
  rows: readonly string[],
): Promise<ModelAnswer[]> => {
  try {
    return await askAtOnce(modelServer, endpointName, rows);
  } catch (error) {
    if (!(error instanceof PayloadTooLargeError) || rows.length < 2) throw error;
  }
  const half = Math.ceil(rows.length / 2);
  return [
    ...(await askModel(modelServer, endpointName, rows.slice(0, half))),
    ...(await askModel(modelServer, endpointName, rows.slice(half))),
  ];
};

const askAtOnce = async (
  modelServer: ModelServer,
  endpointName: string,
  rows: readonly string[],
): Promise<ModelAnswer[]> => {
  const asked = rows.length === 1 ? [rows[0]!, rows[0]!] : rows;
  const answers = answersOf(await modelServer.predict(endpointName, `${asked.join('\n')}\n`), endpointName);
  if (answers.length !== asked.length) {
    throw new DatasetMismatchError(
      `The model behind ${endpointName} gave ${answers.length} answers to ${asked.length} rows. ` +
        'Its predict_fn or output_fn must give one line a row, in order.',
    );
  }
  return answers.slice(0, rows.length);
};

const answersOf = (text: string, endpointName: string): ModelAnswer[] => {
  try {
    return csvRecordsOf(text, `the answer of ${endpointName}`).map(({ fields }) => fields);
  } catch (error) {
    if (!(error instanceof MalformedCsvError)) throw error;
    throw new DatasetMismatchError(`Not CSV: ${error.message} The model's output_fn must answer CSV.`, {
      cause: error,
    });
  }
};
