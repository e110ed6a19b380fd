import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** The rest of an image is its system, which the laptop brings itself. */
const KEPT = /^(?:\.\/)?opt(?:\/|$)/;

/** A deleted file of a lower layer. */
const WHITEOUT = '.wh.';

/**
 * Unpacks what a layer has under `/opt` over the layers below it.
 *
 * @throws Error for names that leave the folder, and for links and devices among what is kept.
 */
export const unpackLayer = async (layer: Readable, rootDir: string): Promise<void> => {
  const tar = extract();
  const reading = pipeline(layer, createGunzip(), tar);
  reading.catch(() => {});
  for await (const entry of tar) {
    const { name, type, mode = 0o644 } = entry.header;
    if (!KEPT.test(name)) {
      entry.resume();
      continue;
    }
    const path = containedPath(rootDir, name);
    if (basename(path).startsWith(WHITEOUT)) {
      await rm(join(dirname(path), basename(path).slice(WHITEOUT.length)), { recursive: true, force: true });
      entry.resume();
    } else if (type === 'directory') {
      await mkdir(path, { recursive: true });
      entry.resume();
    } else if (type === 'file') {
      await mkdir(dirname(path), { recursive: true });
      await rm(path, { force: true });
      await pipeline(entry, createWriteStream(path, { mode: mode & 0o111 ? 0o755 : 0o644 }));
    } else {
      throw new Error(`the layer's entry "${name}" is a ${type}; under /opt the laptop unpacks files and folders only`);
    }
  }
  await reading;
};

const containedPath = (rootDir: string, name: string): string => {
  const path = resolve(rootDir, name);
  if (path.startsWith(resolve(rootDir) + sep)) return path;
  throw new Error(`the layer's entry "${name}" would leave its folder`);
};
