import type { SqlConnection, SqlConnections } from '#shared/warehouse/sql-connection.ts';

/** What a test may do to a statement on its way: change its text, or answer in the warehouse's place. */
export interface Seam {
  readonly rewrite?: (sql: string) => string;
  /** Rows changed by a statement that never reaches the warehouse; undefined lets it pass. */
  readonly swallow?: (sql: string) => number | undefined;
  /** What happens right before a statement, maybe in its own session. */
  readonly beforeExecute?: (sql: string, connection: SqlConnection) => Promise<void>;
  readonly afterCommit?: () => Promise<void>;
  readonly onBatch?: (sql: string) => void;
}

export const seamed =
  ({ rewrite = (sql) => sql, swallow = () => undefined, beforeExecute, afterCommit, onBatch }: Seam) =>
  (connections: SqlConnections): SqlConnections => ({
    async open(info) {
      const { connection, ...open } = await connections.open(info);
      const changed: SqlConnection = {
        ...connection,
        query: ({ sql, parameters }, doing) => connection.query({ sql: rewrite(sql), parameters }, doing),
        async execute({ sql, parameters }, doing) {
          await beforeExecute?.(sql, connection);
          return swallow(sql) ?? connection.execute({ sql: rewrite(sql), parameters }, doing);
        },
        async executeBatch(sql, rows, doing) {
          onBatch?.(sql);
          if (swallow(sql) === undefined) await connection.executeBatch(rewrite(sql), rows, doing);
        },
        async commit() {
          await connection.commit();
          await afterCommit?.();
        },
      };
      return { ...open, connection: changed };
    },
  });
