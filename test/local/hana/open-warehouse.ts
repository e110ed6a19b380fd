import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localhostCertificate } from '#local/hana/certificate.ts';
import { startHanaServer } from '#local/hana/server.ts';
import { openHanaEngine } from '#local/hana/sql/engine.ts';
import { type HdbSession, hdb, type NativeSession, native } from './protocol/clients.ts';

/** The laptop's HANA as it runs, behind SAP's clients: space SPACE with its database user SPACE#USER; `await using` closes it. */
export interface OpenWarehouse extends AsyncDisposable {
  native(user?: User): Promise<NativeSession>;
  hdb(user?: User): Promise<HdbSession>;
  /** Runs a statement as the warehouse's owner. */
  administer(sql: string): Promise<void>;
}

type User = 'SPACE' | 'SPACE#USER';

export const PASSWORD = 'Secret123';

export const openWarehouse = async (): Promise<OpenWarehouse> => {
  const folder = await mkdtemp(join(tmpdir(), 'hana-'));
  const tls = await localhostCertificate(folder);
  const users = ['SPACE', 'SPACE#USER'].map((name) => ({ name, password: PASSWORD }));
  const engine = await openHanaEngine({ databaseFile: ':memory:', users });
  const server = await startHanaServer({ engine, tls });
  return {
    native: (user = 'SPACE#USER') =>
      native.connect({
        serverNode: `localhost:${server.port}`,
        uid: user,
        pwd: PASSWORD,
        encrypt: 'true',
        sslTrustStore: tls.cert,
        fetchSize: '1000',
      }),
    hdb: (user = 'SPACE#USER') =>
      hdb.connect({ host: 'localhost', port: server.port, user, password: PASSWORD, useTLS: true, ca: tls.cert }),
    administer: async (sql) => {
      await engine.administration.execute(sql);
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await engine.close();
      await rm(folder, { recursive: true });
    },
  };
};
