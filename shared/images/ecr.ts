import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { InvalidInputError, RegistryRefusedError, RegistryUnavailableError } from '#shared/errors.ts';
import { ecrHost } from './image-uri.ts';
import type { Registries, Registry } from './registry.ts';
import { registryClient } from './registry-client.ts';

/** Tokens live for 12 hours; one that ends within a step is not begun with. */
const RENEW_BEFORE_MS = 30 * 60 * 1000;

interface Authorization {
  /** The account's own registry in the token's region; the token is good for all registries of that region. */
  readonly endpoint: string;
  /** base64 of `AWS:<password>`. */
  readonly token: string;
  readonly expiresAt: Date;
}

/** The registries of Amazon ECR. */
export const ecrRegistries = (
  createClient = (region?: string) => new ECRClient(region === undefined ? {} : { region }),
): Registries => {
  const regions = new Map<string | undefined, RegionTokens>();
  const tokensOf = (region?: string): RegionTokens => {
    const tokens = regions.get(region) ?? regionTokens(createClient(region));
    regions.set(region, tokens);
    return tokens;
  };
  const registries = new Map<string, Registry>();
  const registryAt = (host: string, endpoint: string, tokens: RegionTokens): Registry => {
    const known = registries.get(host);
    if (known) return known;
    const authorization = async (options?: { readonly renew: boolean }) => `Basic ${(await tokens(options)).token}`;
    const registry = registryClient({ endpoint, host, authorization });
    registries.set(host, registry);
    return registry;
  };
  return {
    async ownRegistry() {
      const { endpoint } = await tokensOf()();
      return registryAt(new URL(endpoint).host, endpoint, tokensOf());
    },
    async registryOf({ registry, repository }) {
      const host = ecrHost(registry);
      const own = await tokensOf()();
      if (registry === new URL(own.endpoint).host) return registryAt(registry, own.endpoint, tokensOf());
      if (!host) throw notEcr(registry, repository);
      const ownRegion = ecrHost(new URL(own.endpoint).host)?.region;
      // An endpoint that is no ECR host stands for all registries; it tells them apart by the Host header.
      if (ownRegion === undefined) return registryAt(registry, own.endpoint, tokensOf());
      return registryAt(registry, `https://${registry}`, tokensOf(host.region === ownRegion ? undefined : host.region));
    },
    async pullCredentials() {
      const { endpoint, token, expiresAt } = await tokensOf()({ renew: true });
      const [username = '', password = ''] = splitOnce(Buffer.from(token, 'base64').toString('utf8'), ':');
      return { host: new URL(endpoint).host, username, password, expiresAt };
    },
  };
};

type RegionTokens = (options?: { readonly renew: boolean }) => Promise<Authorization>;

/** One region's token, kept until it is about to end. */
const regionTokens = (client: ECRClient): RegionTokens => {
  let current: Promise<Authorization> | undefined;
  return async ({ renew } = { renew: false }) => {
    const known = renew ? undefined : await current?.catch(() => undefined);
    if (known && known.expiresAt.getTime() - Date.now() > RENEW_BEFORE_MS) return known;
    current = authorize(client);
    return current;
  };
};

const authorize = async (client: ECRClient): Promise<Authorization> => {
  try {
    const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}));
    const { authorizationToken, proxyEndpoint, expiresAt } = authorizationData?.[0] ?? {};
    if (!authorizationToken || !proxyEndpoint || !expiresAt) {
      throw new RegistryUnavailableError('ECR answered GetAuthorizationToken without a token.');
    }
    return { endpoint: proxyEndpoint, token: authorizationToken, expiresAt };
  } catch (error) {
    throw asRegistryError(error as Error & { $metadata?: { httpStatusCode?: number } });
  }
};

const asRegistryError = (error: Error & { $metadata?: { httpStatusCode?: number } }): Error => {
  if (error instanceof RegistryUnavailableError) return error;
  if (error.name === 'AccessDeniedException') {
    return new RegistryRefusedError(
      `ECR gives this role no token; it needs ecr:GetAuthorizationToken on *. ${error.message}`,
      { cause: error },
    );
  }
  const status = error.$metadata?.httpStatusCode;
  const passing = status === undefined || status >= 500 || status === 429 || error.name === 'ThrottlingException';
  return passing
    ? new RegistryUnavailableError(`ECR could not be asked for a token: ${error.message}`, { cause: error })
    : new RegistryRefusedError(`ECR refused to give a token: ${error.message}`, { cause: error });
};

const notEcr = (registry: string, repository: string): InvalidInputError =>
  new InvalidInputError(
    `The base image lies in ${registry}. Models are put on images of Amazon ECR only: copy ${repository} to a repository ` +
      'of your own, and name it in training.imageUri.',
  );

const splitOnce = (text: string, separator: string): [string, string] => {
  const index = text.indexOf(separator);
  return [text.slice(0, index), text.slice(index + 1)];
};
