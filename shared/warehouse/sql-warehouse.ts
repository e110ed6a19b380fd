import { readSession } from '#shared/warehouse/read-session.ts';
import type { OpenConnection, QueryResult, SqlConnection, SqlConnections } from '#shared/warehouse/sql-connection.ts';
import type { SessionInfo, Warehouse } from '#shared/warehouse/warehouse.ts';
import { writeSession } from '#shared/warehouse/write-session.ts';

export interface SqlWarehouse extends Warehouse {
  /** Runs one SELECT and answers FedML's `(rows, headers)`. For a person at a terminal: the result is held in memory. */
  query(sql: string): Promise<QueryResult>;
}

/** A warehouse over connections that speak HANA's SQL: each session has one of its own, closed when its work ends. */
export const sqlWarehouse = (connections: SqlConnections): SqlWarehouse => ({
  read: (info, work) =>
    withConnection(connections, info, async ({ connection, spaceSchema }) => {
      await protect(connection);
      return work(readSession(connection, spaceSchema));
    }),

  write: (info, work) =>
    withConnection(connections, info, async ({ connection }) => {
      const { rows } = await connection.query(CURRENT_SCHEMA, 'Asking for the current schema');
      return work(writeSession(connection, String(rows[0]![0])));
    }),

  query: (sql) =>
    withConnection(connections, { runId: 'query' }, async ({ connection }) => {
      await protect(connection);
      return connection.query({ sql, parameters: [] }, 'The query');
    }),
});

const CURRENT_SCHEMA = { sql: 'SELECT CURRENT_SCHEMA FROM DUMMY', parameters: [] };

/** Makes the server refuse every write of the session, whatever statement asks for it. The settings last as long as the session. */
const protect = async (connection: SqlConnection): Promise<void> => {
  for (const sql of ['SET TRANSACTION READ ONLY', 'SET TRANSACTION DDL OFF']) {
    await connection.execute({ sql, parameters: [] }, 'Opening a read-only session');
  }
};

const withConnection = async <T>(
  connections: SqlConnections,
  info: SessionInfo,
  work: (open: OpenConnection) => Promise<T>,
): Promise<T> => {
  const open = await connections.open(info);
  try {
    return await work(open);
  } finally {
    await open.close();
  }
};
