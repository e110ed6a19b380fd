import type { IncomingMessage, ServerResponse } from 'node:http';
import { BodyStalledError } from '#local/http/body-chunks.ts';
import { AccessDenied } from '#local/iam/errors.ts';
import type { Caller } from '#local/iam/iam.ts';
import { callerOf, repositoryCheck } from './callers.ts';
import { registryAt } from './ecr-names.ts';
import { type DistributionContext, type DistributionOptions, type Exchange, RegistryError } from './exchange.ts';
import { ROUTES } from './routes.ts';

/** The OCI distribution API: `/v2/…`. */
export const distributionHandler =
  (options: DistributionOptions) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    try {
      await route(options, authenticate(options, request, response), request, response);
    } catch (error) {
      sendError(request, response, error);
    }
  };

const authenticate = (
  { tokens, iam }: DistributionOptions,
  { headers }: IncomingMessage,
  response: ServerResponse,
): Caller => {
  const verdict = tokens.check(headers.authorization);
  if (typeof verdict === 'object') return callerOf(iam, verdict);
  if (verdict === 'expired') {
    throw new RegistryError(403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.');
  }
  response.setHeader('www-authenticate', `Basic realm="http://${headers.host}/",service="ecr.amazonaws.com"`);
  throw new RegistryError(401, 'UNAUTHORIZED', 'Not Authorized');
};

const route = async (
  options: DistributionOptions,
  caller: Caller,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (url.pathname === '/v2/') return void response.writeHead(200).end();
  const pathname = url.pathname.replaceAll('%3A', ':');
  for (const { method, path, handle, action } of ROUTES) {
    const match = path.exec(pathname);
    if (!match || !method.includes(request.method ?? '')) continue;
    // All accounts' registries of ECR lie behind this one address.
    const { accountId, region } = registryAt(request.headers.host ?? '') ?? options.account;
    const context: DistributionContext = { ...options, caller, region, repository: { accountId, name: match[1]! } };
    caller.authorize(repositoryCheck(action, region, context.repository));
    await assertRepository(context);
    return handle(context, { request, response, url, argument: match[2] ?? '' } satisfies Exchange);
  }
  throw new RegistryError(
    405,
    'UNSUPPORTED',
    `The local registry does not answer ${request.method} ${url.pathname}. It answers pulls and pushes of images, and the list of a repository's tags.`,
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
  const failure = asRegistryError(error);
  if (response.headersSent || response.destroyed) return void response.destroy();
  request.resume();
  response.writeHead(failure.statusCode, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code: failure.code, message: failure.message }] }));
};

const asRegistryError = (error: unknown): RegistryError => {
  if (error instanceof RegistryError) return error;
  if (error instanceof AccessDenied) return new RegistryError(403, 'DENIED', error.message);
  if (error instanceof BodyStalledError) return new RegistryError(400, 'BLOB_UPLOAD_INVALID', error.message);
  return new RegistryError(500, 'UNKNOWN', (error as Error).stack ?? String(error));
};
