import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { getCanonicalHeaders, getCanonicalQuery } from '@smithy/signature-v4';
import { ALGORITHM, type Authorization } from './authorization.ts';
import { headerOf, type Query } from './request-parts.ts';

type Parts = { readonly path: string; readonly query: Query };

/** The text whose digest is signed. */
export const canonicalRequest = (
  request: IncomingMessage,
  { path, query }: Parts,
  { signedHeaders, scope }: Authorization,
  payloadHash: string,
): string => {
  const sent: Record<string, string> = {};
  for (const name of signedHeaders) {
    const value = headerOf(request, name);
    if (value !== undefined) sent[name] = value;
  }
  const headers = getCanonicalHeaders({ headers: sent } as never, undefined, new Set(signedHeaders));
  const names = Object.keys(headers).sort();
  return [
    request.method,
    scope.service === 's3' ? path : normalizedPath(path),
    getCanonicalQuery({ query } as never),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n');
};

/** Everyone but S3 drops empty and dot segments and encodes once more. */
const normalizedPath = (path: string): string => {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encodeURIComponent(segment).replace(/[!'()*]/g, inHex));
  }
  return `/${segments.join('/')}${segments.length > 0 && path.endsWith('/') ? '/' : ''}`;
};

const inHex = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

export const stringToSign = ({ date, scope }: Authorization, canonical: string): string =>
  `${ALGORITHM}\n${date}\n${scopeText(scope)}\n${sha256(canonical)}`;

export const scopeText = ({ day, region, service, end }: Authorization['scope']): string =>
  `${day}/${region}/${service}/${end}`;

/** Of a text as Node reads it from the wire, which is a character for each byte. */
export const sha256 = (wireText: string): string => createHash('sha256').update(wireText, 'latin1').digest('hex');
