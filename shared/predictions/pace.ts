/** How many rows a model is asked for at a time, as it turns out what it can take. */
export interface Pace {
  readonly maxRows: number;
  readonly maxBytes: number;
  /** Tells that the model answered so many rows in that time. */
  answered(rowCount: number, milliseconds: number): void;
  /** Tells that so many rows were too many for the time that a model is given. */
  timedOut(rowCount: number): void;
}

/** A sixth of what a model is given: the next rows may be slower ones. */
const WANTED_MS = 10_000;

/** Where nothing is known of the model yet. */
const FIRST_ROWS = 500;

/** The default server of scikit-learn's image fails on one row. */
const MIN_ROWS = 2;

/**
 * Starts small, and at most doubles from answer to answer while the model stays quick, so that a slow one is not asked for more
 * than it can answer, and a fast one gets whole payloads after a few requests.
 *
 * @param known What the smoke test measured, if it did.
 */
export const openPace = (
  maxBytes: number,
  known?: { readonly rowCount: number; readonly milliseconds: number },
): Pace => {
  let maxRows = known ? Math.min(rowsIn(WANTED_MS, known.rowCount, known.milliseconds), FIRST_ROWS) : FIRST_ROWS;
  let ceiling = Number.POSITIVE_INFINITY;
  return {
    maxBytes,
    get maxRows() {
      return maxRows;
    },
    answered(rowCount, milliseconds) {
      const fitting = rowsIn(WANTED_MS, rowCount, milliseconds);
      // A payload that bytes or the end of the data cut short doesn't show that more rows would be quick.
      const grown = rowCount * 2 > maxRows ? maxRows * 2 : maxRows;
      maxRows = Math.max(MIN_ROWS, Math.min(grown, fitting, ceiling));
    },
    timedOut(rowCount) {
      ceiling = Math.max(MIN_ROWS, Math.floor(rowCount / 2));
      maxRows = Math.min(maxRows, ceiling);
    },
  };
};

const rowsIn = (milliseconds: number, rowCount: number, measuredMs: number): number =>
  Math.max(MIN_ROWS, Math.floor((milliseconds * rowCount) / Math.max(measuredMs, 1)));
