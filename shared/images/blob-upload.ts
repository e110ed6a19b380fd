import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ImageMismatchError, RegistryUnavailableError } from '#shared/errors.ts';
import type { BlobDescriptor, Digest } from './digest.ts';
import { oneAhead, PART_SIZE_BYTES, parts } from './parts.ts';
import { pauseMs, type RegistryHttp } from './registry-http.ts';
import { readRefusal, refusal } from './response-text.ts';

/** A session that got lost, or parts that got mixed up, are healed by an upload from the beginning. */
const MAX_UPLOADS = 3;

/** Attempts for one part. */
const MAX_PART_ATTEMPTS = 4;

/**
 * Uploads a blob: in one request when it is a single part, else part after part.
 *
 * The offset is our own count. ECR answers 201 where the specification says 202, and from the second part on with a Range
 * that is behind what it stored; the digest, which the registry checks at the end, decides.
 *
 * @throws ImageMismatchError when `open` gives other bytes than the blob's; the upload is then cancelled.
 */
export const pushBlob = async (
  http: RegistryHttp,
  repository: string,
  blob: BlobDescriptor,
  open: () => AsyncIterable<Buffer>,
): Promise<void> => {
  for (let upload = 1; ; upload += 1) {
    try {
      return await uploadOnce(http, repository, blob, open());
    } catch (error) {
      if (!(error instanceof UploadLost)) throw error;
      if (upload === MAX_UPLOADS) {
        throw new RegistryUnavailableError(
          `The upload of ${blob.digest} to ${repository} was lost ${MAX_UPLOADS} times: ${error.message}`,
          { cause: error },
        );
      }
      await sleep(pauseMs(upload));
    }
  }
};

/** The registry doesn't know the upload any more, or has other bytes than were sent. */
class UploadLost extends Error {}

const uploadOnce = async (
  http: RegistryHttp,
  repository: string,
  blob: BlobDescriptor,
  bytes: AsyncIterable<Buffer>,
): Promise<void> => {
  const hash = createHash('sha256');
  let location = await startUpload(http, repository);
  let offset = 0;
  let last: Buffer | undefined;
  try {
    for await (const part of oneAhead(parts(bytes))) {
      hash.update(part);
      if (blob.sizeBytes <= PART_SIZE_BYTES) last = part;
      else location = await sendPart(http, { location, part, offset });
      offset += part.length;
    }
    assertSame(blob, { digest: `sha256:${hash.digest('hex')}`, sizeBytes: offset });
  } catch (error) {
    if (!(error instanceof UploadLost)) await cancel(http, location);
    throw error;
  }
  await finishUpload(http, { repository, location, digest: blob.digest, last });
};

const startUpload = async (http: RegistryHttp, repository: string): Promise<string> => {
  const response = await http.send({ method: 'POST', path: `/v2/${repository}/blobs/uploads/` });
  if (response.statusCode !== 202) throw refusal(`An upload to ${repository}`, await readRefusal(response));
  response.resume();
  return locationOf(response);
};

interface Part {
  readonly location: string;
  readonly part: Buffer;
  readonly offset: number;
}

/** Sends one part, until the registry has all of it; returns where the upload goes on. */
const sendPart = async (http: RegistryHttp, { location, part, offset }: Part): Promise<string> => {
  const end = offset + part.length;
  let from = offset;
  for (let attempt = 1; ; attempt += 1) {
    const response = await patch(http, location, part.subarray(from - offset), from);
    if (response instanceof RegistryUnavailableError) {
      if (attempt === MAX_PART_ATTEMPTS) throw response;
      await sleep(pauseMs(attempt));
      const stored = await storedBytes(http, location);
      if (stored === end) return location;
      if (stored > from && stored < end) from = stored;
    } else if (response.statusCode === 201 || response.statusCode === 202) {
      response.resume();
      return locationOf(response, location);
    } else {
      const answer = await readRefusal(response);
      // The answer to an earlier attempt got lost, not the part: the registry is ahead of our repeat.
      if (answer.statusCode === 416 && attempt > 1) return location;
      if (answer.statusCode === 416 || answer.statusCode === 404) throw new UploadLost(answer.text);
      throw refusal(`Bytes ${from} to ${end} of an upload`, answer);
    }
  }
};

