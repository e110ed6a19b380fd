import { randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { exportJWK, exportPKCS8, generateKeyPair, importPKCS8, type JWK, SignJWT } from 'jose';
import { readLimited } from '#local/http/limited-body.ts';

export interface Issuer {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly jwks: { readonly keys: readonly JWK[] };
  /** A token for an audience, as the token endpoint gives it. */
  sign(claims?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Answers the token and the keys endpoint. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

const ALGORITHM = 'RS256';
const LIFETIME_SECONDS = 3600;
/** A form of four fields. */
const MAX_FORM_BYTES = 64 * 1024;
const CLIENT_ID = 'fedml-serverless';

/**
 * A small identity provider, in the place of SAP Cloud Identity Services: client credentials in, signed tokens out.
 *
 * @param domain below which it listens. Its name has no port, so that a `pipeline.yml` can name it: the gateway, which is
 *   the only one to ask for its keys, has them.
 */
export const openIssuer = async (
  dataDir: string,
  { domain, port }: { readonly domain: string; readonly port: string },
  now: () => Date,
): Promise<Issuer> => {
  const name = `https://auth.${domain}`;
  const url = `${name}:${port}`;
  const { key, publicKey, clientSecret } = await openKeys(dataDir);
  const jwks = { keys: [{ ...publicKey, kid: 'laptop', alg: ALGORITHM, use: 'sig' }] };
  const sign = (claims: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const seconds = Math.floor(now().getTime() / 1000);
    return new SignJWT({
      iss: name,
      sub: CLIENT_ID,
      aud: [CLIENT_ID],
      iat: seconds,
      exp: seconds + LIFETIME_SECONDS,
      ...claims,
    })
      .setProtectedHeader({ alg: ALGORITHM, kid: 'laptop', typ: 'JWT' })
      .sign(key);
  };
  return {
    issuer: name,
    jwksUri: `${name}/oauth2/certs`,
    tokenUrl: `${url}/oauth2/token`,
    clientId: CLIENT_ID,
    clientSecret,
    jwks,
    sign,
    async handle(request, response) {
      const { pathname } = new URL(request.url ?? '/', url);
      if (request.method === 'GET' && pathname === '/oauth2/certs') return sendJson(response, 200, jwks);
      if (request.method !== 'POST' || pathname !== '/oauth2/token')
        return sendJson(response, 404, { error: 'not_found' });
      const body = await readLimited(request, MAX_FORM_BYTES);
      if (!body) return sendJson(response, 413, { error: 'invalid_request' });
      const form = new URLSearchParams(body.toString('utf8'));
      const [id, secret] = credentials(request, form);
      if (form.get('grant_type') !== 'client_credentials')
        return sendJson(response, 400, { error: 'unsupported_grant_type' });
      if (id !== CLIENT_ID || !isSame(secret, clientSecret))
        return sendJson(response, 401, { error: 'invalid_client' });
      const scope = form.get('scope');
      const token = await sign(scope ? { scope } : {});
      sendJson(response, 200, { access_token: token, token_type: 'Bearer', expires_in: LIFETIME_SECONDS });
    },
  };
};

const openKeys = async (dataDir: string) => {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'issuer.json');
  const kept = await readFile(file, 'utf8').then(
    (content) => JSON.parse(content) as { privateKey: string; publicKey: JWK; clientSecret: string },
    () => undefined,
  );
  if (kept) return { ...kept, key: await importPKCS8(kept.privateKey, ALGORITHM) };
  const pair = await generateKeyPair(ALGORITHM, { extractable: true });
  const publicKey = await exportJWK(pair.publicKey);
  const clientSecret = randomBytes(24).toString('base64url');
  const content = JSON.stringify({ privateKey: await exportPKCS8(pair.privateKey), publicKey, clientSecret });
  await writeFile(file, content, { mode: 0o600 });
  return { key: pair.privateKey, publicKey, clientSecret };
};

/** In the Authorization header, each part percent-encoded, or in the form. */
const credentials = ({ headers }: IncomingMessage, form: URLSearchParams): [string, string] => {
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (!basic) return [form.get('client_id') ?? '', form.get('client_secret') ?? ''];
  const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString('utf8').split(':');
  return [decodeURIComponent(id), decodeURIComponent(secret)];
};

const isSame = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

const sendJson = (response: ServerResponse, code: number, body: unknown): void => {
  response
    .writeHead(code, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(body));
};
