import { createRequire } from 'node:module';
import { promisify } from 'node:util';

/** The two real clients, typed as far as the tests use them, and with promises in place of callbacks. */
const require = createRequire(import.meta.url);

export type Row = Record<string, unknown>;

type Callback<T> = (error: Error | null, value: T) => void;

export interface NativeConnection {
  connect(properties: Row, done: Callback<void>): void;
  disconnect(done: Callback<void>): void;
  exec(sql: string, parameters: readonly unknown[], options: Row, done: Callback<unknown>): void;
  prepare(sql: string, done: Callback<NativeStatement>): void;
  setAutoCommit(on: boolean): void;
  commit(done: Callback<void>): void;
  rollback(done: Callback<void>): void;
  cancel(done: Callback<void>): void;
  isValid(timeoutMs: number, done: Callback<boolean>): void;
}

export interface NativeStatement {
  exec(parameters: readonly unknown[], done: Callback<unknown>): void;
  execBatch(rows: readonly (readonly unknown[])[], done: Callback<unknown>): void;
  execQuery(parameters: readonly unknown[], done: Callback<NativeResultSet>): void;
  drop(done: Callback<void>): void;
  getRowStatus(): number[];
  getColumnInfo(): Row[];
}

export interface NativeResultSet {
  next(done: Callback<boolean>): void;
  getValues(done: Callback<Row>): void;
  close(done: Callback<void>): void;
}

const hanaClient = require('@sap/hana-client') as {
  createConnection(): NativeConnection;
  createPool(
    properties: Row,
    options: Row,
  ): { getConnection(done: Callback<NativeConnection>): void; clear(done: Callback<void>): void };
};

/** `@sap/hana-client`, SAP's native client. */
export const native = {
  async connect(properties: Row): Promise<NativeSession> {
    const connection = hanaClient.createConnection();
    await call<void>((done) => connection.connect(properties, done));
    return nativeSession(connection);
  },
  createPool: hanaClient.createPool,
};

export interface NativeSession extends AsyncDisposable {
  readonly connection: NativeConnection;
  exec<T = Row[]>(sql: string, parameters?: readonly unknown[]): Promise<T>;
  query(sql: string): Promise<NativeResultSet>;
  prepare(sql: string): Promise<NativeStatement>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  disconnect(): Promise<void>;
}

export const nativeSession = (connection: NativeConnection): NativeSession => ({
  connection,
  exec: (sql, parameters = []) => call((done) => connection.exec(sql, parameters, {}, done as Callback<unknown>)),
  query: async (sql) => {
    const statement = await call<NativeStatement>((done) => connection.prepare(sql, done));
    return call((done) => statement.execQuery([], done));
  },
  prepare: (sql) => call((done) => connection.prepare(sql, done)),
  commit: () => call((done) => connection.commit(done)),
  rollback: () => call((done) => connection.rollback(done)),
  disconnect: () => call((done) => connection.disconnect(done)),
  [Symbol.asyncDispose]: () => call<void>((done) => connection.disconnect(done)).catch(() => undefined),
});

export const call = <T>(start: (done: Callback<T>) => void): Promise<T> =>
  promisify(start as (done: (error: Error | null, value: T) => void) => void)() as Promise<T>;

/** All rows of a result set, fetched one by one. */
export const rowsOf = async (resultSet: NativeResultSet): Promise<Row[]> => {
  const rows: Row[] = [];
  while (await call<boolean>((done) => resultSet.next(done))) {
    rows.push(await call<Row>((done) => resultSet.getValues(done)));
  }
  return rows;
};

export interface HdbClient {
  on(event: 'error', listener: (error: Error) => void): void;
  connect(done: Callback<void>): void;
  exec(sql: string, done: Callback<unknown>): void;
  prepare(sql: string, done: Callback<HdbStatement>): void;
  setAutoCommit(on: boolean): void;
  commit(done: Callback<void>): void;
  rollback(done: Callback<void>): void;
  disconnect(done: Callback<void>): void;
  end(): void;
}

export interface HdbStatement {
  exec(values: readonly unknown[], done: Callback<unknown>): void;
  drop(done: Callback<void>): void;
}

const hdbModule = require('hdb') as { createClient(options: Row): HdbClient };

/** `hdb`, SAP's client in JavaScript. */
export const hdb = {
  async connect(options: Row): Promise<HdbSession> {
    const client = hdbModule.createClient(options);
    client.on('error', () => undefined); // the failing call reports it
    await call<void>((done) => client.connect(done));
    return {
      client,
      exec: (sql) => call((done) => client.exec(sql, done as Callback<unknown>)),
      prepare: (sql) => call((done) => client.prepare(sql, done)),
      commit: () => call((done) => client.commit(done)),
      rollback: () => call((done) => client.rollback(done)),
      [Symbol.asyncDispose]: async () => client.end(),
    };
  },
};

export interface HdbSession extends AsyncDisposable {
  readonly client: HdbClient;
  exec<T = Row[]>(sql: string): Promise<T>;
  prepare(sql: string): Promise<HdbStatement>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}
