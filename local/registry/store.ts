import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** A repository of one account's registry. */
export interface RepositoryName {
  readonly accountId: string;
  readonly name: string;
}

export interface StoredRepository {
  readonly name: string;
  readonly createdAt: string;
  readonly imageTagMutability: 'MUTABLE' | 'IMMUTABLE';
}

/** Bytes on their way into the store. */
export interface Upload {
  readonly id: string;
  readonly repository: RepositoryName;
  readonly sizeBytes: number;
  /** Lengths of the parts so far. */
  readonly partSizes: readonly number[];
  /** Resolves when no part is being written: a client may repeat one whose connection has broken unnoticed. */
  idle(): Promise<void>;
  append(bytes: AsyncIterable<Buffer>): Promise<void>;
  /** The digest of what came so far; the upload is over with it. */
  digest(): string;
}

/**
 * Blobs, manifests and tags in files: each blob once in `blobs/`, and in each repository the names of those that it has.
 * Uploads end with the process; what they left is removed at the next start.
 */
export const openRegistryStore = async (dataDir: string) => {
  const blobsFolder = join(dataDir, 'blobs');
  const uploadsFolder = join(dataDir, 'uploads');
  await rm(uploadsFolder, { recursive: true, force: true });
  await mkdir(uploadsFolder, { recursive: true });
  await mkdir(blobsFolder, { recursive: true });

  const folderOf = ({ accountId, name }: RepositoryName): string =>
    join(dataDir, 'repositories', accountId, encodeURIComponent(name));
  const blobFile = (digest: string): string => join(blobsFolder, fileName(digest));
  const uploads = new Map<string, OpenUpload>();

  const forget = async (id: string): Promise<void> => {
    const upload = uploads.get(id);
    uploads.delete(id);
    await upload?.file.close();
    await rm(join(uploadsFolder, id), { force: true });
  };
  const link = async (repository: RepositoryName, kind: 'blobs' | 'manifests', digest: string, content: string) => {
    await mkdir(join(folderOf(repository), kind), { recursive: true });
    await writeWhole(join(folderOf(repository), kind, fileName(digest)), content);
  };

  return {
    async createRepository(repository: RepositoryName, imageTagMutability: StoredRepository['imageTagMutability']) {
      const stored: StoredRepository = {
        name: repository.name,
        createdAt: new Date().toISOString(),
        imageTagMutability,
      };
      await mkdir(folderOf(repository), { recursive: true });
      await writeWhole(join(folderOf(repository), 'repository.json'), JSON.stringify(stored));
      return stored;
    },
    async findRepository(repository: RepositoryName): Promise<StoredRepository | undefined> {
      const text = await readIfThere(join(folderOf(repository), 'repository.json'));
      return text && (JSON.parse(text.toString('utf8')) as StoredRepository);
    },
    async listRepositories(accountId: string): Promise<string[]> {
      const names = await readdir(join(dataDir, 'repositories', accountId)).catch(() => []);
      return names.map(decodeURIComponent).sort();
    },

    async hasBlob(repository: RepositoryName, digest: string): Promise<boolean> {
      return (await sizeIfThere(join(folderOf(repository), 'blobs', fileName(digest)))) !== undefined;
    },
    async blobSize(digest: string): Promise<number> {
      return (await stat(blobFile(digest))).size;
    },
    readBlob: (digest: string, start = 0): Readable =>
      createReadStream(blobFile(digest), { start, highWaterMark: 256 * 1024 }),
    linkBlob: (repository: RepositoryName, digest: string) => link(repository, 'blobs', digest, ''),
    /** Keeps bytes as a blob of a repository, at once. */
    async putBlob(repository: RepositoryName, bytes: Uint8Array): Promise<string> {
      const digest = digestOf(bytes);
      await writeWhole(blobFile(digest), bytes);
      await link(repository, 'blobs', digest, '');
      return digest;
    },

    async beginUpload(repository: RepositoryName): Promise<Upload> {
      const id = randomUUID();
      const upload = new OpenUpload(id, repository, await open(join(uploadsFolder, id), 'wx'));
      uploads.set(id, upload);
      return upload;
    },
    findUpload(repository: RepositoryName, id: string): Upload | undefined {
      const upload = uploads.get(id);
      const isTheirs =
        upload?.repository.accountId === repository.accountId && upload.repository.name === repository.name;
      return isTheirs ? upload : undefined;
    },
    cancelUpload: forget,
    async finishUpload(upload: Upload, digest: string): Promise<void> {
      await rename(join(uploadsFolder, upload.id), blobFile(digest));
      await link(upload.repository, 'blobs', digest, '');
      await forget(upload.id);
    },

    async putManifest(repository: RepositoryName, mediaType: string, bytes: Uint8Array): Promise<string> {
      const digest = digestOf(bytes);
      await writeWhole(blobFile(digest), bytes);
      await link(repository, 'manifests', digest, mediaType);
      return digest;
    },
    async findManifest(repository: RepositoryName, digest: string) {
      const mediaType = await readIfThere(join(folderOf(repository), 'manifests', fileName(digest)));
      return mediaType && { mediaType: mediaType.toString('utf8'), bytes: await readFile(blobFile(digest)) };
    },
    async setTag(repository: RepositoryName, tag: string, digest: string): Promise<void> {
      await mkdir(join(folderOf(repository), 'tags'), { recursive: true });
      await writeWhole(join(folderOf(repository), 'tags', tag), digest);
    },
    async findTag(repository: RepositoryName, tag: string): Promise<string | undefined> {
      return (await readIfThere(join(folderOf(repository), 'tags', tag)))?.toString('utf8');
    },
    async listTags(repository: RepositoryName): Promise<string[]> {
      return (await readdir(join(folderOf(repository), 'tags')).catch(() => [])).sort();
    },

    async close(): Promise<void> {
      for (const id of uploads.keys()) await forget(id);
    },
  };
};

