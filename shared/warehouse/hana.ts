import { rootCertificates } from 'node:tls';
import hana from '@sap/hana-client';
import { logger } from '#shared/logger.ts';
import type { CredentialSource, WarehouseCredentials } from '#shared/warehouse/credentials.ts';
import { AUTHENTICATION_FAILED, asWarehouseError, isHanaClientError } from '#shared/warehouse/hana-errors.ts';
import type { SqlConnection, SqlConnections } from '#shared/warehouse/sql-connection.ts';
import { type SqlWarehouse, sqlWarehouse } from '#shared/warehouse/sql-warehouse.ts';
import type { Row, SessionInfo, WarehouseValue } from '#shared/warehouse/warehouse.ts';

/**
 * Rows that HANA sends for one round trip. The client's own choice goes by the columns' declared lengths and falls below
 * 400 for a wide NVARCHAR, which over 10 ms of network is 38,000 rows a second at most.
 */
const FETCH_SIZE_ROWS = 20_000;

/** Rows handed on at once. Between two batches the event loop has a turn, so that uploads go on. */
const BATCH_SIZE_ROWS = 1_000;

/** A query on a large view may work for minutes before its first row; a dead connection has to be given up before Lambda's 15 minutes. */
const COMMUNICATION_TIMEOUT_MS = 10 * 60 * 1000;

/** SAP HANA, or a space of SAP Datasphere, through SAP's own client. */
export const hanaWarehouse = (credentials: CredentialSource): SqlWarehouse =>
  sqlWarehouse(hanaConnections(credentials));

export const hanaConnections = (credentials: CredentialSource): SqlConnections => ({
  async open(info) {
    const { client, used } = await connect(credentials, info);
    return { connection: connectionOf(client), spaceSchema: used.schema, close: () => close(client) };
  },
});

/** A refused password is tried again only if the secret holds another one by now: each refusal counts towards locking the user. */
const connect = async (source: CredentialSource, info: SessionInfo) => {
  const used = await source.get();
  try {
    return { client: await open(used, info), used };
  } catch (error) {
    const cause = (error as Error).cause;
    if (!isHanaClientError(cause) || cause.code !== AUTHENTICATION_FAILED) throw error;
    const fresh = await source.refresh();
    if (fresh.password === used.password && fresh.user === used.user) throw error;
    return { client: await open(fresh, info), used: fresh };
  }
};

const open = async (credentials: WarehouseCredentials, info: SessionInfo): Promise<hana.Connection> => {
  if (!credentials.encrypt || !credentials.sslValidateCertificate) {
    logger.warn(
      'The warehouse secret switches off encryption or the check of the certificate: anybody can listen or answer.',
    );
  }
  const client = hana.createConnection();
  const doing = `Connecting to ${credentials.address}:${credentials.port} as ${credentials.user}`;
  await asPromise<void>((done) => client.connect(connectOptions(credentials, info), done), doing);
  client.setAutoCommit(false);
  return client;
};

/** The client takes all values as text. */
const connectOptions = (credentials: WarehouseCredentials, { runId }: SessionInfo): Record<string, string> => ({
  serverNode: `${credentials.address}:${credentials.port}`,
  uid: credentials.user,
  pwd: credentials.password,
  encrypt: String(credentials.encrypt),
  sslValidateCertificate: String(credentials.sslValidateCertificate),
  // The client finds no authorities by itself where OpenSSL has none installed; Node brings Mozilla's.
  sslTrustStore: credentials.sslTrustStore ?? rootCertificates.join('\n'),
  ...(credentials.sslHostNameInCertificate ? { sslHostNameInCertificate: credentials.sslHostNameInCertificate } : {}),
  // The client reconnects by itself otherwise: the next statement runs in a new session, which may write and change tables.
  reconnect: 'false',
  disableCloudRedirect: String(credentials.disableCloudRedirect),
  communicationTimeout: String(credentials.communicationTimeout || COMMUNICATION_TIMEOUT_MS),
  fetchSize: String(FETCH_SIZE_ROWS),
  'sessionVariable:APPLICATION': 'fedml-serverless',
  'sessionVariable:FEDML_RUN_ID': runId,
});

