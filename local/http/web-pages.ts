import type { IncomingMessage } from 'node:http';

/**
 * Why a request may come from a page in this computer's browser, or undefined. A page can call any port of 127.0.0.1. Its
 * browser then sends the page's Origin, or says in Sec-Fetch-Site that an image or a script of another site is loaded; and
 * where the page's own name was pointed to 127.0.0.1 after it was loaded, it sends that name as the Host.
 *
 * @param otherHosts further names that programs call this server by. They are no origin: whoever has a page below
 *   amazonaws.com could otherwise call a server that answers to names of AWS.
 */
export const whyFromWebPage = ({ headers }: IncomingMessage, otherHosts?: RegExp): string | undefined => {
  const { host = '', origin } = headers;
  const isOwnHost = OWN_HOST.test(host);
  if (!isOwnHost && !otherHosts?.test(host)) return `The Host ${host} is no name of this server. Call it 127.0.0.1.`;
  if (origin !== undefined && !(isOwnHost && origin === `http://${host}`)) {
    return `The request comes from a web page of ${origin}, which may not call this server.`;
  }
  if (FOREIGN_SITES.has(String(headers['sec-fetch-site'])) && headers['sec-fetch-mode'] !== 'navigate') {
    return 'The request comes from a web page of another site, which may not call this server.';
  }
  return undefined;
};

const OWN_HOST = /^(127\.0\.0\.1|localhost)(:\d+)?$/i;

/** A link that a person follows, such as a presigned URL, is `navigate`, and no page can read what it opens. */
const FOREIGN_SITES: ReadonlySet<string> = new Set(['cross-site', 'same-site']);