export type RegistryStore = Awaited<ReturnType<typeof openRegistryStore>>;

class OpenUpload implements Upload {
  readonly id: string;
  readonly repository: RepositoryName;
  readonly file: FileHandle;
  readonly partSizes: number[] = [];
  readonly #hash: Hash = createHash('sha256');
  #writing: Promise<void> | undefined;
  sizeBytes = 0;

  constructor(id: string, repository: RepositoryName, file: FileHandle) {
    this.id = id;
    this.repository = repository;
    this.file = file;
  }

  async idle(): Promise<void> {
    while (this.#writing) await this.#writing.catch(() => {});
  }

  append(bytes: AsyncIterable<Buffer>): Promise<void> {
    this.#writing = this.#write(bytes).finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  /** What came before a connection broke is kept, as the specification has it. */
  async #write(bytes: AsyncIterable<Buffer>): Promise<void> {
    const start = this.sizeBytes;
    try {
      for await (const chunk of bytes) {
        await this.file.write(chunk, 0, chunk.length, this.sizeBytes);
        this.#hash.update(chunk);
        this.sizeBytes += chunk.length;
      }
    } finally {
      if (this.sizeBytes > start) this.partSizes.push(this.sizeBytes - start);
    }
  }

  digest(): string {
    return `sha256:${this.#hash.copy().digest('hex')}`;
  }
}

export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Digests were checked before; only their hexadecimal part becomes a name. */
const fileName = (digest: string): string => digest.slice('sha256:'.length);

const writeWhole = async (file: string, content: string | Uint8Array): Promise<void> => {
  const partial = `${file}.${randomUUID()}`;
  await writeFile(partial, content);
  await rename(partial, file);
};

const readIfThere = (file: string): Promise<Buffer | undefined> => readFile(file).catch(undefinedIfMissing);

const sizeIfThere = async (file: string): Promise<number | undefined> =>
  (await stat(file).catch(undefinedIfMissing))?.size;

const undefinedIfMissing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error;
};
