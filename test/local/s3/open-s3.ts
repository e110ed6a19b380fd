import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import type { Iam, KeyPair } from '#local/iam/iam.ts';
import type { S3Event } from '#local/s3/events.ts';
import { startS3 } from '#local/s3/start-s3.ts';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { PERSON, testIam } from '#test/local/iam/test-iam.ts';

/** A running S3 with its real client; `await using` stops it and removes its folder. */
export interface OpenS3 extends AsyncDisposable {
  readonly client: S3Client;
  readonly url: string;
  readonly iam: Iam;
  readonly dataDir: string;
  readonly events: S3Event[];
  /** Names of the files that hold objects and parts. */
  dataFiles(): Promise<string[]>;
  close(): Promise<void>;
}

export const openS3 = async ({ dataDir, iam = testIam() }: { dataDir?: string; iam?: Iam } = {}): Promise<OpenS3> => {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 's3-')));
  const events: S3Event[] = [];
  const server = await startS3({
    dataDir: folder,
    account: LOCAL_ACCOUNT,
    iam,
    onEvent: (event) => events.push(event),
  });
  const client = clientOf(server.url);
  const close = async (): Promise<void> => {
    client.destroy();
    await server.close();
  };
  return {
    client,
    url: server.url,
    iam,
    dataDir: folder,
    events,
    dataFiles: () => readdir(join(folder, 'data')),
    close,
    async [Symbol.asyncDispose]() {
      await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

export const clientOf = (endpoint: string, keys: KeyPair = PERSON): S3Client =>
  new S3Client({ endpoint, region: LOCAL_ACCOUNT.region, credentials: keys });

/** The error of a call, so that several refused calls can run before the first is looked at. */
export const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (answer) => Promise.reject(new Error(`The call was answered: ${JSON.stringify(answer)}`)),
    (error: unknown) => error,
  );
