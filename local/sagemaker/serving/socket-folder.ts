import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A place for one Unix socket in a folder of its own that only this user may enter. */
export interface SocketFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A socket's path has at most 103 bytes on macOS and 107 on Linux; the folder below takes 24 of them. */
const MAX_ROOT_BYTES = 79;

/** Not below the state folder, whose path may be too long. `mkdtemp` makes the folder with mode 0700. */
export const makeSocketFolder = async (root = tmpdir()): Promise<SocketFolder> => {
  const folder = await mkdtemp(join(Buffer.byteLength(root) > MAX_ROOT_BYTES ? '/tmp' : root, 'fedml-model-'));
  return { path: join(folder, 'http'), remove: () => rm(folder, { recursive: true, force: true }) };
};
