import { csvRecordsOf } from '#shared/dataset/read-csv.ts';
import { DatasetMismatchError, MalformedCsvError, ModelTimeoutError, PayloadTooLargeError } from '#shared/errors.ts';
import type { Pace } from '#shared/predictions/pace.ts';
import { withLastWords } from '#shared/sagemaker/model-answer.ts';
import type { ModelServer } from '#shared/sagemaker/model-server.ts';

/** What a model says of one row. */
export type ModelAnswer = readonly (string | null)[];

interface Options {
  /** Whether rows that take the model too long are asked for again in halves; not where somebody waits for the answer. */
  readonly isPatient?: boolean;
  /** Learns how long the model takes. */
  readonly pace?: Pace;
}

/**
 * A model's answers to rows of features, one answer a row, each a list of fields; null is an empty one.
 * The default server of scikit-learn's image fails on a request with one row; a lone row is sent twice. Rows that are too
 * many for a request, or for the time that the model is given for one, are sent in halves.
 *
 * @param rows CSV lines without their line breaks.
 * @throws DatasetMismatchError when the model gives more or fewer answers than it was asked for, or what is no CSV.
 * @throws ModelTimeoutError when even one row takes too long; it carries the end of the model's log.
 */
export const askModel = async (
  modelServer: ModelServer,
  endpointName: string,
  rows: readonly string[],
  { isPatient = true, pace }: Options = {},
): Promise<ModelAnswer[]> => {
  const startedAt = new Date();
  try {
    const answers = await askAtOnce(modelServer, endpointName, rows);
    pace?.answered(rows.length, Date.now() - startedAt.getTime());
    return answers;
  } catch (error) {
    const isTooSlow = error instanceof ModelTimeoutError;
    if (!isTooSlow && !(error instanceof PayloadTooLargeError)) throw error;
    if (isTooSlow && (!isPatient || rows.length < 2)) {
      throw await explained(error, modelServer, endpointName, rows.length, startedAt);
    }
    if (rows.length < 2) throw error;
    if (isTooSlow) pace?.timedOut(rows.length);
  }
  const half = Math.ceil(rows.length / 2);
  const options = { isPatient, ...(pace && { pace }) };
  return [
    ...(await askModel(modelServer, endpointName, rows.slice(0, half), options)),
    ...(await askModel(modelServer, endpointName, rows.slice(half), options)),
  ];
};

const explained = async (
  error: ModelTimeoutError,
  modelServer: ModelServer,
  endpointName: string,
  rowCount: number,
  since: Date,
): Promise<ModelTimeoutError> => {
  const words = (await modelServer.lastWords?.(endpointName, since)) ?? '';
  const rows = rowCount === 1 ? 'one row' : `${rowCount} rows`;
  return new ModelTimeoutError(withLastWords(`${error.message} It was asked for ${rows}.`, words), { cause: error });
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
