import {
  type DuckDBAppender,
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDateValue,
  type DuckDBDecimalType,
  DuckDBDecimalValue,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  StatementType,
} from '@duckdb/node-api';
import {
  type HanaColumn,
  type HanaEngine,
  HanaError,
  type HanaSession,
  type HanaStatement,
  type HanaType,
  type HanaTypeName,
  type HanaValue,
  type StatementKind,
} from '#local/hana/engine.ts';

export interface TestEngine extends HanaEngine {
  readonly database: DuckDBInstance;
  /** Sessions that are open. */
  readonly sessions: Set<HanaSession>;
  /** SQL of SET statements, which are noted and do nothing. */
  readonly settings: string[];
}

/** Just enough of an engine to test the protocol: DuckDB's own SQL; columns named NCLOB_…, CLOB_… and BLOB_… are LOBs. */
export const duckdbEngine = async ({
  users = { TESTER: 'Secret123' },
  textLength = 5000,
}: {
  readonly users?: Readonly<Record<string, string>>;
  readonly textLength?: number;
} = {}): Promise<TestEngine> => {
  const database = await DuckDBInstance.create(':memory:');
  const connection = await database.connect();
  await connection.run(`CREATE TABLE dummy AS SELECT 'X' AS "DUMMY"`); // what the native client's isValid() reads
  connection.closeSync();
  const sessions = new Set<HanaSession>();
  const settings: string[] = [];
  return {
    database,
    sessions,
    settings,
    passwordOf: (user) => users[user],
    openSession: async () => {
      const session = testSession(await database.connect(), { textLength, settings }, () => sessions.delete(session));
      sessions.add(session);
      return session;
    },
    close: async () => database.closeSync(),
  };
};

interface SessionOptions {
  readonly textLength: number;
  readonly settings: string[];
}

const testSession = (
  connection: DuckDBConnection,
  { textLength, settings }: SessionOptions,
  onClose: () => void,
): HanaSession => {
  let inTransaction = false;
  const end = async (how: 'COMMIT' | 'ROLLBACK') => {
    if (inTransaction) await connection.run(how);
    inTransaction = false;
  };
  const transaction = {
    begin: async () => {
      if (!inTransaction) await connection.run('BEGIN');
      inTransaction = true;
    },
    end,
  };
  return {
    id: 1,
    prepare: async (sql) => {
      if (/^(UN)?SET\b/i.test(sql)) return settingStatement(sql, settings);
      if (/^RAISE \d+/.test(sql)) throw new HanaError(Number(sql.split(' ')[1]), '42501', sql);
      const prepared = await connection.prepare(sql).catch((error: unknown) => {
        throw hanaError(error);
      });
      return testStatement({ connection, prepared, sql, textLength, transaction });
    },
    commit: () => end('COMMIT'),
    rollback: () => end('ROLLBACK'),
    close: async () => {
      await end('ROLLBACK');
      connection.closeSync();
      onClose();
    },
  };
};

const settingStatement = (sql: string, settings: string[]): HanaStatement => ({
  kind: 'SESSION',
  parameters: [],
  execute: async () => {
    settings.push(sql);
    return { kind: 'done' };
  },
  close: async () => {},
});

interface StatementOptions {
  readonly connection: DuckDBConnection;
  readonly prepared: DuckDBPreparedStatement;
  readonly sql: string;
  readonly textLength: number;
  readonly transaction: { begin(): Promise<void>; end(how: 'COMMIT' | 'ROLLBACK'): Promise<void> };
}

