import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localhostCertificate } from '#local/hana/certificate.ts';
import { type HanaServer, type HanaServerOptions, startHanaServer } from '#local/hana/server.ts';
import { type HdbSession, hdb, type NativeSession, native, type Row } from './clients.ts';
import { duckdbEngine, type TestEngine } from './duckdb-engine.ts';

export interface Fixture extends AsyncDisposable {
  readonly engine: TestEngine;
  readonly server: HanaServer;
  /** What each client needs to connect with TLS and to check the certificate. */
  readonly nativeProperties: Row;
  readonly hdbOptions: Row;
  native(properties?: Row): Promise<NativeSession>;
  hdb(options?: Row): Promise<HdbSession>;
}

/** A server over a DuckDB of its own, with the user TESTER; it closes itself, `await using`. */
export const startFixture = async (
  options: Partial<HanaServerOptions> & { readonly textLength?: number } = {},
): Promise<Fixture> => {
  const folder = await mkdtemp(join(tmpdir(), 'hana-'));
  const tls = await localhostCertificate(folder);
  const engine = await duckdbEngine(options);
  const server = await startHanaServer({ engine, tls, ...options });
  const nativeProperties: Row = {
    serverNode: `localhost:${server.port}`,
    uid: 'tester',
    pwd: 'Secret123',
    encrypt: 'true',
    sslValidateCertificate: 'true',
    sslTrustStore: tls.cert,
  };
  const hdbOptions: Row = {
    host: 'localhost',
    port: server.port,
    user: 'tester',
    password: 'Secret123',
    useTLS: true,
    ca: tls.cert,
  };
  return {
    engine,
    server,
    nativeProperties,
    hdbOptions,
    native: (properties = {}) => native.connect({ ...nativeProperties, ...properties }),
    hdb: (more = {}) => hdb.connect({ ...hdbOptions, ...more }),
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await engine.close();
      await rm(folder, { recursive: true });
    },
  };
};
