import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { BY_THE_BOOK, ECR, type EcrQuirks } from '#local/registry/quirks.ts';
import { digestOf } from '#shared/images/digest.ts';
import { OCI } from '#shared/images/media-types.ts';
import { registryClient } from '#shared/images/registry-client.ts';
import { openRegistry, REPOSITORY } from '#test/local/registry/open-registry.ts';
import { type Fault, type SeenRequest, startFaultProxy } from './fault-proxy.ts';

const MIB = 1024 * 1024;

/** Bytes that look random and are the same each time. */
const noise = (sizeBytes: number): Buffer => {
  const blocks: Buffer[] = [];
  for (let made = 0; made < sizeBytes; made += 64 * 1024) {
    blocks.push(Buffer.alloc(64 * 1024, createHash('sha512').update(String(made)).digest()));
  }
  return Buffer.concat(blocks).subarray(0, sizeBytes);
};

const blobOf = (bytes: Buffer) => ({ digest: digestOf(bytes), sizeBytes: bytes.length });

async function* chunksOf(bytes: Buffer, chunkBytes = 300_000): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += chunkBytes) yield bytes.subarray(start, start + chunkBytes);
}

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** A registry, and our client that reaches it through a proxy which spoils what `faultOf` says. */
const openClient = async ({
  faultOf,
  quirks = ECR,
  clock,
}: {
  faultOf?: (request: SeenRequest) => Fault | undefined;
  quirks?: EcrQuirks;
  clock?: () => number;
} = {}) => {
  const open = await openRegistry({ quirks, ...(clock && { clock }) });
  opened.push(open.close);
  const proxy = await startFaultProxy(open.registry.url, faultOf);
  opened.push(proxy.close);
  const { password } = await open.registries.pullCredentials();
  const renewals: string[] = [];
  const client = registryClient({
    endpoint: proxy.url,
    host: new URL(open.registry.url).host,
    async authorization({ renew } = { renew: false }) {
      if (renew) renewals.push('renewed');
      const token = renew ? (await open.registries.pullCredentials()).password : password;
      return `Basic ${Buffer.from(`AWS:${token}`).toString('base64')}`;
    },
  });
  return { ...open, client, seen: proxy.seen, renewals };
};

/** A fault for the nth request, from 1, that `matches`. */
const nth = (count: number, matches: (request: SeenRequest) => boolean, fault: Fault) => {
  let seen = 0;
  return (request: SeenRequest) => {
    if (!matches(request)) return undefined;
    seen += 1;
    return seen === count ? fault : undefined;
  };
};

const isPatch = ({ method }: SeenRequest): boolean => method === 'PATCH';
const isBlobGet = ({ method, path }: SeenRequest): boolean => method === 'GET' && path.includes('/blobs/sha256:');
const methods = (seen: readonly SeenRequest[]): string => seen.map(({ method }) => method).join(' ');

describe.each([
  ['ECR', ECR],
  ['a registry by the book', BY_THE_BOOK],
])('a blob in %s', (_, quirks) => {
  it('is sent in one request when it is small', async () => {
    const { client, seen } = await openClient({ quirks });
    const bytes = noise(100_000);

    await client.pushBlob(REPOSITORY, blobOf(bytes), () => chunksOf(bytes));

    expect(methods(seen)).toBe('POST PUT');
    expect(await client.hasBlob(REPOSITORY, digestOf(bytes))).toBe(true);
    expect(await buffer(client.readBlob(REPOSITORY, blobOf(bytes)))).toEqual(bytes);
  });

  it('is sent in parts whose offsets are our own, and comes back the same', async () => {
    const { client, seen } = await openClient({ quirks });
    const bytes = noise(21 * MIB);

    await client.pushBlob(REPOSITORY, blobOf(bytes), () => chunksOf(bytes));

    expect(methods(seen)).toBe('POST PATCH PATCH PATCH PUT');
    expect(seen.filter(isPatch).map(({ headers }) => headers['content-range'])).toEqual([
      '0-10485759',
      '10485760-20971519',
      '20971520-22020095',
    ]);
    expect((await buffer(client.readBlob(REPOSITORY, blobOf(bytes)))).equals(bytes)).toBe(true);
  });

  it('may be sent twice', async () => {
    const { client } = await openClient({ quirks });
    const bytes = noise(1000);

    await client.pushBlob(REPOSITORY, blobOf(bytes), () => chunksOf(bytes));
    await client.pushBlob(REPOSITORY, blobOf(bytes), () => chunksOf(bytes));

    expect(await client.hasBlob(REPOSITORY, digestOf(bytes))).toBe(true);
  });

  it('that is empty is a blob too', async () => {
    const { client } = await openClient({ quirks });
    const empty = Buffer.alloc(0);

    await client.pushBlob(REPOSITORY, blobOf(empty), () => chunksOf(empty));

    expect(await buffer(client.readBlob(REPOSITORY, blobOf(empty)))).toEqual(empty);
  });
});

