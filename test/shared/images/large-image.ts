/**
 * Copies a large layer between two registries, puts a large model into a layer of its own and pushes it; prints the peak of
 * this process's memory. A process of its own, so that nothing else counts.
 */
import { createCipheriv } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { ecrRegistries } from '#shared/images/ecr.ts';
import { parseImageUri } from '#shared/images/image-uri.ts';
import { buildModelLayer } from '#shared/images/model-layer.ts';
import { servingOf } from '#shared/images/serving.ts';

const CHUNK_BYTES = 1024 * 1024;

/** As many megabytes of noise, which doesn't compress. */
export async function* noise(megabytes: number): AsyncGenerator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  const zeros = Buffer.alloc(CHUNK_BYTES);
  for (let made = 0; made < megabytes; made += 1) yield cipher.update(zeros);
}

const archiveOf = (name: string, megabytes: number): Readable => {
  const archive = pack();
  const entry = archive.entry({ name, size: megabytes * CHUNK_BYTES }, () => archive.finalize());
  Readable.from(noise(megabytes)).pipe(entry as unknown as NodeJS.WritableStream);
  return (archive as unknown as Readable).pipe(createGzip({ level: 0 }));
};

const main = async (baseImageUri: string, digest: string, megabytes: number, repository: string): Promise<void> => {
  const image = parseImageUri(baseImageUri);
  const registries = ecrRegistries();
  const [from, to] = [await registries.registryOf(image), await registries.ownRegistry()];
  const blob = { digest, sizeBytes: megabytes * CHUNK_BYTES };
  await to.pushBlob(repository, blob, () => from.readBlob(image.repository, blob));
  const copiedAt = process.resourceUsage().maxRSS;

  const folder = await mkdtemp(join(tmpdir(), 'large-image-'));
  try {
    const archives = {
      model: async () => archiveOf('model.bin', megabytes),
      source: async () => archiveOf('train.py', 1),
      entryPoint: 'train.py',
    };
    const layer = await buildModelLayer(archives, servingOf(image.repository), folder);
    await to.pushBlob(repository, layer, layer.open);
    const peakMegabytes = { copy: toMegabytes(copiedAt), model: toMegabytes(process.resourceUsage().maxRSS) };
    console.log(JSON.stringify({ layerBytes: layer.sizeBytes, peakMegabytes }));
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** From kilobytes. */
const toMegabytes = (maxRss: number): number => Math.round(maxRss / 1024);

if (import.meta.main) {
  const [baseImageUri = '', digest = '', megabytes = '', repository = ''] = process.argv.slice(2);
  await main(baseImageUri, digest, Number(megabytes), repository);
}
