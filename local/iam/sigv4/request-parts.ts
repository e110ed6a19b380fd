import type { IncomingMessage } from 'node:http';
import { SignatureError } from '../errors.ts';

/** Query parameters by decoded name; a repeated name has all its values. */
export type Query = Record<string, string | string[]>;

/** The path and the query as they were sent: `new URL()` would change what was signed. */
export const partsOf = ({ url = '/' }: IncomingMessage): { readonly path: string; readonly query: Query } => {
  const queryStart = url.indexOf('?');
  return queryStart < 0
    ? { path: url, query: Object.create(null) }
    : { path: url.slice(0, queryStart), query: parseQuery(url.slice(queryStart + 1)) };
};

const parseQuery = (text: string): Query => {
  // Without a prototype: `valueOf` is a name like any other.
  const query: Query = Object.create(null);
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    // The library would leave it out of what is signed.
    if (name === '__proto__') throw new SignatureError('malformed', 'The query parameter __proto__ is not supported.');
    const earlier = query[name];
    query[name] = earlier === undefined ? value : [...(Array.isArray(earlier) ? earlier : [earlier]), value];
  }
  return query;
};

/** A `+` stays a plus here: form encoding is not part of SigV4. */
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new SignatureError('malformed', `The query has a percent sign that encodes no UTF-8: ${text}`);
  }
};

/**
 * A header as SigV4 sees it: repeats are joined by a comma alone. In `headers` Node puts a space behind the comma, and of some
 * headers keeps the first only, so that a second Host or Authorization would go unseen.
 */
export const headerOf = ({ headersDistinct }: IncomingMessage, name: string): string | undefined =>
  headersDistinct[name]?.join(',');
