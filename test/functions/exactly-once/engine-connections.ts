import { DuckDBBlobValue } from '@duckdb/node-api';
import type { HanaParameter, HanaSession, HanaStatement, HanaValue } from '#local/hana/engine.ts';
import { type LaptopHanaEngine, openHanaEngine } from '#local/hana/sql/engine.ts';
import { asWarehouseError } from '#shared/warehouse/hana-errors.ts';
import type { OpenConnection, QueryResult, SqlConnection, SqlConnections } from '#shared/warehouse/sql-connection.ts';
import type { Row, WarehouseValue } from '#shared/warehouse/warehouse.ts';

export const USER = 'SPACE#USER';

/** The laptop's SQL engine with a space and its database user. Nobody waits long for a lock: the matrix makes many meet. */
export const openEngine = (): Promise<LaptopHanaEngine> =>
  openHanaEngine({
    databaseFile: ':memory:',
    users: ['SPACE', USER].map((name) => ({ name, password: 'Laptop1234' })),
    lockWaitMilliseconds: 30,
  });

/** Connections straight to the engine: HANA's SQL, transactions and locks without the wire, thousands of sessions a minute. */
export const engineConnections = (engine: LaptopHanaEngine, user = USER): SqlConnections => ({
  async open() {
    const session = await engine.openSession(user);
    return { connection: connectionOf(session), spaceSchema: 'SPACE', close: () => session.close() };
  },
});

/** The connections of one process, which are lost when it dies. */
export const connectionsOfProcess = (connections: SqlConnections): SqlConnections & { drop(): Promise<void> } => {
  const open = new Set<OpenConnection>();
  return {
    async open(info) {
      const connection = await connections.open(info);
      open.add(connection);
      return connection;
    },
    async drop() {
      for (const connection of open) await connection.close();
      open.clear();
    },
  };
};

const connectionOf = (session: HanaSession): SqlConnection => {
  const run = async <T>(
    sql: string,
    rows: readonly Row[],
    doing: string,
    take: (statement: HanaStatement, bound: HanaValue[][]) => Promise<T>,
  ): Promise<T> => {
    try {
      const statement = await session.prepare(sql);
      try {
        return await take(
          statement,
          rows.map((row) => row.map((value, index) => bind(value, statement.parameters[index]!))),
        );
      } finally {
        await statement.close();
      }
    } catch (error) {
      throw asWarehouseError(error, doing);
    }
  };
  const affected = (sql: string, rows: readonly Row[], doing: string): Promise<number> =>
    run(sql, rows, doing, async (statement, bound) => {
      const result = await statement.execute(bound, { autocommit: false });
      return result.kind === 'affected' ? result.rowsAffected.reduce((sum, count) => sum + count, 0) : 0;
    });
  const query = (sql: string, parameters: Row, doing: string): Promise<QueryResult> =>
    run(sql, [parameters], doing, async (statement, [row = []]) => {
      const result = await statement.execute([row], { autocommit: false });
      if (result.kind !== 'cursor') throw new TypeError(`${sql} is not a query`);
      const rows: Row[] = [];
      for (let chunk = await result.cursor.nextChunk(); chunk; chunk = await result.cursor.nextChunk()) {
        rows.push(...chunk.getRows().map((values) => values.map(unbind)));
      }
      return { headers: result.cursor.columns.map(({ name }) => name), rows };
    });
  return {
    query: ({ sql, parameters }, doing) => query(sql, parameters, doing),
    async *stream({ sql, parameters }, doing) {
      yield (await query(sql, parameters, doing)).rows;
    },
    execute: ({ sql, parameters }, doing) => affected(sql, [parameters], doing),
    async executeBatch(sql, rows, doing) {
      await affected(sql, rows, doing);
    },
    commit: () => translated('Committing', () => session.commit()),
    rollback: () => translated('Rolling back', () => session.rollback()),
  };
};

const translated = async (doing: string, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    throw asWarehouseError(error, doing);
  }
};

/** As the protocol decodes what the client sends. */
const bind = (value: WarehouseValue, { type }: HanaParameter): HanaValue => {
  if (value === null) return null;
  if (type.name === 'BIGINT') return BigInt(value as string);
  if (type.name === 'DECIMAL') return decimalOf(String(value));
  return value;
};

const decimalOf = (text: string): HanaValue => {
  const [whole = '', fraction = ''] = text.split('.');
  return { kind: 'decimal', unscaled: BigInt(whole + fraction), scale: fraction.length };
};

/** As the client gives what it receives. */
const unbind = (value: unknown): WarehouseValue => {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof DuckDBBlobValue) return value.bytes;
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  return String(value);
};
