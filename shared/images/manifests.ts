import { ImageMismatchError, RegistryRefusedError, UnsupportedImageError } from '#shared/errors.ts';
import { digestOf } from './digest.ts';
import { MANIFEST_MEDIA_TYPES } from './media-types.ts';
import type { Manifest } from './registry.ts';
import type { RegistryHttp } from './registry-http.ts';
import { readBounded, readRefusal, refusal } from './response-text.ts';

/** The specification asks registries to take manifests up to 4 MB; larger ones are no image's. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/**
 * A manifest, checked against the digest that it was asked for by, or that the registry names.
 *
 * @throws ImageMismatchError when its bytes have another digest.
 */
export const findManifest = async (
  http: RegistryHttp,
  repository: string,
  reference: string,
): Promise<Manifest | undefined> => {
  const response = await http.send({
    method: 'GET',
    path: `/v2/${repository}/manifests/${reference}`,
    headers: { accept: MANIFEST_MEDIA_TYPES.join(', ') },
  });
  if (response.statusCode === 404) {
    const answer = await readRefusal(response);
    if (!answer.codes.includes('NAME_UNKNOWN')) return undefined;
    throw refusal(`Reading the image ${repository}:${reference}`, answer);
  }
  if (response.statusCode !== 200)
    throw refusal(`Reading the image ${repository}:${reference}`, await readRefusal(response));
  const { bytes, complete } = await readBounded(response, MAX_MANIFEST_BYTES);
  if (!complete) throw new UnsupportedImageError(`The manifest of ${repository}:${reference} has more than 4 MB.`);
  const digest = digestOf(bytes);
  const expected = reference.startsWith('sha256:') ? reference : response.headers['docker-content-digest'];
  if (expected !== undefined && expected !== digest) {
    throw new ImageMismatchError(
      `The manifest of ${repository}:${reference} has the digest ${digest} instead of ${expected}.`,
    );
  }
  return { mediaType: mediaTypeOf(response.headers['content-type']), digest, bytes };
};

export const putManifest = async (
  http: RegistryHttp,
  repository: string,
  tag: string,
  { mediaType, digest, bytes }: Manifest,
): Promise<void> => {
  const response = await http.send({
    method: 'PUT',
    path: `/v2/${repository}/manifests/${tag}`,
    headers: { 'content-type': mediaType },
    body: bytes,
  });
  if (response.statusCode !== 201) throw refusal(`Writing the image ${repository}:${tag}`, await readRefusal(response));
  response.resume();
  const stored = response.headers['docker-content-digest'];
  if (stored !== undefined && stored !== digest) {
    throw new RegistryRefusedError(`The registry stored ${repository}:${tag} as ${stored} instead of ${digest}.`);
  }
};

const mediaTypeOf = (contentType = ''): string => contentType.split(';')[0]!.trim();