const patch = async (
  http: RegistryHttp,
  path: string,
  body: Buffer,
  from: number,
): Promise<IncomingMessage | RegistryUnavailableError> => {
  const headers = { 'content-type': 'application/octet-stream', 'content-range': `${from}-${from + body.length - 1}` };
  try {
    return await http.send({ method: 'PATCH', path, headers, body, attempts: 1 });
  } catch (error) {
    if (error instanceof RegistryUnavailableError) return error;
    throw error;
  }
};

/** How many bytes the registry says it has, after a part whose fate is unknown; 0 when it doesn't say. */
const storedBytes = async (http: RegistryHttp, path: string): Promise<number> => {
  const response = await http.send({ method: 'GET', path });
  response.resume();
  const end = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.range ?? '')?.[1];
  return response.statusCode === 204 && end !== undefined ? Number(end) + 1 : 0;
};

interface Finish {
  readonly repository: string;
  readonly location: string;
  readonly digest: Digest;
  /** The whole blob, when it is sent with the last request. */
  readonly last: Buffer | undefined;
}

const finishUpload = async (http: RegistryHttp, { repository, location, digest, last }: Finish): Promise<void> => {
  const separator = location.includes('?') ? '&' : '?';
  const response = await http.send({
    method: 'PUT',
    path: `${location}${separator}digest=${encodeURIComponent(digest)}`,
    headers: { 'content-type': 'application/octet-stream' },
    ...(last && { body: last }),
  });
  if (response.statusCode === 201 || response.statusCode === 204) return void response.resume();
  const answer = await readRefusal(response);
  // Another upload of the same blob was faster, or the answer to an earlier attempt of ours got lost.
  if (await hasBlob(http, repository, digest)) return;
  if (answer.statusCode === 404 || answer.codes.includes('DIGEST_INVALID')) throw new UploadLost(answer.text);
  throw refusal(`The upload of ${digest} to ${repository}`, answer);
};

/** True when the repository has the blob. Other repositories of the same registry don't count. */
export const hasBlob = async (http: RegistryHttp, repository: string, digest: Digest): Promise<boolean> => {
  const response = await http.send({ method: 'HEAD', path: `/v2/${repository}/blobs/${digest}` });
  response.resume();
  if (response.statusCode === 200) return true;
  if (response.statusCode === 404) return false;
  throw refusal(`Looking for the blob ${digest} in ${repository}`, await readRefusal(response));
};

/** Takes a blob of another repository over. A registry that doesn't do that has begun an upload instead, which is cancelled. */
export const mountBlob = async (
  http: RegistryHttp,
  repository: string,
  digest: Digest,
  fromRepository: string,
): Promise<boolean> => {
  const query = new URLSearchParams({ mount: digest, from: fromRepository });
  const response = await http.send({ method: 'POST', path: `/v2/${repository}/blobs/uploads/?${query}` });
  if (response.statusCode !== 201 && response.statusCode !== 202) {
    throw refusal(`Mounting ${digest} from ${fromRepository} to ${repository}`, await readRefusal(response));
  }
  response.resume();
  if (response.statusCode === 202) await cancel(http, locationOf(response));
  return response.statusCode === 201;
};

/** Frees what the registry keeps for an upload. Registries forget uploads by themselves too, so a failure is no matter. */
const cancel = async (http: RegistryHttp, path: string): Promise<void> => {
  try {
    (await http.send({ method: 'DELETE', path, attempts: 1 })).resume();
  } catch {
    // The error that led here is the one to report.
  }
};

const locationOf = ({ headers }: IncomingMessage, current?: string): string => {
  const location = headers.location ?? current;
  if (location) return location;
  throw new RegistryUnavailableError('The registry began an upload and did not say where it goes on.');
};

const assertSame = (expected: BlobDescriptor, sent: BlobDescriptor): void => {
  if (sent.digest === expected.digest && sent.sizeBytes === expected.sizeBytes) return;
  throw new ImageMismatchError(
    `Of the blob ${expected.digest}, ${expected.sizeBytes} bytes, were read ${sent.sizeBytes} bytes with the digest ${sent.digest}.`,
  );
};
