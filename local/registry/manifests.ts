import { z } from 'zod';
import { readLimited } from '#local/http/limited-body.ts';
import { type DistributionContext, type Handle, RegistryError } from './exchange.ts';
import { digestOf } from './store.ts';

const Descriptor = z.looseObject({ digest: z.string() });
const ImageManifest = z.looseObject({ config: Descriptor, layers: z.array(Descriptor) });
const ImageIndex = z.looseObject({ manifests: z.array(Descriptor) });

const INDEXES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const IMAGES = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'];

export const getManifest: Handle = async ({ store, repository }, { request, response, argument }) => {
  const digest = argument.startsWith('sha256:') ? argument : await store.findTag(repository, argument);
  const manifest = digest && (await store.findManifest(repository, digest));
  if (!manifest) {
    throw new RegistryError(404, 'MANIFEST_UNKNOWN', `Requested image ${repository.name}:${argument} not found`);
  }
  response.writeHead(200, {
    'content-type': manifest.mediaType,
    'content-length': manifest.bytes.length,
    'docker-content-digest': digest,
  });
  response.end(request.method === 'HEAD' ? undefined : manifest.bytes);
};

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html */
const MAX_MANIFEST_BYTES = 4_194_304;

/** Keeps a manifest, under a tag or its digest, once all that it names is in this repository. */
export const putManifest: Handle = async (context, { request, response, argument }) => {
  const { store, repository } = context;
  const mediaType = String(request.headers['content-type'] ?? '').split(';')[0]!;
  const bytes = await readLimited(request, MAX_MANIFEST_BYTES);
  if (!bytes) {
    throw new RegistryError(413, 'SIZE_INVALID', `The manifest is longer than ${MAX_MANIFEST_BYTES} bytes`);
  }
  await assertComplete(context, mediaType, bytes);
  const isTag = !argument.startsWith('sha256:');
  if (isTag) await assertTagFree(context, argument, bytes);
  else if (argument !== digestOf(bytes))
    throw new RegistryError(400, 'DIGEST_INVALID', 'The manifest has another digest');
  const digest = await store.putManifest(repository, mediaType, bytes);
  if (isTag) await store.setTag(repository, argument, digest);
  const location = `/v2/${repository.name}/manifests/${digest}`;
  response.writeHead(201, { location, 'docker-content-digest': digest, 'content-length': 0 }).end();
};

/** Tags in alphabetical order, `n` at a time after `last`. */
export const listTags: Handle = async ({ store, repository }, { response, url }) => {
  const last = url.searchParams.get('last') ?? '';
  const n = Number(url.searchParams.get('n') ?? Number.MAX_SAFE_INTEGER);
  const rest = (await store.listTags(repository)).filter((tag) => tag > last);
  const tags = rest.slice(0, n);
  if (rest.length > tags.length) {
    const query = new URLSearchParams({ last: tags.at(-1) ?? '', n: String(n) });
    response.setHeader('link', `</v2/${repository.name}/tags/list?${query}>; rel="next"`);
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ name: repository.name, tags }));
};

const assertComplete = async (context: DistributionContext, mediaType: string, bytes: Buffer): Promise<void> => {
  const { store, repository } = context;
  if (INDEXES.includes(mediaType)) {
    for (const { digest } of parse(ImageIndex, bytes).manifests) {
      if (!(await store.findManifest(repository, digest))) {
        throw new RegistryError(400, 'MANIFEST_UNKNOWN', `The image with digest ${digest} does not exist`);
      }
    }
    return;
  }
  if (!IMAGES.includes(mediaType)) {
    throw new RegistryError(400, 'MANIFEST_INVALID', `Manifests of the type "${mediaType}" are not supported`);
  }
  const { config, layers } = parse(ImageManifest, bytes);
  const missing: string[] = [];
  for (const { digest } of [config, ...layers]) {
    if (!(await store.hasBlob(repository, digest))) missing.push(digest);
  }
  if (missing.length > 0) {
    throw new RegistryError(
      400,
      'MANIFEST_BLOB_UNKNOWN',
      `Layers with digests '${missing.join(', ')}' required for pushing image into repository '${repository.name}' do not exist`,
    );
  }
};

const assertTagFree = async ({ store, repository, quirks }: DistributionContext, tag: string, bytes: Buffer) => {
  const { imageTagMutability } = (await store.findRepository(repository))!;
  if (!quirks.immutableTags || imageTagMutability === 'MUTABLE') return;
  const taken = await store.findTag(repository, tag);
  const current = taken && (await store.findManifest(repository, taken));
  if (!current || current.bytes.equals(bytes)) return;
  throw new RegistryError(
    400,
    'TAG_INVALID',
    `The image tag '${tag}' already exists in the '${repository.name}' repository and cannot be overwritten because the repository is immutable.`,
  );
};

const parse = <T>(schema: z.ZodType<T>, bytes: Buffer): T => {
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw new RegistryError(400, 'MANIFEST_INVALID', `The manifest is malformed: ${(error as Error).message}`);
  }
};
