import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectsCommand,
  type ListObjectsCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { type OpenS3, openS3 } from '#test/local/s3/open-s3.ts';

let s3: OpenS3;

beforeAll(async () => {
  s3 = await openS3();
});

afterAll(() => s3[Symbol.asyncDispose]());

const createBucket = async (Bucket: string, keys: readonly string[]): Promise<void> => {
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  for (const Key of keys) await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
};

interface Listing {
  readonly prefix: string;
  readonly delimiter: string;
  readonly startAfter: string;
}

/** Every page of a listing: its keys and, marked, its common prefixes. */
const listPages = async (Bucket: string, MaxKeys: number, { prefix, delimiter, startAfter }: Listing) => {
  const pages: string[][] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.client.send(
      new ListObjectsV2Command({
        Bucket,
        MaxKeys,
        Prefix: prefix,
        Delimiter: delimiter,
        StartAfter: startAfter,
        ContinuationToken,
      }),
    );
    const keys = (page.Contents ?? []).map(({ Key = '' }) => Key);
    const prefixes = (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => `${Prefix} …`);
    pages.push([...keys, ...prefixes]);
    expect(page.KeyCount).toBe(pages.at(-1)?.length);
    ContinuationToken = page.NextContinuationToken;
    expect(page.IsTruncated).toBe(ContinuationToken !== undefined);
  } while (ContinuationToken);
  return pages;
};

/** The same by the first version, read on as boto3 does. */
const listPagesByMarker = async (Bucket: string, MaxKeys: number, { prefix, delimiter, startAfter }: Listing) => {
  const pages: string[][] = [];
  for (let Marker: string | undefined = startAfter; Marker !== undefined; ) {
    const page: ListObjectsCommandOutput = await s3.client.send(
      new ListObjectsCommand({ Bucket, MaxKeys, Prefix: prefix, Delimiter: delimiter, Marker }),
    );
    const keys = (page.Contents ?? []).map(({ Key = '' }) => Key);
    pages.push([...keys, ...(page.CommonPrefixes ?? []).map(({ Prefix = '' }) => `${Prefix} …`)]);
    Marker = page.IsTruncated ? (page.NextMarker ?? keys.at(-1)) : undefined;
  }
  return pages;
};

/** What S3 documents, in a few lines: filter, group, sort, cut; keys before prefixes on each page. */
const modelledPages = (
  keys: readonly string[],
  maxKeys: number,
  { prefix, delimiter, startAfter }: Listing,
): string[][] => {
  const entries = keys
    .filter((key) => key.startsWith(prefix) && (startAfter === '' || inBytes(key, startAfter) > 0))
    .map((key) => {
      const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      return end < 0 ? key : `${key.slice(0, end + delimiter.length)} …`;
    });
  const sorted = [...new Set(entries)].sort(inBytes);
  const pages: string[][] = [];
  for (let start = 0; start === 0 || start < sorted.length; start += maxKeys) {
    const page = sorted.slice(start, start + maxKeys);
    pages.push([...page.filter((entry) => !entry.endsWith('…')), ...page.filter((entry) => entry.endsWith('…'))]);
  }
  return pages;
};

const inBytes = (left: string, right: string): number => Buffer.compare(Buffer.from(left), Buffer.from(right));

describe('ListObjects', () => {
  it('lists in its first version what the second one lists', async () => {
    const keys = ['a', 'a/', 'a/b', 'a/b/c', 'a//', 'b', 'c/', 'c/d', 'é/1', 'é/2', '🛫/1'];
    await createBucket('first-version', keys);

    const listing = fc.record({
      prefix: fc.constantFrom('', 'a', 'a/', 'a/b/', 'é'),
      delimiter: fc.constantFrom('', '/', '//'),
      startAfter: fc.constantFrom('', 'a', 'b'),
    });

    await fc.assert(
      fc.asyncProperty(listing, fc.integer({ min: 1, max: 5 }), async (query, maxKeys) => {
        expect(await listPagesByMarker('first-version', maxKeys, query)).toEqual(modelledPages(keys, maxKeys, query));
      }),
      { numRuns: 60 },
    );
  });

  it('goes on behind a common prefix that is the marker', async () => {
    await createBucket('marked', ['a/1', 'a/2', 'b']);

    const pages = await listPagesByMarker('marked', 10, { prefix: '', delimiter: '/', startAfter: 'a/' });

    expect(pages).toEqual([['b']]);
  });
});

