import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { isFloatingDecimal } from '#shared/warehouse/column-types.ts';
import type { SqlConnection } from '#shared/warehouse/sql-connection.ts';
import type { QualifiedName, Row } from '#shared/warehouse/warehouse.ts';

/** The columns of a view or table as HANA's catalog has them; none when it isn't there for this user. */
export const columnsOf = async (connection: SqlConnection, object: QualifiedName): Promise<DatasetColumn[]> => {
  const ofView = await columnsIn(connection, 'VIEW', object);
  return ofView.length > 0 ? ofView : columnsIn(connection, 'TABLE', object);
};

/** The columns of a table in the database user's own schema. */
export const tableColumns = (connection: SqlConnection, table: QualifiedName): Promise<DatasetColumn[]> =>
  columnsIn(connection, 'TABLE', table);

export const primaryKeyOf = async (connection: SqlConnection, { schema, name }: QualifiedName): Promise<string[]> => {
  const { rows } = await connection.query(
    {
      sql: `SELECT COLUMN_NAME FROM SYS.CONSTRAINTS WHERE SCHEMA_NAME = ? AND TABLE_NAME = ? AND IS_PRIMARY_KEY = 'TRUE' ORDER BY POSITION`,
      parameters: [schema, name],
    },
    'Reading SYS.CONSTRAINTS',
  );
  return rows.map(([column]) => String(column));
};

export const viewNames = async (connection: SqlConnection, schema: string): Promise<string[]> => {
  const { rows } = await connection.query(
    { sql: 'SELECT VIEW_NAME FROM SYS.VIEWS WHERE SCHEMA_NAME = ? ORDER BY VIEW_NAME', parameters: [schema] },
    'Reading SYS.VIEWS',
  );
  return rows.map(([name]) => String(name));
};

const columnsIn = async (
  connection: SqlConnection,
  kind: 'VIEW' | 'TABLE',
  { schema, name }: QualifiedName,
): Promise<DatasetColumn[]> => {
  const { rows } = await connection.query(
    {
      sql: `SELECT COLUMN_NAME, DATA_TYPE_NAME, LENGTH, SCALE, IS_NULLABLE FROM SYS.${kind}_COLUMNS WHERE SCHEMA_NAME = ? AND ${kind}_NAME = ? ORDER BY POSITION`,
      parameters: [schema, name],
    },
    `Reading SYS.${kind}_COLUMNS`,
  );
  return rows.map(columnOf);
};

const columnOf = ([name, typeName, length, givenScale, nullable]: Row): DatasetColumn => {
  const type = String(typeName);
  const scale = givenScale === null ? null : Number(givenScale);
  return {
    name: String(name),
    type,
    length: Number(length ?? 0),
    scale: isFloatingDecimal({ type, scale }) ? null : (scale ?? 0),
    nullable: String(nullable) !== 'FALSE',
  };
};
