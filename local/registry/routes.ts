import { appendPart, beginUpload, cancelUpload, describeUpload, finishUpload, getBlob } from './blobs.ts';
import type { Handle } from './exchange.ts';
import { getManifest, listTags, putManifest } from './manifests.ts';

interface Route {
  readonly method: readonly string[];
  /** The repository's name, then what is named in it. */
  readonly path: RegExp;
  readonly handle: Handle;
  /** What it takes on the repository: the operation of ECR's API that does the same. */
  readonly action: string;
}

const NAME = '/v2/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)';
const DIGEST = '(sha256:[0-9a-f]{64})';
const UPLOAD = '([0-9a-f-]{36})';
const REFERENCE = '(sha256:[0-9a-f]{64}|\\w[\\w.-]{0,127})';

const path = (rest: string): RegExp => new RegExp(`^${NAME}${rest}$`);

export const ROUTES: readonly Route[] = [
  { method: ['GET'], path: path(`/blobs/${DIGEST}`), handle: getBlob, action: 'GetDownloadUrlForLayer' },
  { method: ['HEAD'], path: path(`/blobs/${DIGEST}`), handle: getBlob, action: 'BatchCheckLayerAvailability' },
  { method: ['POST'], path: path('/blobs/uploads/'), handle: beginUpload, action: 'InitiateLayerUpload' },
  { method: ['GET'], path: path(`/blobs/uploads/${UPLOAD}`), handle: describeUpload, action: 'UploadLayerPart' },
  { method: ['PATCH'], path: path(`/blobs/uploads/${UPLOAD}`), handle: appendPart, action: 'UploadLayerPart' },
  { method: ['PUT'], path: path(`/blobs/uploads/${UPLOAD}`), handle: finishUpload, action: 'CompleteLayerUpload' },
  { method: ['DELETE'], path: path(`/blobs/uploads/${UPLOAD}`), handle: cancelUpload, action: 'UploadLayerPart' },
  { method: ['GET', 'HEAD'], path: path(`/manifests/${REFERENCE}`), handle: getManifest, action: 'BatchGetImage' },
  { method: ['PUT'], path: path(`/manifests/${REFERENCE}`), handle: putManifest, action: 'PutImage' },
  { method: ['GET'], path: path('/tags/list'), handle: listTags, action: 'ListImages' },
];
