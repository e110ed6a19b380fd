import { pipeline } from 'node:stream/promises';
import { bodyChunks } from '#local/http/body-chunks.ts';
import { repositoryCheck } from './callers.ts';
import { type DistributionContext, type Exchange, type Handle, RegistryError } from './exchange.ts';
import type { Upload } from './store.ts';

/** A blob's bytes, or where they are to be fetched; HEAD says how many there are. */
export const getBlob: Handle = async ({ store, repository, quirks, signBlobUrl }, { request, response, argument }) => {
  const digest = argument;
  if (!(await store.hasBlob(repository, digest))) {
    throw new RegistryError(404, 'BLOB_UNKNOWN', `The blob ${digest} does not exist in '${repository.name}'`);
  }
  const sizeBytes = await store.blobSize(digest);
  response.setHeader('docker-content-digest', digest);
  if (request.method === 'HEAD') return void response.writeHead(200, { 'content-length': sizeBytes }).end();
  if (quirks.redirectsBlobs) return void response.writeHead(307, { location: signBlobUrl(digest) }).end();
  await sendBlob({ store }, { request, response }, digest, sizeBytes);
};

/** Sends a blob, or what is left of it from the start of a Range. */
export const sendBlob = async (
  { store }: Pick<DistributionContext, 'store'>,
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  digest: string,
  sizeBytes: number,
): Promise<void> => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start > 0 && start >= sizeBytes) return void response.writeHead(416).end();
  response.writeHead(start > 0 ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': sizeBytes - start,
    ...(start > 0 && { 'content-range': `bytes ${start}-${sizeBytes - 1}/${sizeBytes}` }),
  });
  // A client that goes away ends its download, nothing else.
  await pipeline(store.readBlob(digest, start), response).catch(() => response.destroy());
};

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const REPOSITORY = /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/;

/** Begins an upload; with `mount` and `from` it takes a blob over instead, if it can. */
export const beginUpload: Handle = async (context, { response, url }) => {
  const { store, repository, quirks, caller, region } = context;
  const mount = DIGEST.exec(url.searchParams.get('mount') ?? '')?.[0];
  const from = REPOSITORY.exec(url.searchParams.get('from') ?? '')?.[0];
  const source = from && { ...repository, name: from };
  if (mount && source && !quirks.refusesMounts) {
    caller.authorize(repositoryCheck('GetDownloadUrlForLayer', region, source));
  }
  if (mount && source && !quirks.refusesMounts && (await store.hasBlob(source, mount))) {
    await store.linkBlob(repository, mount);
    return created(context, response, mount);
  }
  const upload = await store.beginUpload(repository);
  response.writeHead(202, uploadHeaders(context, upload, 0)).end();
};

export const describeUpload: Handle = async (context, { response, argument }) => {
  const upload = findUpload(context, argument);
  await upload.idle();
  response.writeHead(204, uploadHeaders(context, upload, rangeEnd(context, upload))).end();
};

/** Appends a part. One without Content-Range is what comes next. */
export const appendPart: Handle = async (context, { request, response, argument }) => {
  const upload = findUpload(context, argument);
  await upload.idle();
  const start = /^(\d+)-\d+$/.exec(String(request.headers['content-range'] ?? ''))?.[1];
  if (start !== undefined && Number(start) !== upload.sizeBytes) {
    throw new RegistryError(416, 'BLOB_UPLOAD_INVALID', `The part begins at ${start} and not at ${upload.sizeBytes}`);
  }
  assertPartSizes(context, upload);
  await upload.append(bodyChunks(request));
  const status = context.quirks.staleUploadRange ? 201 : 202;
  response.writeHead(status, uploadHeaders(context, upload, rangeEnd(context, upload))).end();
};

/** Ends an upload, perhaps with a last part; its bytes must have the digest that they are to be called by. */
export const finishUpload: Handle = async (context, { request, response, url, argument }) => {
  const { store, repository, quirks } = context;
  const upload = findUpload(context, argument);
  await upload.idle();
  const digest = url.searchParams.get('digest') ?? '';
  if (Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding']) {
    assertPartSizes(context, upload);
    await upload.append(bodyChunks(request));
  }
  const actual = upload.digest();
  if (actual !== digest) {
    await store.cancelUpload(upload.id);
    throw new RegistryError(400, 'DIGEST_INVALID', `The digest of the upload is ${actual} and not ${digest}`);
  }
  if (quirks.refusesKnownLayers && (await store.hasBlob(repository, digest))) {
    await store.cancelUpload(upload.id);
    throw new RegistryError(400, 'LAYER_ALREADY_EXISTS', `The layer with digest '${digest}' already exists`);
  }
  await store.finishUpload(upload, digest);
  created(context, response, digest);
};

export const cancelUpload: Handle = async (context, { response, argument }) => {
  await context.store.cancelUpload(findUpload(context, argument).id);
  response.writeHead(204).end();
};

const findUpload = ({ store, repository }: DistributionContext, id: string): Upload => {
  const upload = store.findUpload(repository, id);
  if (upload) return upload;
  throw new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', `The upload ${id} does not exist in '${repository.name}'`);
};

const assertPartSizes = ({ quirks }: DistributionContext, { partSizes }: Upload): void => {
  const small = partSizes.find((sizeBytes) => sizeBytes < quirks.minimumPartBytes);
  if (small === undefined) return;
  throw new RegistryError(
    400,
    'BLOB_UPLOAD_INVALID',
    `A part has ${small} bytes; layer parts but the last must have ${quirks.minimumPartBytes} bytes at least`,
  );
};

/** ECR's Range stays behind from the second part on. */
const rangeEnd = ({ quirks }: DistributionContext, { partSizes, sizeBytes }: Upload): number =>
  Math.max(0, (quirks.staleUploadRange ? (partSizes[0] ?? 0) : sizeBytes) - 1);

const uploadHeaders = ({ repository }: DistributionContext, { id }: Upload, end: number) => ({
  location: `/v2/${repository.name}/blobs/uploads/${id}`,
  range: `0-${end}`,
  'docker-upload-uuid': id,
  'content-length': 0,
});

const created = ({ repository }: DistributionContext, response: Exchange['response'], digest: string): void => {
  const location = `/v2/${repository.name}/blobs/${digest}`;
  response.writeHead(201, { location, 'docker-content-digest': digest, 'content-length': 0 }).end();
};