describe('an upload of 21 MiB', () => {
  const bytes = noise(21 * MIB);

  it.each<[string, EcrQuirks, Fault]>([
    ['is refused with 503', ECR, { kind: 'answer', statusCode: 503 }],
    ['is throttled', ECR, { kind: 'answer', statusCode: 429, headers: { 'retry-after': '0' } }],
    ['is stored and its answer lost, while the Range is stale', ECR, { kind: 'lose answer' }],
    ['is stored and its answer lost', BY_THE_BOOK, { kind: 'lose answer' }],
    ['breaks off in its middle', BY_THE_BOOK, { kind: 'cut request', afterBytes: 3 * MIB }],
  ])('goes on, and doesn’t begin again, when its second part %s', async (_, quirks, fault) => {
    const { client, seen } = await openClient({ quirks, faultOf: nth(2, isPatch, fault) });

    await client.pushBlob(REPOSITORY, blobOf(bytes), () => chunksOf(bytes));

    expect(methods(seen)).toMatch(/^POST PATCH PATCH GET (PATCH )?PATCH PUT$/);
    expect((await buffer(client.readBlob(REPOSITORY, blobOf(bytes)))).equals(bytes)).toBe(true);
  });

  it('begins again when the registry has forgotten it', async () => {
    const forgotten: Fault = { kind: 'answer', statusCode: 404, body: '{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}' };
    const { client, seen } = await openClient({ faultOf: nth(3, isPatch, forgotten) });

    await client.pushBlob(REPOSITORY, blobOf(bytes), () => chunksOf(bytes));

    expect(methods(seen)).toBe('POST PATCH PATCH PATCH POST PATCH PATCH PATCH PUT');
  });

  it('begins again, on another connection, when the registry finds a part at the wrong place', async () => {
    const { client, seen } = await openClient({
      quirks: BY_THE_BOOK,
      faultOf: nth(1, isPatch, { kind: 'answer', statusCode: 202 }),
    });

    await client.pushBlob(REPOSITORY, blobOf(bytes), () => chunksOf(bytes));

    expect(methods(seen)).toBe('POST PATCH PATCH POST PATCH PATCH PATCH PUT');
  });

  it('is done when the answer to its end is lost', async () => {
    const { client } = await openClient({ faultOf: nth(1, ({ method }) => method === 'PUT', { kind: 'lose answer' }) });

    await client.pushBlob(REPOSITORY, blobOf(bytes), () => chunksOf(bytes));

    expect(await client.hasBlob(REPOSITORY, digestOf(bytes))).toBe(true);
  });

  it('ends with RegistryUnavailableError when the registry stays down', async () => {
    const { client } = await openClient({
      faultOf: (request) =>
        isPatch(request) ? { kind: 'answer', statusCode: 500, headers: { 'retry-after': '0' } } : undefined,
    });

    await expect(client.pushBlob(REPOSITORY, blobOf(bytes), () => chunksOf(bytes))).rejects.toMatchObject({
      name: 'RegistryUnavailableError',
      message: expect.stringContaining('500'),
    });
  });

  it('is cancelled when its bytes are not those of the digest', async () => {
    const { client, seen } = await openClient();
    const other = { digest: digestOf('something else'), sizeBytes: bytes.length };

    await expect(client.pushBlob(REPOSITORY, other, () => chunksOf(bytes))).rejects.toMatchObject({
      name: 'ImageMismatchError',
    });

    expect(methods(seen)).toBe('POST PATCH PATCH PATCH DELETE');
    expect(await client.hasBlob(REPOSITORY, other.digest)).toBe(false);
  });
});

