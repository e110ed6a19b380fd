import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BodyStalledError } from '#local/http/body-chunks.ts';
import { listen } from '#local/http/listen.ts';
import type { Iam } from '#local/iam/iam.ts';
import type { Account, StandIn } from '#local/stand-in.ts';
import { asAccessError } from './access-errors.ts';
import { existingBucket } from './buckets.ts';
import { openDataFiles } from './data-files.ts';
import { openDatabase } from './database.ts';
import type { S3Event } from './events.ts';
import { s3Event } from './events.ts';
import { objectIndex } from './object-index.ts';
import type { Reply, S3Context } from './operation.ts';
import { findOperation } from './operations.ts';
import { Questions } from './permissions/questions.ts';
import { PERMISSIONS } from './permissions/table.ts';
import type { S3Request } from './request.ts';
import { newRequestId, parseRequest } from './request.ts';
import { S3Error } from './s3-error.ts';
import { uploadIndex } from './upload-index.ts';
import { xmlError } from './xml.ts';

export interface S3Options {
  /** Holds the index and the data files; one process at a time. */
  readonly dataDir: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  /** Its id owns every bucket, its region holds them. */
  readonly account: Account;
  /** Says who calls, and what they may. */
  readonly iam: Iam;
  /** Takes events of buckets whose notification configuration enables EventBridge. It must not throw. */
  readonly onEvent?: (event: S3Event) => void;
}

/**
 * The local cloud's S3. Who calls is known by the signature of a request, and what they may by the deployed policies, before
 * its body is read and before anything is told of the object. Bytes stream between socket and disk; an object exists once its row stands in the index, so that a
 * reader sees the old object or the new one, and what a crash leaves half-written is removed at the next start.
 *
 * @throws PortInUseError; an Error when another process has the folder.
 */
export const startS3 = async (options: S3Options): Promise<StandIn> => {
  const database = openDatabase(options.dataDir);
  try {
    const context = await openContext(database, options);
    const running = new Set<Promise<void>>();
    const handle = (message: IncomingMessage, response: ServerResponse): void => {
      const answering = answer(message, response, context).finally(() => running.delete(answering));
      running.add(answering);
    };
    const server = await listen(handle, options.port, { requestTimeoutMs: 0 });
    const close = async (): Promise<void> => {
      await server.close();
      await Promise.all(running);
      if (database.isOpen) database.close();
    };
    return { url: server.url, close };
  } catch (error) {
    database.close();
    throw error;
  }
};

const openContext = async (
  database: DatabaseSync,
  { dataDir, account, iam, onEvent }: S3Options,
): Promise<S3Context> => {
  const objects = objectIndex(database);
  const uploads = uploadIndex(database);
  const referenced = new Set([...objects.files(), ...uploads.files()]);
  const files = await openDataFiles(join(dataDir, 'data'), (name) => referenced.has(name));
  return {
    account,
    iam,
    database,
    objects,
    uploads,
    files,
    announce(draft) {
      if (objects.bucket(draft.bucket)?.eventBridgeEnabled) onEvent?.(s3Event(draft, account));
    },
  };
};

const answer = async (message: IncomingMessage, response: ServerResponse, context: S3Context): Promise<void> => {
  const id = newRequestId();
  try {
    const request = parseRequest(message, id, context.iam);
    const operation = findOperation(request);
    request.caller.authorize(...PERMISSIONS[operation.name](new Questions(request, context)));
    checkOwner(request, context);
    checkKey(request.key);
    await send(response, id, await operation.answer(request, context));
  } catch (error) {
    sendError(message, response, id, error);
  }
};

const checkOwner = ({ headers, bucket }: S3Request, context: S3Context): void => {
  const owner = headers['x-amz-expected-bucket-owner'];
  if (owner === undefined || owner === context.account.accountId) return;
  existingBucket(context, bucket);
  throw new S3Error('AccessDenied');
};

/** Bytes of UTF-8: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1_024;

const checkKey = (key: string): void => {
  const sizeBytes = Buffer.byteLength(key);
  if (sizeBytes > MAX_KEY_BYTES) {
    throw new S3Error('KeyTooLongError', {
      details: { Size: String(sizeBytes), MaxSizeAllowed: String(MAX_KEY_BYTES) },
    });
  }
};

const send = async (
  response: ServerResponse,
  id: string,
  { statusCode = 200, headers, body }: Reply,
): Promise<void> => {
  if (body instanceof Readable) {
    response.writeHead(statusCode, { ...serverHeaders(id), ...headers });
    await pipeline(body, response);
    return;
  }
  const xml =
    body === undefined ? {} : { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) };
  const empty = body === undefined && statusCode === 200 ? { 'content-length': '0' } : {};
  response.writeHead(statusCode, { ...serverHeaders(id), ...empty, ...xml, ...headers });
  response.end(body);
};

const serverHeaders = (id: string): Record<string, string> => ({
  server: 'AmazonS3',
  'x-amz-request-id': id,
  'x-amz-id-2': id,
});

/** A client that went away, or an answer that broke off half-way, gets nothing more than the end of its connection. */
const sendError = (message: IncomingMessage, response: ServerResponse, id: string, error: unknown): void => {
  if (response.headersSent || (message.destroyed && !message.complete)) {
    response.destroy();
    return;
  }
  const { statusCode, code, message: text, details } = asS3Error(error);
  const resource = (message.url ?? '').split('?', 1)[0];
  const body = xmlError({ Code: code, Message: text, ...details, Resource: resource, RequestId: id, HostId: id });
  const length = Buffer.byteLength(body);
  response.writeHead(statusCode, { ...serverHeaders(id), 'content-type': 'application/xml', 'content-length': length });
  response.end(body);
};

const asS3Error = (thrown: unknown): S3Error => {
  const error = asAccessError(thrown);
  if (error instanceof S3Error) return error;
  if (error instanceof BodyStalledError) return new S3Error('RequestTimeout', { cause: error });
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new S3Error('InternalError', { message, cause: error });
};
