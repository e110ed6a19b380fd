import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { listen } from '#local/http/listen.ts';
import type { StandIn } from '#local/stand-in.ts';

export interface ImageRegistry extends StandIn {
  readonly host: string;
  /** Puts an image of these files there, by their paths, and returns its URI by digest. */
  push(files: Readonly<Record<string, string>>, config?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Only this login is accepted from now on. */
  setPassword(password: string): void;
  /** Everybody is answered with this status from now on; undefined as usual. */
  setStatus(status: number | undefined): void;
  readonly pullCount: () => number;
}

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A registry that knows as much as a node asks it for: manifests and blobs by digest, with a login. */
export const openImageRegistry = async (): Promise<ImageRegistry> => {
  const blobs = new Map<string, Buffer>();
  let password = 'secret';
  let pullCount = 0;
  let status: number | undefined;
  const keep = (bytes: Buffer): string => {
    blobs.set(digestOf(bytes), bytes);
    return digestOf(bytes);
  };
  const server = await listen((request, response) => {
    const expected = `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`;
    if (status !== undefined) return void response.writeHead(status).end();
    if (request.headers.authorization !== expected) return void response.writeHead(403).end();
    const digest = /^\/v2\/models\/(?:manifests|blobs)\/(sha256:\w+)$/.exec(request.url ?? '')?.[1];
    const found = digest && blobs.get(digest);
    if (!found) return void response.writeHead(404).end();
    pullCount += 1;
    response.end(found);
  });
  const { host } = new URL(server.url);
  return {
    ...server,
    host,
    async push(files, config = {}) {
      const tar = pack();
      for (const [name, content] of Object.entries(files)) tar.entry({ name, mtime: new Date(0) }, content);
      tar.finalize();
      const layer = keep(gzipSync(await buffer(tar)));
      const settings = { Cmd: ['serve'], User: '1000:1000', Env: ['SAGEMAKER_PROGRAM=serve_model.py'], ...config };
      const configDigest = keep(Buffer.from(JSON.stringify({ config: settings })));
      const manifest = { schemaVersion: 2, config: { digest: configDigest }, layers: [{ digest: layer }] };
      return `${host}/models@${keep(Buffer.from(JSON.stringify(manifest)))}`;
    },
    setPassword(next) {
      password = next;
    },
    setStatus(next) {
      status = next;
    },
    pullCount: () => pullCount,
  };
};
