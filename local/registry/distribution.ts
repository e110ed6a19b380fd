import type { IncomingMessage, ServerResponse } from 'node:http';
import { type DistributionContext, type DistributionOptions, type Exchange, RegistryError } from './exchange.ts';
import { ROUTES } from './routes.ts';

/** The OCI distribution API: `/v2/…`. */
export const distributionHandler =
  (options: DistributionOptions) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    try {
      authenticate(options, request, response);
      await route(options, request, response);
    } catch (error) {
      sendError(request, response, error);
    }
  };

const authenticate = (
  { tokens }: DistributionOptions,
  { headers }: IncomingMessage,
  response: ServerResponse,
): void => {
  const verdict = tokens.check(headers.authorization);
  if (verdict === 'valid') return;
  if (verdict === 'expired') {
    throw new RegistryError(403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.');
  }
  response.setHeader('www-authenticate', `Basic realm="http://${headers.host}/",service="ecr.amazonaws.com"`);
  throw new RegistryError(401, 'UNAUTHORIZED', 'Not Authorized');
};

const route = async (
  options: DistributionOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname === '/v2/') return void response.writeHead(200).end();
  const pathname = url.pathname.replaceAll('%3A', ':');
  for (const { method, path, handle, writes } of ROUTES) {
    const match = path.exec(pathname);
    if (!match || !method.includes(request.method ?? '')) continue;
    const repository = { accountId: accountOf(options, request), name: match[1]! };
    const context: DistributionContext = { ...options, repository };
    if (writes) assertOwn(context);
    await assertRepository(context);
    return handle(context, { request, response, url, argument: match[2] ?? '' } satisfies Exchange);
  }
  throw new RegistryError(
    405,
    'UNSUPPORTED',
    `The laptop's registry does not answer ${request.method} ${url.pathname}. It answers pulls and pushes of images, and the list of a repository's tags.`,
  );
};

/** All accounts' registries of ECR lie behind this one address and are told apart by the Host header. */
const accountOf = ({ account }: DistributionOptions, { headers }: IncomingMessage): string =>
  /^(\d{12})\.dkr\.ecr\./.exec(headers.host ?? '')?.[1] ?? account.accountId;

const assertOwn = ({ account, repository }: DistributionContext): void => {
  if (repository.accountId === account.accountId) return;
  throw new RegistryError(
    403,
    'DENIED',
    `User: arn:aws:iam::${account.accountId}:root is not authorized to perform: ecr:InitiateLayerUpload on resource: ` +
      `arn:aws:ecr:${account.region}:${repository.accountId}:repository/${repository.name}`,
  );
};

const assertRepository = async ({ store, repository }: DistributionContext): Promise<void> => {
  if (await store.findRepository(repository)) return;
  throw new RegistryError(
    404,
    'NAME_UNKNOWN',
    `The repository with name '${repository.name}' does not exist in the registry with id '${repository.accountId}'`,
  );
};

const sendError = (request: IncomingMessage, response: ServerResponse, error: unknown): void => {
  const failure =
    error instanceof RegistryError ? error : new RegistryError(500, 'UNKNOWN', (error as Error).stack ?? String(error));
  if (response.headersSent || response.destroyed) return void response.destroy();
  request.resume();
  response.writeHead(failure.statusCode, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code: failure.code, message: failure.message }] }));
};
