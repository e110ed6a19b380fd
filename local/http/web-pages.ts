import type { IncomingMessage } from 'node:http';

/**
 * Why a request may come from a page in this computer's browser, or undefined. A page can call any port of 127.0.0.1: a
 * browser then sends the page's Origin; and where the page's own name was pointed to 127.0.0.1 after it was loaded, that
 * name as the Host.
 */
export const whyFromWebPage = ({ headers }: IncomingMessage): string | undefined => {
  const { host = '', origin } = headers;
  if (!OWN_HOST.test(host)) return `The Host ${host} is no name of this server. Call it 127.0.0.1.`;
  if (origin !== undefined && origin !== `http://${host}`) {
    return `The request comes from a web page of ${origin}, which may not call this server.`;
  }
  return undefined;
};

/** Nobody who writes a page can point a name of AWS to this computer; clients of foreign registries are told apart by it. */
const OWN_HOST = /^(127\.0\.0\.1|localhost|[\w.-]+\.amazonaws\.com)(:\d+)?$/i;
