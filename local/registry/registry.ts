import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { awsJsonHandler } from '#local/http/aws-json.ts';
import { listen } from '#local/http/listen.ts';
import type { Account, StandIn } from '#local/stand-in.ts';
import { sendBlob } from './blobs.ts';
import { distributionHandler } from './distribution.ts';
import { ecrService } from './ecr-operations.ts';
import { ECR, type EcrQuirks } from './quirks.ts';
import { openRegistryStore, type RegistryStore } from './store.ts';
import { openTokens } from './tokens.ts';

export interface RegistryOptions {
  readonly dataDir: string;
  readonly port?: number;
  readonly account: Account;
  /** Milliseconds since 1970; tests move it to see tokens expire. */
  readonly clock?: () => number;
  readonly quirks?: Partial<EcrQuirks>;
}

export interface RegistryStandIn extends StandIn {
  /** What the registry keeps, past its permissions: for images that other accounts own. */
  readonly store: RegistryStore;
}

/**
 * The laptop's ECR: its API, and the OCI distribution API, on one port. The registries of other accounts are there too, for
 * reading, under the Host header that their URIs begin with. Blobs are redirected to a second port, which plays S3.
 */
export const startRegistry = async (options: RegistryOptions): Promise<RegistryStandIn> => {
  const { dataDir, account, clock = Date.now } = options;
  await mkdir(dataDir, { recursive: true });
  const store = await openRegistryStore(dataDir);
  const tokens = await openTokens(dataDir, clock);
  const signature = randomBytes(16).toString('hex');
  const blobServer = await listen((request, response) => void serveSignedBlob(store, signature, request, response));
  const distribution = distributionHandler({
    account,
    store,
    tokens,
    quirks: { ...ECR, ...options.quirks },
    signBlobUrl: (digest) => `${blobServer.url}/${digest}?X-Amz-Signature=${signature}`,
  });
  const api = awsJsonHandler(ecrService({ account, store, tokens, endpoint: () => server.url }));
  const server = await listen((request, response) => {
    void (request.url?.startsWith('/v2/') ? distribution(request, response) : api(request, response));
  }, options.port).catch(async (error) => {
    await blobServer.close();
    throw error;
  });
  return {
    url: server.url,
    store,
    async close() {
      await Promise.all([server.close(), blobServer.close()]);
      await store.close();
    },
  };
};

/** S3 takes either the signature of a URL or an Authorization header, never both. */
const serveSignedBlob = async (
  store: RegistryStore,
  signature: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const digest = /^\/(sha256:[0-9a-f]{64})$/.exec(url.pathname)?.[1];
  if (request.headers.authorization) {
    return void response.writeHead(400).end('Only one auth mechanism allowed');
  }
  if (!digest || url.searchParams.get('X-Amz-Signature') !== signature) return void response.writeHead(403).end();
  await sendBlob({ store }, { request, response }, digest, await store.blobSize(digest));
};