describe('a download', () => {
  const bytes = noise(3 * MIB);
  const openWithBlob = async (faultOf: (request: SeenRequest) => Fault | undefined) => {
    const open = await openClient({ quirks: { ...ECR, redirectsBlobs: false }, faultOf });
    await open.client.pushBlob(REPOSITORY, blobOf(bytes), () => chunksOf(bytes));
    return open;
  };

  it('goes on where it broke off, and gives each byte once', async () => {
    const { client, seen } = await openWithBlob(nth(1, isBlobGet, { kind: 'cut answer', afterBytes: MIB }));

    const read = await buffer(client.readBlob(REPOSITORY, blobOf(bytes)));

    expect(read.equals(bytes)).toBe(true);
    expect(seen.filter(isBlobGet).map(({ headers }) => headers.range)).toEqual([undefined, `bytes=${MIB}-`]);
  });

  it('is refused when a bit was flipped on its way', async () => {
    const { client } = await openWithBlob(nth(1, isBlobGet, { kind: 'damage answer' }));

    await expect(buffer(client.readBlob(REPOSITORY, blobOf(bytes)))).rejects.toMatchObject({
      name: 'ImageMismatchError',
    });
  });

  it('is refused when there is more than the manifest says', async () => {
    const { client } = await openWithBlob(() => undefined);

    await expect(
      buffer(client.readBlob(REPOSITORY, { digest: digestOf(bytes), sizeBytes: bytes.length - 1 })),
    ).rejects.toMatchObject({ name: 'ImageMismatchError' });
  });

  it('names the blob that the registry does not have', async () => {
    const { client } = await openWithBlob(() => undefined);
    const digest = digestOf('nothing');

    await expect(buffer(client.readBlob(REPOSITORY, { digest, sizeBytes: 7 }))).rejects.toMatchObject({
      name: 'RegistryRefusedError',
      message: expect.stringMatching(new RegExp(`${digest}.*BLOB_UNKNOWN`)),
    });
  });
});

describe('credentials', () => {
  it('don’t follow a redirect to another origin', async () => {
    // The registry's second origin answers 400 to a request that brings an Authorization header.
    const { client } = await openClient({ quirks: ECR });
    const bytes = noise(1000);
    await client.pushBlob(REPOSITORY, blobOf(bytes), () => chunksOf(bytes));

    expect(await buffer(client.readBlob(REPOSITORY, blobOf(bytes)))).toEqual(bytes);
  });

  it('are renewed once when their time is over', async () => {
    let now = Date.now();
    const { client, renewals } = await openClient({ clock: () => now });

    now += 13 * 60 * 60 * 1000;

    expect(await client.hasBlob(REPOSITORY, digestOf('nothing'))).toBe(false);
    expect(renewals).toEqual(['renewed']);
  });

  it('are not sent where an upload’s Location leads away from the registry', async () => {
    const { client } = await openClient({
      faultOf: nth(1, ({ method }) => method === 'POST', {
        kind: 'answer',
        statusCode: 202,
        headers: { location: 'http://127.0.0.1:9/v2/elsewhere' },
      }),
    });

    await expect(
      client.pushBlob(REPOSITORY, blobOf(Buffer.from('x')), () => chunksOf(Buffer.from('x'))),
    ).rejects.toMatchObject({ name: 'RegistryRefusedError', message: expect.stringContaining('127.0.0.1:9') });
  });

  it.each([
    ['a push', 'POST', { kind: 'answer', statusCode: 307, headers: { location: '/v2/elsewhere' } }],
    ['a redirect to http', 'GET', { kind: 'answer', statusCode: 307, headers: { location: 'http://192.0.2.1/blob' } }],
  ] as const)('stay home: %s is not redirected', async (_, method, fault) => {
    const { client } = await openClient({ faultOf: (request) => (request.method === method ? fault : undefined) });
    const blob = blobOf(Buffer.from('x'));
    const ask =
      method === 'POST'
        ? client.pushBlob(REPOSITORY, blob, () => chunksOf(Buffer.from('x')))
        : buffer(client.readBlob(REPOSITORY, blob));

    await expect(ask).rejects.toMatchObject({
      name: 'RegistryRefusedError',
      message: expect.stringContaining('not followed'),
    });
  });

  it.each(['http://registry.example.com', 'http://127.0.0.1.example.com', 'ftp://127.0.0.1'])(
    'are not sent to %s',
    (endpoint) => {
      expect(() => registryClient({ endpoint, host: 'registry', authorization: async () => 'Basic secret' })).toThrow(
        'https only',
      );
    },
  );
});

