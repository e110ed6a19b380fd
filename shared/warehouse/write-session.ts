import { primaryKeyOf, tableColumns } from '#shared/warehouse/catalog.ts';
import { DUPLICATE_TABLE_NAME, INVALID_TABLE_NAME, isHanaClientError } from '#shared/warehouse/hana-errors.ts';
import {
  copyRows,
  createColumnTable,
  deleteEqual,
  dropTable,
  insertValues,
  lockTable,
  qualified,
  type SqlStatement,
  selectCount,
  selectCountDistinct,
  selectEqual,
} from '#shared/warehouse/sql.ts';
import type { SqlConnection } from '#shared/warehouse/sql-connection.ts';
import type { QualifiedName, Transaction, WriteSession } from '#shared/warehouse/warehouse.ts';

/** Writing over a HANA connection with autocommit off. `schema` is the database user's own schema. */
export const writeSession = (connection: SqlConnection, schema: string): WriteSession => {
  const own = (name: string): QualifiedName => ({ schema, name });
  return {
    schema,

    async tableOf(name) {
      const columns = await tableColumns(connection, own(name));
      return columns.length > 0 ? { name, columns, primaryKey: await primaryKeyOf(connection, own(name)) } : undefined;
    },

    async createTable(table) {
      await unless(DUPLICATE_TABLE_NAME, () =>
        connection.execute(ddl(createColumnTable(schema, table)), `Creating ${qualified(own(table.name))}`),
      );
    },

    async dropTable(name) {
      await unless(INVALID_TABLE_NAME, () =>
        connection.execute(ddl(dropTable(own(name))), `Dropping ${qualified(own(name))}`),
      );
    },

    async transaction(work) {
      try {
        const result = await work(transactionOn(connection, schema));
        await connection.commit();
        return result;
      } catch (error) {
        // A lost connection has rolled back already, and the first error is the one to tell.
        await connection.rollback().catch(() => undefined);
        throw error;
      }
    },
  };
};

const transactionOn = (connection: SqlConnection, schema: string): Transaction => {
  const own = (name: string): QualifiedName => ({ schema, name });
  const count = async (statement: SqlStatement, table: string): Promise<number> => {
    const { rows } = await connection.query(statement, `Counting the rows of ${qualified(own(table))}`);
    return Number(rows[0]![0]);
  };
  return {
    async insert(table, columns, rows) {
      const sql = insertValues(own(table), columns);
      await connection.executeBatch(sql, rows, `Inserting into ${qualified(own(table))}`);
    },
    async delete(table, where) {
      await connection.execute(deleteEqual(own(table), where), `Deleting from ${qualified(own(table))}`);
    },
    count: (table) => count(selectCount(own(table)), table),
    countDistinct: (table, columns) => count(selectCountDistinct(own(table), columns), table),
    async find(table, columns, where) {
      const statement = selectEqual(own(table), columns, where);
      return (await connection.query(statement, `Reading ${qualified(own(table))}`)).rows;
    },
    copy: (copy) => connection.execute(copyRows(schema, copy), `Writing to ${qualified(own(copy.to))}`),
    async lock(table) {
      await connection.execute(ddl(lockTable(own(table))), `Locking ${qualified(own(table))}`);
    },
  };
};

const ddl = (sql: string): SqlStatement => ({ sql, parameters: [] });

/** Runs a statement and takes HANA's error `code` as an answer, since it says that there is nothing left to do. */
const unless = async (code: number, run: () => Promise<unknown>): Promise<void> => {
  try {
    await run();
  } catch (error) {
    const cause = (error as Error).cause;
    if (!isHanaClientError(cause) || cause.code !== code) throw error;
  }
};
