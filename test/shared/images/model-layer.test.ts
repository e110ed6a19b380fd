import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '#shared/images/digest.ts';
import { buildModelLayer, type ModelLayer } from '#shared/images/model-layer.ts';
import { servingOf } from '#shared/images/serving.ts';
import { type ArchiveMember, tar, tarGz, untar } from './archives.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-layer-'));
});
afterAll(() => rm(folder, { recursive: true }));

const MODEL: readonly ArchiveMember[] = [{ name: 'model.joblib', content: 'a model' }];
const SOURCE: readonly ArchiveMember[] = [{ name: 'train.py', content: 'def model_fn(): ...' }];

interface Archives {
  readonly model?: readonly ArchiveMember[] | Buffer;
  readonly source?: readonly ArchiveMember[] | Buffer;
  readonly repository?: string;
}

const archive = async (members: readonly ArchiveMember[] | Buffer): Promise<Readable> =>
  Readable.from([Buffer.isBuffer(members) ? members : await tarGz(members)]);

/** Builds a layer and gives its bytes with it. */
const build = async (
  { model = MODEL, source = SOURCE, repository = 'sagemaker-scikit-learn' }: Archives,
  limits?: Parameters<typeof buildModelLayer>[3],
): Promise<ModelLayer & { readonly bytes: Buffer }> => {
  const own = await mkdtemp(join(folder, 'layer-'));
  const archives = { model: () => archive(model), source: () => archive(source), entryPoint: 'train.py' };
  const layer = await buildModelLayer(archives, servingOf(repository), own, limits);
  const bytes = await buffer(layer.open());
  await rm(own, { recursive: true });
  return { ...layer, bytes };
};