const connectionOf = (client: hana.Connection): SqlConnection => {
  /** The statement of the last batch: a part is inserted in many batches, and each PREPARE costs two round trips. */
  let batch: { readonly sql: string; readonly statement: hana.Statement } | undefined;
  const batchStatement = async (sql: string, doing: string): Promise<hana.Statement> => {
    if (batch?.sql === sql) return batch.statement;
    if (batch) await dropStatement(batch.statement);
    batch = undefined;
    batch = { sql, statement: await prepare(client, sql, doing) };
    return batch.statement;
  };
  return {
    query: ({ sql, parameters }, doing) =>
      withStatement(client, sql, doing, async (statement) => {
        const results = await asPromise<hana.ResultSet>((done) => statement.execQuery([...parameters], done), doing);
        return { headers: results.getColumnInfo().map(({ columnName }) => columnName), rows: allRows(results, doing) };
      }),

    async *stream({ sql, parameters }, doing) {
      const statement = await prepare(client, sql, doing);
      try {
        const results = await asPromise<hana.ResultSet>((done) => statement.execQuery([...parameters], done), doing);
        yield* batches(results, doing);
      } finally {
        await dropStatement(statement);
      }
    },

    async execute({ sql, parameters }, doing) {
      const count = await asPromise<number | undefined>(
        (done) => (parameters.length > 0 ? client.exec(sql, [...parameters], done) : client.exec(sql, done)),
        doing,
      );
      return count ?? 0;
    },

    async executeBatch(sql, rows, doing) {
      const statement = await batchStatement(sql, doing);
      await asPromise((done) => statement.execBatch(rows as WarehouseValue[][] as never, done), doing);
    },

    commit: () => asPromise<void>((done) => client.commit(done), 'Committing'),
    rollback: () => asPromise<void>((done) => client.rollback(done), 'Rolling back'),
  };
};

const prepare = (client: hana.Connection, sql: string, doing: string): Promise<hana.Statement> =>
  asPromise<hana.Statement>((done) => client.prepare(sql, done), doing);

const withStatement = async <T>(
  client: hana.Connection,
  sql: string,
  doing: string,
  work: (statement: hana.Statement) => Promise<T>,
): Promise<T> => {
  const statement = await prepare(client, sql, doing);
  try {
    return await work(statement);
  } finally {
    await dropStatement(statement);
  }
};

/** An error in it says that the connection is gone, and the statement with it. */
const dropStatement = (statement: hana.Statement): Promise<void> =>
  new Promise((resolve) => {
    statement.drop(() => resolve());
  });

const allRows = (results: hana.ResultSet, doing: string): Row[] => {
  const rows: Row[] = [];
  results.setAsArrayDefault(true);
  translated(doing, () => {
    while (results.next()) rows.push(results.getValues<Row>());
  });
  results.close();
  return rows;
};

/**
 * The rows by the client's cheapest way, the synchronous cursor, which is two to eight times as fast as its streams.
 * Only the step to a batch's first row is asynchronous, and it is taken while the batch before is being worked on: there
 * the client waits for the server. Asking before each row whether it would wait doubles the cost, so that is done until
 * the first wait only. From there on batches end where fetches do, FETCH_SIZE_ROWS being a multiple of theirs.
 */
async function* batches(results: hana.ResultSet, doing: string): AsyncGenerator<readonly Row[], void, undefined> {
  results.setAsArrayDefault(true);
  let aligned = false;
  const isFirstWait = (): boolean => {
    if (aligned) return false;
    aligned = results.nextCanBlock();
    return aligned;
  };
  let ahead = stepAhead(results, doing);
  try {
    while (await ahead) {
      const rows: Row[] = [];
      translated(doing, () => {
        do rows.push(results.getValues<Row>());
        while (rows.length < BATCH_SIZE_ROWS && !isFirstWait() && results.next());
      });
      ahead = stepAhead(results, doing);
      yield rows;
    }
  } finally {
    await ahead.catch(() => undefined);
    results.close();
  }
}

/** The error of a step that nobody waits for yet is told when somebody does. */
const stepAhead = (results: hana.ResultSet, doing: string): Promise<boolean> => {
  const step = asPromise<boolean>((done) => results.next(done), doing);
  step.catch(() => undefined);
  return step;
};

const translated = <T>(doing: string, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    throw asWarehouseError(error, doing);
  }
};

/** The client's functions lose their object under `util.promisify`. */
const asPromise = <T>(
  call: (done: (error: Error | null | undefined, value?: unknown) => void) => void,
  doing: string,
): Promise<T> =>
  new Promise<T>((resolve, reject) => {
    call((error, value) => (error ? reject(asWarehouseError(error, doing)) : resolve(value as T)));
  });

/** Closing rolls back what is open. An error in it says that the connection is gone, which is what was wanted. */
const close = (client: hana.Connection): Promise<void> =>
  new Promise((resolve) => {
    client.disconnect(() => resolve());
  });
