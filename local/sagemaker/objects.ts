import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { KeyPair } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';

/** Where an object is, or where a set of objects begins. */
export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

export interface InputObject extends S3Location {
  /** The key below the prefix, with its sub-folders: never empty, and never outside the prefix. */
  readonly relativeKey: string;
  readonly sizeBytes: number;
}

/** What SageMaker does with S3, through the real client; bodies are streamed. */
export interface Objects {
  /** The objects whose key begins with the prefix, in S3's order; keys that end in `/` are skipped. */
  list(prefix: S3Location): AsyncIterable<InputObject>;
  exists(location: S3Location): Promise<boolean>;
  open(location: S3Location): Promise<Readable>;
  /** Copies an object into a file; the folders on the way are made. */
  download(location: S3Location, file: string): Promise<void>;
  /** @param kmsKeyId has S3 encrypt the object by this key rather than by the bucket's default. */
  upload(file: string, location: S3Location, contentType: string, kmsKeyId?: string): Promise<void>;
  close(): void;
}

/** Reads and writes the objects behind an S3 endpoint, as whoever has the keys. */
export const s3Objects = (endpoint: string, { region }: Account, credentials: KeyPair): Objects => {
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  const open = async ({ bucket, key }: S3Location): Promise<Readable> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Body as Readable;
  };
  return {
    open,
    async *list(prefix) {
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: prefix.bucket, Prefix: prefix.key, ContinuationToken: token }),
        );
        for (const { Key: key = '', Size: sizeBytes = 0 } of page.Contents ?? []) {
          if (!key.endsWith('/'))
            yield { bucket: prefix.bucket, key, sizeBytes, relativeKey: relativeKey(prefix.key, key) };
        }
        token = page.NextContinuationToken;
      } while (token);
    },
    async exists({ bucket, key }) {
      try {
        await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
        return true;
      } catch (error) {
        if (['NotFound', 'NoSuchKey', 'NoSuchBucket'].includes((error as Error).name)) return false;
        throw error;
      }
    },
    async download(location, file) {
      await mkdir(dirname(file), { recursive: true });
      await pipeline(await open(location), createWriteStream(file));
    },
    async upload(file, { bucket, key }, contentType, kmsKeyId) {
      const { size } = await stat(file);
      const body = createReadStream(file);
      try {
        await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: key,
            Body: body,
            ContentLength: size,
            ContentType: contentType,
            ...(kmsKeyId !== undefined && { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKeyId }),
          }),
        );
      } finally {
        body.destroy();
      }
    },
    close: () => client.destroy(),
  };
};

/** `s3://bucket/key`; the pattern of the service model is checked before. */
export const parseS3Uri = (uri: string): S3Location => {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri) ?? [];
  return { bucket, key };
};

/** `s3://bucket/key/name`, with exactly one slash between each. */
export const joinS3Uri = (uri: string, ...names: readonly string[]): string =>
  [uri.replace(/\/+$/, ''), ...names].join('/');

export const s3Uri = ({ bucket, key }: S3Location): string => `s3://${bucket}/${key}`;

/**
 * The file under `folder` that a key stands for.
 *
 * @throws Error when the key would leave the folder, as `../x` would.
 */
export const fileOf = (folder: string, key: string): string => {
  const file = resolve(folder, key);
  if (!file.startsWith(resolve(folder) + sep)) throw new Error(`The key "${key}" would leave its folder.`);
  return file;
};

/** A prefix may end inside a name (`data/part-`): then what is below starts at the last folder of the prefix. */
const relativeKey = (prefix: string, key: string): string => {
  if (key[prefix.length] === '/') return key.slice(prefix.length + 1);
  return key.slice(prefix.lastIndexOf('/') + 1);
};
