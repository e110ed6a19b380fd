import { UnknownWarehouseObjectError, WarehousePrivilegeError } from '#shared/errors.ts';
import { didYouMean } from '#shared/nearest-names.ts';
import { columnsOf, viewNames } from '#shared/warehouse/catalog.ts';
import { qualified, selectMeasure, selectRows } from '#shared/warehouse/sql.ts';
import type { SqlConnection } from '#shared/warehouse/sql-connection.ts';
import { plainDigits } from '#shared/warehouse/value-text.ts';
import type { QualifiedName, ReadSession, WarehouseValue } from '#shared/warehouse/warehouse.ts';

/** Reading over a HANA connection. `schema` is the space schema. */
export const readSession = (connection: SqlConnection, schema: string): ReadSession => ({
  schema,

  async columnsOf(view) {
    const columns = await columnsOf(connection, view);
    if (columns.length > 0) return columns;
    await assertReadable(connection, view);
    throw await unknownView(connection, view);
  },

  async measure(view, column) {
    const statement = selectMeasure(view, column);
    const { rows } = await connection.query(statement, `Counting the rows of ${qualified(view)}`);
    const [rowCount, valueCount = rowCount, min, max] = rows[0]!;
    return {
      rowCount: Number(rowCount),
      nullCount: Number(rowCount) - Number(valueCount),
      ...(hasValue(min) && hasValue(max) ? { min: plainDigits(String(min)), max: plainDigits(String(max)) } : {}),
    };
  },

  rows(query) {
    return connection.stream(selectRows(query), `Reading ${qualified(query.view)}`);
  },
});

const hasValue = (value: WarehouseValue | undefined): boolean => value !== undefined && value !== null;

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
