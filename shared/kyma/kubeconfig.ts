import { X509Certificate } from 'node:crypto';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { InvalidKubeconfigError } from '#shared/errors.ts';
import type { AddressGuard } from '#shared/kyma/addresses.ts';

/** What is needed to talk to a cluster, and nothing that could run a program or read a file. */
export interface ClusterAccess {
  /** `https://host[:port]` of the API. */
  readonly server: string;
  /** PEM. The API must show a certificate of this authority. */
  readonly certificateAuthority: string;
  readonly credentials: { readonly token: string } | { readonly certificate: string; readonly key: string };
}

/** Kyma's kubeconfigs have 2-6 KB; 64 KB leave room for long certificate chains. */
const MAX_BYTES = 64 * 1024;
const MAX_DEPTH = 12;

/**
 * Reads the current context of a kubeconfig as foreign text: whatever would run a program, read a file or weaken TLS is
 * refused, not skipped.
 *
 * @throws InvalidKubeconfigError with every problem at once and the way out.
 */
export const readKubeconfig = (text: string, guard: AddressGuard): ClusterAccess => {
  const document = Kubeconfig.safeParse(parse(text));
  if (!document.success) throw invalid(document.error.issues.map(describeIssue));
  const { contexts, clusters, users, 'current-context': current } = document.data;
  const problems: string[] = [];
  const context = only(contexts, current, 'context', problems)?.context;
  const cluster = context && only(clusters, context.cluster, 'cluster', problems)?.cluster;
  const user = context && only(users, context.user, 'user', problems)?.user;
  if (cluster) problems.push(...clusterProblems(cluster, guard));
  if (user) problems.push(...userProblems(user));
  if (problems.length > 0 || !cluster || !user) throw invalid(problems);
  return {
    server: new URL(cluster.server!).origin,
    certificateAuthority: decode(cluster['certificate-authority-data']!),
    credentials: user.token
      ? { token: user.token }
      : { certificate: decode(user['client-certificate-data']!), key: decode(user['client-key-data']!) },
  };
};

const Named = { name: z.string().min(1) };

/** Looser than what is accepted: each setting that is refused gets a sentence of its own further down. */
const Cluster = z
  .object({ server: z.string().optional(), 'certificate-authority-data': z.string().optional() })
  .loose();
const User = z
  .object({
    token: z.string().min(1).optional(),
    'client-certificate-data': z.string().optional(),
    'client-key-data': z.string().optional(),
  })
  .loose();

const Kubeconfig = z
  .object({
    apiVersion: z.literal('v1').optional(),
    kind: z.literal('Config').optional(),
    'current-context': z.string().min(1),
    contexts: z
      .array(z.object({ ...Named, context: z.object({ cluster: z.string(), user: z.string() }).loose() }))
      .max(100),
    clusters: z.array(z.object({ ...Named, cluster: Cluster })).max(100),
    users: z.array(z.object({ ...Named, user: User })).max(100),
  })
  .loose();

const parse = (text: string): unknown => {
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalid([`it is larger than ${MAX_BYTES} bytes`]);
  const document = parseDocument(text, { uniqueKeys: true, merge: false, schema: 'core' });
  if (document.errors.length > 0) throw invalid(document.errors.map(({ message }) => message.split('\n')[0]!));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    throw invalid(['it uses YAML aliases, which a kubeconfig has no need of']);
  }
  if (depthOf(value) > MAX_DEPTH) throw invalid([`it is nested deeper than ${MAX_DEPTH} levels`]);
  return value;
};

const depthOf = (value: unknown): number =>
  value !== null && typeof value === 'object' ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

const only = <T extends { name: string }>(
  entries: readonly T[],
  name: string,
  what: string,
  problems: string[],
): T | undefined => {
  const found = entries.filter((entry) => entry.name === name);
  if (found.length !== 1)
    problems.push(`it has ${found.length || 'no'} ${what}${found.length ? 's' : ''} named "${name}"`);
  return found.length === 1 ? found[0] : undefined;
};

const CLUSTER_SETTINGS = new Set(['server', 'certificate-authority-data', 'extensions']);
const USER_SETTINGS = new Set(['token', 'client-certificate-data', 'client-key-data', 'extensions']);

