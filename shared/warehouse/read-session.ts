import { UnknownWarehouseObjectError, WarehousePrivilegeError } from '#shared/errors.ts';
import { didYouMean } from '#shared/nearest-names.ts';
import { columnsOf, viewNames } from '#shared/warehouse/catalog.ts';
import {
  MEASURE_LINE,
  selectFingerprints,
  selectMeasure,
  selectRepeatedKeys,
  selectRows,
} from '#shared/warehouse/read-sql.ts';
import { qualified } from '#shared/warehouse/sql.ts';
import type { SqlConnection } from '#shared/warehouse/sql-connection.ts';
import type { Measure, MeasureRequest, QualifiedName, ReadSession, Row, Tile } from '#shared/warehouse/warehouse.ts';

/** Reading over a HANA connection. `schema` is the space schema. */
export const readSession = (connection: SqlConnection, schema: string): ReadSession => ({
  schema,

  async columnsOf(view) {
    const columns = await columnsOf(connection, view);
    if (columns.length > 0) return columns;
    await assertReadable(connection, view);
    throw await unknownView(connection, view);
  },

  async measure(view, request) {
    const statement = selectMeasure(view, request);
    const { rows } = await connection.query(statement, `Measuring ${qualified(view)}`);
    return measureOf(rows, request);
  },

  async repeatedKeys(view, key) {
    const { rows } = await connection.query(
      selectRepeatedKeys(view, key),
      `Looking for repeated keys in ${qualified(view)}`,
    );
    return Number(rows[0]![0]);
  },

  rows(query) {
    return connection.stream(selectRows(query), `Reading ${qualified(query.view)}`);
  },

  async fingerprints(view, columns, selections) {
    const statement = selectFingerprints(view, columns, selections);
    const { rows } = await connection.query(statement, `Taking the fingerprint of ${qualified(view)}`);
    const found = new Map(rows.map(([index, rowCount, checksum]) => [Number(index), { rowCount, checksum }]));
    return selections.map((_, index) => {
      const { rowCount = 0, checksum = 0 } = found.get(index) ?? {};
      return { rowCount: Number(rowCount), checksum: String(checksum) };
    });
  },
});

const measureOf = (lines: readonly Row[], { spreadOf = [], watermark }: MeasureRequest = {}): Measure => {
  const about = (what: number): readonly Row[] => lines.filter(([line]) => Number(line) === what);
  const spreads = spreadOf.map((_, index) => about(index).map(tileOf));
  const [[, , sampleRows = 0, sampleLength = 0] = []] = about(MEASURE_LINE.length);
  const [[, , rowCount = 0] = []] = about(MEASURE_LINE.count);
  const [[, , withAndWithout = 0, withWatermark = 0, , upTo = null] = []] = about(MEASURE_LINE.watermark);
  return {
    rowCount: spreads[0] ? spreads[0].reduce((sum, tile) => sum + tile.rowCount, 0) : Number(rowCount),
    spreads,
    meanLength: Number(sampleRows) > 0 ? Number(sampleLength) / Number(sampleRows) : 0,
    ...(watermark
      ? {
          watermark: {
            ...(upTo === null ? {} : { upTo: String(upTo) }),
            missingCount: Number(withAndWithout) - Number(withWatermark),
          },
        }
      : {}),
  };
};

const tileOf = ([, , rowCount, valueCount, min = null, max = null]: Row): Tile => ({
  rowCount: Number(rowCount),
  nullCount: Number(rowCount) - Number(valueCount),
  ...(min === null || max === null ? {} : { min: String(min), max: String(max) }),
});

/** The catalog hides what the user has no privilege for; asked for rows, HANA tells it from what isn't there. */
const assertReadable = async (connection: SqlConnection, view: QualifiedName): Promise<void> => {
  const probe = { sql: `SELECT TOP 1 1 FROM ${qualified(view)}`, parameters: [] };
  try {
    await connection.query(probe, `Reading ${qualified(view)}`);
  } catch (error) {
    // Anything else that is wrong is met again by what comes next.
    if (error instanceof WarehousePrivilegeError) throw error;
  }
};

const unknownView = async (connection: SqlConnection, view: QualifiedName): Promise<UnknownWarehouseObjectError> => {
  const names = await viewNames(connection, view.schema);
  return new UnknownWarehouseObjectError(
    `There is no view ${qualified(view)} that the database user can see.${didYouMean(view.name, names)} A view of a space can be seen once "Expose for Consumption" is switched on and the view is deployed.`,
  );
};
