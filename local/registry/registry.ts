import { mkdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { awsJsonHandler } from '#local/http/aws-json.ts';
import { type Handle, listen } from '#local/http/listen.ts';
import type { Iam } from '#local/iam/iam.ts';
import type { Account, StandIn } from '#local/stand-in.ts';
import { type BlobUrls, blobUrls } from './blob-urls.ts';
import { sendBlob } from './blobs.ts';
import { distributionHandler } from './distribution.ts';
import { ECR_HOST } from './ecr-names.ts';
import { ecrService } from './ecr-operations.ts';
import { ECR, type EcrQuirks } from './quirks.ts';
import { openRegistryStore, type RegistryStore } from './store.ts';
import { openTokens } from './tokens.ts';

export interface RegistryOptions {
  readonly dataDir: string;
  readonly port?: number;
  readonly account: Account;
  /** Says who calls, and what they may. */
  readonly iam: Iam;
  /** Milliseconds since 1970; tests move it to see tokens expire. */
  readonly clock?: () => number;
  readonly quirks?: Partial<EcrQuirks>;
}

export interface RegistryStandIn extends StandIn {
  /** What the registry keeps, past its permissions: for images that other accounts own. */
  readonly store: RegistryStore;
}

/**
 * The local cloud's ECR: its API, and the OCI distribution API, on one port. The registries of other accounts are there too,
 * under the Host header that their URIs begin with; `openImagePolicies` opens their images. Blobs are redirected to a second
 * port, which plays S3.
 */
export const startRegistry = async (options: RegistryOptions): Promise<RegistryStandIn> => {
  const { dataDir, account, iam, clock = Date.now } = options;
  await mkdir(dataDir, { recursive: true });
  const store = await openRegistryStore(dataDir);
  const tokens = await openTokens(dataDir, clock);
  const urls = blobUrls(clock);
  const blobServer = await listen((request, response) => serveSignedBlob(store, urls, request, response));
  const distribution = distributionHandler({
    account,
    iam,
    store,
    tokens,
    quirks: { ...ECR, ...options.quirks },
    signBlobUrl: (digest) => `${blobServer.url}${urls.sign(digest)}`,
  });
  const api = awsJsonHandler(ecrService({ account, iam, store, tokens, endpoint: () => server.url }));
  const handle: Handle = (request, response) =>
    request.url?.startsWith('/v2/') ? distribution(request, response) : api(request, response);
  const server = await listen(handle, options.port, { requestTimeoutMs: 0, otherHosts: ECR_HOST }).catch(
    async (error) => {
      await blobServer.close();
      throw error;
    },
  );
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
  urls: BlobUrls,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (request.headers.authorization) {
    return void response.writeHead(400).end('Only one auth mechanism allowed');
  }
  const digest = request.method === 'GET' ? urls.verify(request.url ?? '') : undefined;
  if (!digest) return void response.writeHead(403).end();
  await sendBlob({ store }, { request, response }, digest, await store.blobSize(digest));
};