const SERVICE_ACCOUNT =
  'make a kubeconfig with the token of a service account (docs/kyma.md has the commands) and store that one';

/** Why a setting is refused, and what to write instead. */
const REFUSALS: Readonly<Record<string, string>> = {
  exec: `runs a program to log in; ${SERVICE_ACCOUNT}`,
  'auth-provider': `logs in by a plugin; ${SERVICE_ACCOUNT}`,
  'certificate-authority': 'names a file; put its content, base64, into certificate-authority-data',
  'client-certificate': 'names a file; put its content, base64, into client-certificate-data',
  'client-key': 'names a file; put its content, base64, into client-key-data',
  'token-file': 'names a file; put its content into token',
  tokenFile: 'names a file; put its content into token',
  'insecure-skip-tls-verify':
    "turns off the check of the server's certificate; give certificate-authority-data instead",
  'proxy-url': 'leads the connection through a proxy; remove it',
  'tls-server-name': "checks the certificate for another name than the server's; remove it",
  username: `is a password login, which clusters no longer have; ${SERVICE_ACCOUNT}`,
  password: `is a password login, which clusters no longer have; ${SERVICE_ACCOUNT}`,
  as: 'acts as another user; give the token of that user',
};

const refusedSettings = (settings: object, allowed: ReadonlySet<string>, where: string): string[] =>
  Object.keys(settings)
    .filter((name) => !allowed.has(name))
    .map((name) => `${where}.${name} ${REFUSALS[name] ?? 'is not a setting that we know; remove it'}`);

const clusterProblems = (cluster: z.infer<typeof Cluster>, guard: AddressGuard): string[] => {
  const { server, 'certificate-authority-data': authority } = cluster;
  const problems = refusedSettings(cluster, CLUSTER_SETTINGS, 'cluster');
  if (!server) problems.push('cluster.server is missing');
  else problems.push(...serverProblems(server, guard));
  if (!authority) problems.push('cluster.certificate-authority-data is missing');
  else if (!isCertificate(authority)) {
    problems.push('cluster.certificate-authority-data is no certificate, PEM in base64');
  }
  return problems;
};

const serverProblems = (server: string, guard: AddressGuard): string[] => {
  try {
    const { pathname, search } = guard.parseUrl(server);
    return pathname === '/' && !search ? [] : ['cluster.server must have no path; give https://host[:port]'];
  } catch (error) {
    return [`cluster.server: ${(error as Error).message}`];
  }
};

const userProblems = (user: z.infer<typeof User>): string[] => {
  const { token, 'client-certificate-data': certificate, 'client-key-data': key } = user;
  const problems = refusedSettings(user, USER_SETTINGS, 'user');
  const ways = [token, certificate ?? key].filter((way) => way !== undefined).length;
  // A login that is refused anyway needs no second sentence about what is missing beside it.
  if (ways === 0 && problems.length === 0) problems.push(`user has no token; ${SERVICE_ACCOUNT}`);
  if (ways === 2) problems.push('user has both a token and a client certificate; leave one of them out');
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    problems.push('user.token has characters that no token has');
  if (certificate === undefined && key !== undefined) problems.push('user.client-certificate-data is missing');
  if (certificate !== undefined && key === undefined) problems.push('user.client-key-data is missing');
  if (certificate !== undefined && !isCertificate(certificate)) {
    problems.push('user.client-certificate-data is no certificate, PEM in base64');
  }
  if (key !== undefined && !decode(key).includes('PRIVATE KEY-----')) {
    problems.push('user.client-key-data is no private key, PEM in base64');
  }
  return problems;
};

const isCertificate = (base64: string): boolean => {
  try {
    return new X509Certificate(decode(base64)).subject !== undefined;
  } catch {
    return false;
  }
};

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

const describeIssue = ({ path, message }: z.core.$ZodIssue): string => `${path.join('.') || 'it'}: ${message}`;

const invalid = (problems: readonly string[]): InvalidKubeconfigError =>
  new InvalidKubeconfigError(`The kubeconfig can't be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
