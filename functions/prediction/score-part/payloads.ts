import { UnstageableValueError } from '#shared/errors.ts';
import type { Pace } from '#shared/predictions/pace.ts';

/** A row to predict: the fields that identify it, and the line of CSV that the model sees of it. */
export interface ScoringRow {
  readonly key: readonly (string | null)[];
  readonly features: string;
}

/** InvokeEndpoint takes 6 MiB, and a serverless endpoint 4 MB; a payload has at least two rows. */
const MAX_ROW_BYTES = 1_900_000;

/**
 * Gathers rows into payloads of at most as many rows and bytes as the pace says, in order, each of two rows or more: the
 * default server of scikit-learn's image fails on one. Only a dataset of a single row makes a payload of one.
 */
export async function* payloads(
  rows: AsyncIterable<ScoringRow>,
  pace: Pick<Pace, 'maxRows' | 'maxBytes'>,
): AsyncGenerator<ScoringRow[]> {
  let payload: ScoringRow[] = [];
  let sizeBytes = 0;
  for await (const row of rows) {
    const rowBytes = bytesOf(row);
    const isFull = sizeBytes + rowBytes > pace.maxBytes || payload.length - 2 >= pace.maxRows;
    if (payload.length >= 4 && isFull) {
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
