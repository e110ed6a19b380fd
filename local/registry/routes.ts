import { appendPart, beginUpload, cancelUpload, describeUpload, finishUpload, getBlob } from './blobs.ts';
import type { Handle } from './exchange.ts';
import { getManifest, listTags, putManifest } from './manifests.ts';

interface Route {
  readonly method: readonly string[];
  /** The repository's name, then what is named in it. */
  readonly path: RegExp;
  readonly handle: Handle;
  /** Only the account's own repositories are written to. */
  readonly writes?: boolean;
}

const NAME = '/v2/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)';
const DIGEST = '(sha256:[0-9a-f]{64})';
const UPLOAD = '([0-9a-f-]{36})';
const REFERENCE = '(sha256:[0-9a-f]{64}|\\w[\\w.-]{0,127})';

const path = (rest: string): RegExp => new RegExp(`^${NAME}${rest}$`);

export const ROUTES: readonly Route[] = [
  { method: ['GET', 'HEAD'], path: path(`/blobs/${DIGEST}`), handle: getBlob },
  { method: ['POST'], path: path('/blobs/uploads/'), handle: beginUpload, writes: true },
  { method: ['GET'], path: path(`/blobs/uploads/${UPLOAD}`), handle: describeUpload, writes: true },
  { method: ['PATCH'], path: path(`/blobs/uploads/${UPLOAD}`), handle: appendPart, writes: true },
  { method: ['PUT'], path: path(`/blobs/uploads/${UPLOAD}`), handle: finishUpload, writes: true },
  { method: ['DELETE'], path: path(`/blobs/uploads/${UPLOAD}`), handle: cancelUpload, writes: true },
  { method: ['GET', 'HEAD'], path: path(`/manifests/${REFERENCE}`), handle: getManifest },
  { method: ['PUT'], path: path(`/manifests/${REFERENCE}`), handle: putManifest, writes: true },
  { method: ['GET'], path: path('/tags/list'), handle: listTags },
];
