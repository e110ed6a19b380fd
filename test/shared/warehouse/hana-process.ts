import { localhostCertificate } from '#local/hana/certificate.ts';
import { startHanaServer } from '#local/hana/server.ts';
import { openHanaEngine } from '#local/hana/sql/engine.ts';

/**
 * The laptop's HANA in a process of its own: SAP's client blocks the thread that it reads on, so that a server on the
 * same thread could never answer.
 */
export type Request = { readonly id: number; readonly sql?: string };

export type Answer =
  | { readonly ready: { readonly host: string; readonly port: number; readonly certificate: string } }
  | {
      readonly id: number;
      readonly counters: { readonly connections: number; readonly roundTrips: number; readonly statements: number };
    }
  | { readonly id: number; readonly problem: string };

const [folder = '', password = ''] = process.argv.slice(2);

const tls = await localhostCertificate(folder);
const users = ['SPACE', 'SPACE#USER'].map((name) => ({ name, password }));
const engine = await openHanaEngine({ databaseFile: ':memory:', users });
const server = await startHanaServer({ engine, tls });

const answer = (message: Answer): void => {
  process.send?.(message);
};

process.on('message', async ({ id, sql }: Request) => {
  try {
    if (sql !== undefined) await engine.administration.execute(sql);
    const { connections, roundTrips, statements } = server.counters;
    answer({ id, counters: { connections, roundTrips, statements } });
  } catch (error) {
    answer({ id, problem: (error as Error).message });
  }
});

process.on('disconnect', async () => {
  await server.close();
  await engine.close();
  process.exit();
});

answer({ ready: { host: server.host, port: server.port, certificate: tls.cert } });