const testStatement = ({ connection, prepared, sql, textLength, transaction }: StatementOptions): HanaStatement => {
  const kind = KINDS[prepared.statementType] ?? 'DDL';
  const hints = sql
    .match(/\/\*(.*?)\*\//)?.[1]
    ?.split(',')
    .map((name) => name.trim() as HanaTypeName);
  const parameters = Array.from({ length: prepared.parameterCount }, (_, index) => ({
    type: hints?.[index]
      ? { name: hints[index], length: 0, scale: 0 }
      : hanaType(prepared.parameterType(index + 1), '', textLength),
  }));
  const columnsOf = (result: {
    columnCount: number;
    columnName(i: number): string;
    columnType(i: number): DuckDBType;
  }) =>
    Array.from(
      { length: result.columnCount },
      (_, index): HanaColumn => ({
        name: result.columnName(index),
        type: hanaType(result.columnType(index), result.columnName(index), textLength),
        nullable: true,
      }),
    );
  return {
    kind,
    parameters,
    ...(kind === 'SELECT' && { columns: columnsOf(prepared) }),
    execute: async (rows, { autocommit }) => {
      await transaction.begin();
      try {
        const table = sql.match(/^INSERT INTO (\w+) VALUES \([?, ]*\)/i)?.[1];
        let affected: number[] = [];
        if (table && rows.length > 1) affected = await append(connection, table, rows);
        else {
          for (const row of rows) {
            row.forEach((value, index) => {
              const type = prepared.parameterType(index + 1);
              if (value === null) prepared.bindNull(index + 1);
              else prepared.bindValue(index + 1, duckdbValue(value, type), type);
            });
            const result = await prepared.run();
            if (kind === 'SELECT') {
              if (autocommit) await transaction.end('COMMIT');
              const columns = columnsOf(result);
              return {
                kind: 'cursor',
                cursor: {
                  columns,
                  nextChunk: async () => {
                    const chunk = await result.fetchChunk();
                    return chunk && chunk.rowCount > 0 ? chunk : undefined;
                  },
                  close: async () => {},
                },
              };
            }
            affected.push(result.rowsChanged);
          }
        }
        if (autocommit) await transaction.end('COMMIT');
        return kind === 'DDL' ? { kind: 'done' } : { kind: 'affected', rowsAffected: affected };
      } catch (error) {
        await transaction.end('ROLLBACK');
        throw hanaError(error);
      }
    },
    close: async () => {},
  };
};

const append = async (
  connection: DuckDBConnection,
  table: string,
  rows: readonly (readonly HanaValue[])[],
): Promise<number[]> => {
  const appender = await connection.createAppender(table);
  try {
    appendRows(appender, rows);
  } catch (error) {
    closeQuietly(appender);
    throw error;
  }
  appender.closeSync();
  return rows.map(() => 1);
};

const appendRows = (appender: DuckDBAppender, rows: readonly (readonly HanaValue[])[]): void => {
  const types = Array.from({ length: appender.columnCount }, (_, index) => appender.columnType(index));
  for (let from = 0; from < rows.length; from += 2048) {
    const slice = rows.slice(from, from + 2048);
    const chunk = DuckDBDataChunk.create(types, slice.length);
    types.forEach((type, index) => {
      chunk.setColumnValues(
        index,
        slice.map((row) => duckdbValue(row[index] ?? null, type)),
      );
    });
    appender.appendDataChunk(chunk);
  }
  appender.flushSync();
};

/** Closing a failed appender fails again. */
const closeQuietly = (appender: DuckDBAppender): void => {
  try {
    appender.closeSync();
  } catch {}
};

const duckdbValue = (value: HanaValue, type: DuckDBType): DuckDBValue => {
  if (typeof value === 'bigint') {
    return NUMBER_TYPES.has(type.typeId) ? Number(value) : value;
  }
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Uint8Array) return new DuckDBBlobValue(value);
  if (value.kind === 'date') return new DuckDBDateValue(value.days);
  if (value.kind === 'time') return new DuckDBTimeValue(value.micros);
  if (value.kind === 'timestamp') {
    return type.typeId === DuckDBTypeId.TIMESTAMP_S
      ? new DuckDBTimestampSecondsValue(value.micros / 1_000_000n)
      : new DuckDBTimestampValue(value.micros);
  }
  const { width, scale } = type as DuckDBDecimalType;
  const unscaled =
    value.scale <= scale
      ? value.unscaled * 10n ** BigInt(scale - value.scale)
      : value.unscaled / 10n ** BigInt(value.scale - scale);
  return new DuckDBDecimalValue(unscaled, width, scale);
};

const NUMBER_TYPES: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
]);

const KINDS: Readonly<Partial<Record<StatementType, StatementKind>>> = {
  [StatementType.SELECT]: 'SELECT',
  [StatementType.INSERT]: 'INSERT',
  [StatementType.UPDATE]: 'UPDATE',
  [StatementType.DELETE]: 'DELETE',
};

const hanaType = (type: DuckDBType, column: string, textLength: number): HanaType => {
  const lob = column.match(/^(NCLOB|CLOB|BLOB)_/)?.[1] as HanaTypeName | undefined;
  if (lob) return { name: lob, length: 0, scale: 0 };
  if (type.typeId === DuckDBTypeId.DECIMAL) {
    const { width, scale } = type as DuckDBDecimalType;
    return { name: 'DECIMAL', length: width, scale };
  }
  const name = TYPE_NAMES[type.typeId] ?? 'NVARCHAR';
  return { name, length: name === 'NVARCHAR' || name === 'VARBINARY' ? textLength : 0, scale: 0 };
};

const TYPE_NAMES: Readonly<Partial<Record<DuckDBTypeId, HanaTypeName>>> = {
  [DuckDBTypeId.BOOLEAN]: 'BOOLEAN',
  [DuckDBTypeId.UTINYINT]: 'TINYINT',
  [DuckDBTypeId.SMALLINT]: 'SMALLINT',
  [DuckDBTypeId.INTEGER]: 'INTEGER',
  [DuckDBTypeId.BIGINT]: 'BIGINT',
  [DuckDBTypeId.FLOAT]: 'REAL',
  [DuckDBTypeId.DOUBLE]: 'DOUBLE',
  [DuckDBTypeId.BLOB]: 'VARBINARY',
  [DuckDBTypeId.DATE]: 'DATE',
  [DuckDBTypeId.TIME]: 'TIME',
  [DuckDBTypeId.TIMESTAMP_S]: 'SECONDDATE',
  [DuckDBTypeId.TIMESTAMP]: 'TIMESTAMP',
};

const hanaError = (error: unknown): HanaError => {
  if (error instanceof HanaError) return error;
  const message = (error as Error).message;
  const [code, sqlState] = MESSAGES.find(([pattern]) => pattern.test(message))?.slice(1) ?? [2048, 'HY000'];
  return new HanaError(code as number, sqlState as string, message);
};

const MESSAGES: readonly (readonly [RegExp, number, string])[] = [
  [/Table with name .* does not exist/, 259, '42S02'],
  [/Referenced column/, 260, '42S22'],
  [/syntax error/, 257, '42000'],
  [/PRIMARY KEY|[Uu]nique|Duplicate key/, 301, '23000'],
  [/NOT NULL/, 287, '23000'],
];