describe('ListObjectsV2', () => {
  it('equals filter, group and sort for any keys, prefix, delimiter, start and page size', async () => {
    const key = fc
      .array(fc.constantFrom('a', 'b', '/', '/', '-', 'é', '\uffee', '🛫'), { minLength: 1, maxLength: 6 })
      .map((characters) => characters.join(''));
    const keys = fc.sample(fc.uniqueArray(key, { minLength: 40, maxLength: 40 }), { numRuns: 1, seed: 7 })[0]!;
    await createBucket('modelled', keys);
    const piece = fc.oneof(fc.constant(''), key, fc.constantFrom(...keys));
    const listing = fc.record({
      prefix: piece,
      delimiter: fc.constantFrom('', '/', '/', 'a/', '🛫'),
      startAfter: piece,
    });

    await fc.assert(
      fc.asyncProperty(listing, fc.integer({ min: 1, max: 12 }), async (query, maxKeys) => {
        expect(await listPages('modelled', maxKeys, query)).toEqual(modelledPages(keys, maxKeys, query));
      }),
      { numRuns: 80 },
    );
  });

  it('sorts by the bytes of UTF-8, where signs of the first plane stand before emoji', async () => {
    const keys = ['b', 'B', 'é', '\uffee', '🛫', 'a/b', 'a', 'a!'];
    await createBucket('sorted', keys);

    const pages = await listPages('sorted', 3, { prefix: '', delimiter: '', startAfter: '' });

    expect(pages.flat()).toEqual(['B', 'a', 'a!', 'a/b', 'b', 'é', '\uffee', '🛫']);
  });

  it('describes objects, and their owner when asked', async () => {
    await s3.client.send(new CreateBucketCommand({ Bucket: 'described' }));
    const { ETag } = await s3.client.send(
      new PutObjectCommand({ Bucket: 'described', Key: 'k', Body: 'four', StorageClass: 'STANDARD_IA' }),
    );

    const page = await s3.client.send(new ListObjectsV2Command({ Bucket: 'described', FetchOwner: true }));

    expect(page.Contents).toEqual([
      {
        Key: 'k',
        ETag,
        Size: 4,
        LastModified: expect.any(Date),
        StorageClass: 'STANDARD_IA',
        ChecksumAlgorithm: ['CRC32'],
        ChecksumType: 'FULL_OBJECT',
        Owner: { ID: LOCAL_ACCOUNT.accountId },
      },
    ]);
  });

  it('encodes keys, prefixes, delimiter and start for a URL', async () => {
    await createBucket('encoded', ['ä b/1', 'ä b/+']);

    const page = await s3.client.send(
      new ListObjectsV2Command({
        Bucket: 'encoded',
        Prefix: 'ä b/',
        StartAfter: 'ä',
        Delimiter: '+',
        EncodingType: 'url',
      }),
    );

    expect(page).toMatchObject({
      Prefix: '%C3%A4%20b/',
      StartAfter: '%C3%A4',
      Delimiter: '%2B',
      Contents: [{ Key: '%C3%A4%20b/1' }],
      CommonPrefixes: [{ Prefix: '%C3%A4%20b/%2B' }],
    });
  });

  it('goes on after a key that was deleted between two pages', async () => {
    await createBucket('moving', ['a', 'b', 'c']);
    const first = await s3.client.send(new ListObjectsV2Command({ Bucket: 'moving', MaxKeys: 2 }));
    await s3.client.send(new DeleteObjectCommand({ Bucket: 'moving', Key: 'b' }));

    const second = await s3.client.send(
      new ListObjectsV2Command({ Bucket: 'moving', ContinuationToken: first.NextContinuationToken }),
    );

    expect(second.Contents).toMatchObject([{ Key: 'c' }]);
  });

  it.each([
    [{ ContinuationToken: 'made up!' }, 'continuation-token'],
    [{ MaxKeys: -1 }, 'max-keys'],
    [{ EncodingType: 'base64' as 'url' }, 'encoding-type'],
  ])('refuses %o', async (input, ArgumentName) => {
    await s3.client.send(new CreateBucketCommand({ Bucket: 'strict' })).catch(() => {});

    const listed = s3.client.send(new ListObjectsV2Command({ Bucket: 'strict', ...input }));

    await expect(listed).rejects.toMatchObject({ name: 'InvalidArgument', ArgumentName });
  });

  it('lists nothing when asked for no keys', async () => {
    await createBucket('none', ['a']);

    const page = await s3.client.send(new ListObjectsV2Command({ Bucket: 'none', MaxKeys: 0 }));

    expect(page).toMatchObject({ KeyCount: 0, IsTruncated: false });
  });
});
