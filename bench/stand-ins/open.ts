import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { PERSON } from '#test/local/iam/test-iam.ts';
import type { Counters, FromWarehouse, ToWarehouse, WarehouseSettings } from './warehouse.ts';

export const BUCKET = 'bench';

/** FedML's config.json, which is the warehouse secret as well. */
export type WarehouseConfig = Readonly<Record<string, string>>;

export interface StandIns {
  /** A folder that goes when they are closed. */
  readonly folder: string;
  /** How to reach the warehouse at a distance, one of the delays that it was opened with. */
  configAt(delayMs: number): WarehouseConfig;
  /** Where the SDKs of every language find S3. */
  readonly environment: Readonly<Record<string, string>>;
  readonly s3: S3Client;
  /** Of the server at a distance, since it was opened. */
  countersAt(delayMs: number): Promise<Counters>;
  execute(sql: string): Promise<void>;
  query(sql: string): Promise<readonly (readonly string[])[]>;
  close(): Promise<void>;
}

/** A warehouse and an S3, each in a process of its own, so that neither's memory or time is a contender's. */
export const openStandIns = async ({
  rowCounts,
  repeatedRowCount = 0,
  delaysMs,
}: Pick<WarehouseSettings, 'rowCounts' | 'delaysMs'> & Partial<WarehouseSettings>): Promise<StandIns> => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const settings: WarehouseSettings = { folder, password: PASSWORD, rowCounts, repeatedRowCount, delaysMs };
  const warehouse = fork(join(import.meta.dirname, 'warehouse.ts'), [JSON.stringify(settings)]);
  await mkdir(join(folder, 's3'));
  const s3Process = fork(new URL('../../test/local/s3/serve-s3.ts', import.meta.url), [join(folder, 's3')]);
  const [[url], [ready]] = (await Promise.all([firstMessage(s3Process), firstMessage(warehouse)])) as [
    [string],
    [Extract<FromWarehouse, { ports: unknown }>],
  ];
  const environment = {
    AWS_ENDPOINT_URL_S3: url,
    AWS_REGION: LOCAL_ACCOUNT.region,
    AWS_DEFAULT_REGION: LOCAL_ACCOUNT.region,
    AWS_ACCESS_KEY_ID: PERSON.accessKeyId,
    AWS_SECRET_ACCESS_KEY: PERSON.secretAccessKey,
  };
  const s3 = new S3Client({
    endpoint: url,
    region: LOCAL_ACCOUNT.region,
    credentials: PERSON,
  });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const ask = asker(warehouse);
  return {
    folder,
    environment,
    s3,
    configAt: (delayMs) => ({
      address: 'localhost',
      port: String(ready.ports[delaysMs.indexOf(delayMs)]),
      user: 'BENCH#USER',
      password: PASSWORD,
      schema: 'BENCH',
      encrypt: 'true',
      sslValidateCertificate: 'true',
      sslTrustStore: ready.certificate,
    }),
    countersAt: async (delayMs) => (await ask({})).counters[delaysMs.indexOf(delayMs)]!,
    execute: async (sql) => {
      await ask({ sql });
    },
    query: async (sql) => (await ask({ sql, isQuery: true })).rows,
    async close() {
      s3.destroy();
      await Promise.all([warehouse, s3Process].map(ended));
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const PASSWORD = 'Laptop1234';

const firstMessage = (child: ChildProcess): Promise<unknown[]> =>
  Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`A stand-in of the bench ended with ${code} before it was ready.`);
    }),
  ]);

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  if (child.connected) child.disconnect();
  await exited;
};

type Reply = Extract<FromWarehouse, { rows: unknown }>;

const asker = (child: ChildProcess) => {
  let lastId = 0;
  return async (request: Omit<ToWarehouse, 'id'>): Promise<Reply> => {
    lastId += 1;
    const id = lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const listen = (message: FromWarehouse): void => {
      if (!('id' in message) || message.id !== id) return;
      child.off('message', listen);
      if ('problem' in message) reject(new Error(message.problem));
      else resolve(message);
    };
    child.on('message', listen);
    child.send({ id, ...request });
    return promise;
  };
};