describe('the layer of a model', () => {
  it('holds the model and the code where the image looks for them, in order, without owners and times', async () => {
    const { bytes } = await build({
      model: [
        { name: './', type: 'directory', mode: 0o700, uid: 501, mtime: new Date() },
        { name: './trees/10.bin', content: 'ten', mode: 0o600, uid: 501, gid: 20, uname: 'me', mtime: new Date() },
        { name: './a.json', content: '{}', mode: 0o755 },
      ],
    });

    const members = await untar(gunzipSync(bytes));
    expect(
      [...members].map(([name, { header }]) => `${header.mode.toString(8)} ${header.uid}:${header.gid} ${name}`),
    ).toEqual([
      '755 0:0 opt/',
      '755 0:0 opt/ml/',
      '755 1000:1000 opt/ml/code/',
      '644 1000:1000 opt/ml/code/train.py',
      '755 0:0 opt/ml/model/',
      '755 0:0 opt/ml/model/a.json',
      '755 0:0 opt/ml/model/trees/',
      '644 0:0 opt/ml/model/trees/10.bin',
    ]);
    expect([...members.values()].every(({ header }) => header.mtime.getTime() === 0 && header.uname === '')).toBe(true);
    expect(members.get('opt/ml/model/trees/10.bin')?.text).toBe('ten');
  });

  it('puts the code beside the model for TorchServe, over what the model brought there', async () => {
    const { bytes } = await build({
      repository: 'pytorch-inference',
      model: [...MODEL, { name: 'code/train.py', content: 'old' }],
    });

    const members = await untar(gunzipSync(bytes));
    expect(members.get('opt/ml/model/code/train.py')?.text).toBe(SOURCE[0]!.content);
    expect(members.has('opt/ml/code/')).toBe(false);
  });

  it('is called by what it is: compressed, uncompressed, and the archives it came from', async () => {
    const model = await tarGz(MODEL);
    const { bytes, digest, diffId, sizeBytes, modelSha256, hasRequirements } = await build({ model });

    expect(digest).toBe(digestOf(bytes));
    expect(diffId).toBe(digestOf(gunzipSync(bytes)));
    expect(sizeBytes).toBe(bytes.length);
    expect(`sha256:${modelSha256}`).toBe(digestOf(model));
    expect(hasRequirements).toBe(false);
  });

  it('has a gzip header without time and operating system', async () => {
    const { bytes } = await build({});

    expect([...bytes.subarray(0, 4)]).toEqual([0x1f, 0x8b, 8, 0]);
    expect([...bytes.subarray(4, 8)]).toEqual([0, 0, 0, 0]);
    expect(bytes[9]).toBe(255);
  });

  it('says when the code asks for packages', async () => {
    const { hasRequirements } = await build({ source: [...SOURCE, { name: 'requirements.txt', content: 'shap' }] });

    expect(hasRequirements).toBe(true);
  });

  it('keeps files that are larger than a piece byte for byte, and empty ones', async () => {
    const large = Buffer.alloc(300_000, 'large ');
    const { bytes } = await build({
      model: [
        { name: 'large', content: large },
        { name: 'empty', content: '' },
      ],
    });

    const members = await untar(gunzipSync(bytes));
    expect(members.get('opt/ml/model/large')?.text).toBe(large.toString());
    expect(members.get('opt/ml/model/empty')?.text).toBe('');
  });

  it('keeps names that don’t fit a tar header', async () => {
    const name = `${'näme/'.repeat(60)}${'x'.repeat(180)}`;
    const { bytes } = await build({ model: [{ name, content: 'deep' }] });

    expect((await untar(gunzipSync(bytes))).get(`opt/ml/model/${name}`)?.text).toBe('deep');
  });

  it('has the same bytes whatever the order, times, owners and folders of the archives', async () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}(\/[A-Z]{1,4}){0,2}$/), {
      minLength: 1,
      maxLength: 12,
    });
    const files = fc
      .tuple(names, fc.array(fc.string({ maxLength: 50 }), { minLength: 12, maxLength: 12 }))
      .map(([paths, contents]) => paths.map((path, index) => ({ name: `${path}.bin`, content: contents[index]! })));
    const disorder = fc.record({
      seed: fc.nat(),
      time: fc.date({ min: new Date(0), max: new Date('2038-01-01'), noInvalidDate: true }),
      uid: fc.nat({ max: 65_535 }),
      prefix: fc.constantFrom('', './'),
    });

    await fc.assert(
      fc.asyncProperty(files, disorder, async (members, { seed, time, uid, prefix }) => {
        const shuffled = members
          .map((member, index) => ({ member, rank: (index * 7919 + seed) % 101 }))
          .sort((left, right) => left.rank - right.rank)
          .map(({ member }) => ({ ...member, name: prefix + member.name, mtime: time, uid, gid: uid }));

        const [one, other] = [await build({ model: members }), await build({ model: shuffled })];

        expect(other.digest).toBe(one.digest);
        expect(other.bytes.equals(one.bytes)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe('an archive that must not be unpacked', () => {
  const file = (header: ArchiveMember): ArchiveMember => ({ content: 'x', ...header });

  it.each<[string, readonly ArchiveMember[], string]>([
    ['leaves its folder', [file({ name: '../../etc/passwd' })], '../../etc/passwd'],
    ['leaves its folder on the way', [file({ name: 'a/../../b' })], 'a/../../b'],
    ['has an absolute path', [file({ name: '/etc/passwd' })], 'absolute path'],
    ['has a path of Windows', [file({ name: 'a\\..\\b' })], 'odd name'],
    ['has a control character in a name', [file({ name: 'a\u0007b' })], 'odd name'],
    ['has a symbolic link', [{ name: 'link', type: 'symlink', linkname: '/etc/passwd' }], 'a symlink'],
    ['has a hard link', [file({ name: 'a' }), { name: 'b', type: 'link', linkname: 'a' }], 'a link'],
    [
      'has a character device',
      [{ name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }],
      'character-device',
    ],
    ['has a block device', [{ name: 'sda', type: 'block-device', devmajor: 8 }], 'block-device'],
    ['has a pipe', [{ name: 'pipe', type: 'fifo' }], 'a fifo'],
    ['has a setuid file', [file({ name: 'su', mode: 0o4755 })], 'setuid'],
    ['has a setgid file', [file({ name: 'sg', mode: 0o2755 })], 'setgid'],
    ['has a name twice', [file({ name: 'a' }), file({ name: './a' })], 'twice'],
    ['has a file that is a folder too', [file({ name: 'a' }), file({ name: 'a/b' })], '/opt/ml/model/a'],
    ['has a folder that is a file too', [file({ name: 'a/b' }), file({ name: 'a' })], '/opt/ml/model/a'],
    ['would delete files of the base image', [file({ name: 'lib/.wh.server.py' })], '.wh.server.py'],
    ['has a file without a name', [file({ name: './' })], 'without a name'],
  ])('is refused when it %s', async (_, model, expected) => {
    await expect(build({ model: [...MODEL, ...model] })).rejects.toMatchObject({
      name: 'UnsafeArchiveError',
      message: expect.stringContaining(expected),
    });
    await expect(build({ source: [...SOURCE, ...model] })).rejects.toMatchObject({ name: 'UnsafeArchiveError' });
  });

  it('is refused when it unpacks to more than there is room for', async () => {
    const bomb = await tarGz([{ name: 'zeros', content: Buffer.alloc(32 * 1024 * 1024) }]);
    expect(bomb.length).toBeLessThan(100_000);

    await expect(build({ model: bomb }, { maxEntryCount: 10, maxTotalBytes: 1024 * 1024 })).rejects.toMatchObject({
      name: 'UnsafeArchiveError',
      message: expect.stringContaining('more than 1048576 bytes'),
    });
  });

  it('is refused when it has too many entries', async () => {
    const many = Array.from({ length: 11 }, (_, index) => file({ name: `file-${index}` }));

    await expect(build({ model: many }, { maxEntryCount: 10, maxTotalBytes: 1024 * 1024 })).rejects.toMatchObject({
      name: 'UnsafeArchiveError',
      message: expect.stringContaining('more than 10 entries'),
    });
  });

  it('is refused when a name of many megabytes is to be held in memory', async () => {
    const header = (await tar([{ name: 'a', content: '' }])).subarray(0, 512);
    const longName = gnuLongName(header, 64 * 1024 * 1024);

    await expect(build({ model: gzipSync(longName) })).rejects.toMatchObject({
      name: 'UnsafeArchiveError',
      message: expect.stringContaining('max size'),
    });
  });

  it.each([
    ['is no gzip', Buffer.from('this is a text, not an archive')],
    ['is no tar', gzipSync(Buffer.alloc(2048, 'x'))],
    ['is empty', Buffer.alloc(0)],
  ])('is refused when it %s', async (_, model) => {
    await expect(build({ model })).rejects.toMatchObject({ name: 'UnsafeArchiveError' });
  });

  it('is refused when it was cut off', async () => {
    const whole = await tarGz([{ name: 'model.joblib', content: Buffer.alloc(100_000, digestOf('noise')) }]);

    await expect(build({ model: whole.subarray(0, whole.length - 20) })).rejects.toMatchObject({
      name: 'UnsafeArchiveError',
      message: expect.stringContaining('model.tar.gz is not a valid tar.gz'),
    });
  });

  it('is no matter of its own when it can’t be read', async () => {
    const broken = new Readable({ read: () => broken.destroy(new Error('connection lost')) });
    const archives = { model: async () => broken, source: () => archive(SOURCE), entryPoint: 'train.py' };

    const layer = buildModelLayer(archives, servingOf('any'), await mkdtemp(join(folder, 'broken-')));

    await expect(layer).rejects.toThrow(/^connection lost$/);
  });

  it('is called by its name when it holds no model, or not the script', async () => {
    await expect(build({ model: [{ name: 'empty/', type: 'directory' }] })).rejects.toMatchObject({
      name: 'ModelMissingError',
    });
    await expect(build({ source: [{ name: 'other.py', content: '' }] })).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('train.py'),
    });
  });
});

/** A tar that begins with an entry of GNU's for a long name: the name is the entry's body. */
const gnuLongName = (template: Buffer, sizeBytes: number): Buffer => {
  const header = Buffer.from(template);
  header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  header.write('L', 156);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, Buffer.alloc(sizeBytes, 'n'), template]);
};