describe('a mount', () => {
  it('takes a blob over where the registry allows it', async () => {
    const { client, registry, repository } = await openClient({ quirks: BY_THE_BOOK });
    await registry.store.createRepository({ ...repository, name: 'other' }, 'MUTABLE');
    const bytes = noise(1000);
    await client.pushBlob('other', blobOf(bytes), () => chunksOf(bytes));

    expect(await client.mountBlob(REPOSITORY, digestOf(bytes), 'other')).toBe(true);
    expect(await client.hasBlob(REPOSITORY, digestOf(bytes))).toBe(true);
  });

  it('says so, and leaves no upload behind, where ECR doesn’t', async () => {
    const { client, registry, repository, seen } = await openClient({ quirks: ECR });
    await registry.store.createRepository({ ...repository, name: 'other' }, 'MUTABLE');
    const bytes = noise(1000);
    await client.pushBlob('other', blobOf(bytes), () => chunksOf(bytes));
    seen.length = 0;

    expect(await client.mountBlob(REPOSITORY, digestOf(bytes), 'other')).toBe(false);
    expect(await client.hasBlob(REPOSITORY, digestOf(bytes))).toBe(false);
    expect(methods(seen)).toBe('POST DELETE HEAD');
  });
});

describe('a manifest', () => {
  const config = Buffer.from('{}');
  const manifestOf = (annotation: string) => {
    const descriptor = { digest: digestOf(config), size: config.length };
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI.manifest,
        config: { mediaType: OCI.config, ...descriptor },
        layers: [{ mediaType: OCI.layer, ...descriptor }],
        annotations: { annotation },
      }),
    );
    return { mediaType: OCI.manifest, digest: digestOf(bytes), bytes };
  };

  it('is found by its tag and by its digest, and by nothing else', async () => {
    const { client } = await openClient();
    await client.pushBlob(REPOSITORY, blobOf(config), () => chunksOf(config));
    const manifest = manifestOf('one');

    await client.putManifest(REPOSITORY, 'model-1', manifest);

    expect(await client.findManifest(REPOSITORY, 'model-1')).toEqual(manifest);
    expect(await client.findManifest(REPOSITORY, manifest.digest)).toEqual(manifest);
    expect(await client.findManifest(REPOSITORY, 'model-2')).toBeUndefined();
  });

  it('is refused while the repository lacks its layers', async () => {
    const { client } = await openClient();

    await expect(client.putManifest(REPOSITORY, 'model-1', manifestOf('one'))).rejects.toMatchObject({
      name: 'RegistryRefusedError',
      message: expect.stringContaining(digestOf(config)),
    });
  });

  it('is refused under a tag that another image has', async () => {
    const { client } = await openClient();
    await client.pushBlob(REPOSITORY, blobOf(config), () => chunksOf(config));
    await client.putManifest(REPOSITORY, 'model-1', manifestOf('one'));

    await client.putManifest(REPOSITORY, 'model-1', manifestOf('one'));
    await expect(client.putManifest(REPOSITORY, 'model-1', manifestOf('two'))).rejects.toMatchObject({
      name: 'RegistryRefusedError',
      message: expect.stringContaining('immutable'),
    });
  });

  it('is refused when its bytes are not those of the digest', async () => {
    const { client } = await openClient({
      faultOf: nth(1, ({ method, path }) => method === 'GET' && path.includes('/manifests/'), {
        kind: 'damage answer',
      }),
    });
    await client.pushBlob(REPOSITORY, blobOf(config), () => chunksOf(config));
    const manifest = manifestOf('one');
    await client.putManifest(REPOSITORY, 'model-1', manifest);

    await expect(client.findManifest(REPOSITORY, manifest.digest)).rejects.toMatchObject({
      name: 'ImageMismatchError',
    });
  });

  it('of a repository that doesn’t exist is an error that names it', async () => {
    const { client } = await openClient();

    await expect(client.findManifest('no-such-repository', 'model-1')).rejects.toMatchObject({
      name: 'RegistryRefusedError',
      message: expect.stringContaining('no-such-repository'),
    });
  });
});
