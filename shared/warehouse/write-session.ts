import { DuplicateKeyError } from '#shared/errors.ts';
import { primaryKeyOf, tableColumns } from '#shared/warehouse/catalog.ts';
import { DUPLICATE_TABLE_NAME, INVALID_TABLE_NAME, isHanaClientError } from '#shared/warehouse/hana-errors.ts';
import {
  freeLease,
  freshLease,
  holdLease,
  insertFenced,
  LEASES,
  selectLease,
  selectLeaseOwners,
  takeLease,
} from '#shared/warehouse/lease-sql.ts';
import {
  copyRows,
  createColumnTable,
  createNewestView,
  deleteEqual,
  dropTable,
  insertValues,
  lockTable,
  qualified,
  type SqlStatement,
  selectCount,
  selectCountDistinct,
  selectEqual,
  selectSumsBy,
  selectTablesOlderThan,
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

    async createView(view) {
      await connection.execute(ddl(createNewestView(schema, view)), `Creating ${qualified(own(view.name))}`);
    },

    async dropTable(name) {
      await unless(INVALID_TABLE_NAME, () =>
        connection.execute(ddl(dropTable(own(name))), `Dropping ${qualified(own(name))}`),
      );
    },

    async tablesOlderThan(prefix, ageSeconds) {
      const statement = selectTablesOlderThan(schema, prefix, ageSeconds);
      return (await connection.query(statement, 'Reading SYS.TABLES')).rows.map(([name]) => String(name));
    },

    async forbidDdl() {
      await connection.execute(ddl('SET TRANSACTION DDL OFF'), 'Forbidding DDL');
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
    async sumsBy(table, by, summed) {
      const { rows } = await connection.query(
        selectSumsBy(own(table), by, summed),
        `Adding up ${qualified(own(table))}`,
      );
      return rows.map(([group, rowCount, sum]) => ({
        group: Number(group),
        rowCount: Number(rowCount),
        sum: BigInt(String(sum)),
      }));
    },
    copy: (copy) => connection.execute(copyRows(schema, copy), `Writing to ${qualified(own(copy.to))}`),
    async lock(table) {
      await connection.execute(ddl(lockTable(own(table))), `Locking ${qualified(own(table))}`);
    },
    ...leasesOn(connection, schema),
  };
};

type LeaseMethods = 'takeLease' | 'holdLease' | 'freeLease' | 'insertFenced' | 'leaseOwners';

const leasesOn = (connection: SqlConnection, schema: string): Pick<Transaction, LeaseMethods> => ({
  async takeLease(claim) {
    const doing = `Asking for the right to write to ${claim.target}`;
    const row = async () => (await connection.query(selectLease(schema, claim.target), doing)).rows[0];
    if (!(await row())) await ignoreDuplicate(() => insertFreshLease(connection, schema, claim.target, doing));
    const taken = await connection.execute(takeLease(schema, claim), doing);
    const [owner, fence, runId, secondsLeft] = (await row())!;
    if (taken === 1) return { fence: Number(fence) };
    const lease = { target: claim.target, owner: String(owner), fence: Number(fence) };
    return { lease, heldByRunId: String(runId), secondsLeft: Math.max(0, Number(secondsLeft)) };
  },
  async holdLease(lease, ttlSeconds) {
    const doing = `Prolonging the right to write to ${lease.target}`;
    return (await connection.execute(holdLease(schema, lease, ttlSeconds), doing)) === 1;
  },
  async freeLease(lease, forGood) {
    await connection.execute(freeLease(schema, lease, forGood), `Giving up the right to write to ${lease.target}`);
  },
  async insertFenced(table, row, lease) {
    const doing = `Inserting into ${qualified({ schema, name: table.name })}`;
    return (await connection.execute(insertFenced(schema, table, row, lease), doing)) === 1;
  },
  async leaseOwners() {
    const { rows } = await connection.query(selectLeaseOwners(schema), 'Reading the leases');
    return rows.map(([owner]) => String(owner));
  },
});

const insertFreshLease = (connection: SqlConnection, schema: string, target: string, doing: string): Promise<void> => {
  const columns = LEASES.columns.map(({ name }) => name);
  return connection.executeBatch(insertValues({ schema, name: LEASES.name }, columns), [freshLease(target)], doing);
};

/** Somebody else made the row in the meantime. */
const ignoreDuplicate = async (run: () => Promise<void>): Promise<void> => {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
  }
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
