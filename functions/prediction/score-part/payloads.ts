import { UnstageableValueError } from '#shared/errors.ts';

/** A row to predict: the fields that identify it, and the line of CSV that the model sees of it. */
export interface ScoringRow {
  readonly key: readonly (string | null)[];
  readonly features: string;
}

/** Small enough for a serverless endpoint (4 MB) and for a model to answer within a minute. */
const TARGET_PAYLOAD_BYTES = 1024 * 1024;

/** InvokeEndpoint takes 6 MiB, and a serverless endpoint 4 MB; a payload has at least two rows. */
const MAX_ROW_BYTES = 1_900_000;

/**
 * Gathers rows into payloads of about one megabyte, in order, each of two rows or more: the default server of
 * scikit-learn's image fails on one. Only a dataset of a single row makes a payload of one.
 */
export async function* payloads(rows: AsyncIterable<ScoringRow>): AsyncGenerator<ScoringRow[]> {
  let payload: ScoringRow[] = [];
  let sizeBytes = 0;
  for await (const row of rows) {
    const rowBytes = bytesOf(row);
    if (payload.length >= 4 && sizeBytes + rowBytes > TARGET_PAYLOAD_BYTES) {
      // Two rows stay behind, so that the last payload has company whatever comes.
      const kept = payload.splice(-2);
      yield payload;
      payload = kept;
      sizeBytes = kept.reduce((sum, each) => sum + bytesOf(each), 0);
    }
    payload.push(row);
    sizeBytes += rowBytes;
  }
  if (payload.length > 0) yield payload;
}

const bytesOf = ({ features }: ScoringRow): number => {
  const bytes = Buffer.byteLength(features) + 1;
  if (bytes > MAX_ROW_BYTES) {
    throw new UnstageableValueError(
      `A row has ${bytes} bytes, more than an endpoint takes in a request. Leave large columns out of prediction.source.columns.`,
    );
  }
  return bytes;
};
