import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Account } from '#local/stand-in.ts';
import type { AuthorizerContext } from './authorizers/authorizer.ts';
import type { Match } from './routes.ts';

interface Incoming {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly match: Match;
  readonly body: Buffer;
  readonly account: Account;
  readonly apiId: string;
  readonly authorizer: AuthorizerContext;
}

/** Types whose bodies API Gateway hands over as text; any other arrives in Base64. */
const TEXT_TYPE = /^(text\/|application\/(json|javascript|xml)|[\w.+-]+\/[\w.-]+\+(json|xml))/i;

/**
 * A request in payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export const payloadOf = ({ request, url, match, body, account, apiId, authorizer }: Incoming): object => {
  const routeKey = `${match.route.method} ${match.route.path}`;
  const isText = body.length === 0 || TEXT_TYPE.test(request.headers['content-type'] ?? '');
  const query = queryOf(url);
  const now = new Date();
  return {
    version: '2.0',
    routeKey,
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers: headersOf(request),
    ...(query && { queryStringParameters: query }),
    ...(Object.keys(match.pathParameters).length > 0 && { pathParameters: match.pathParameters }),
    requestContext: {
      accountId: account.accountId,
      apiId,
      authorizer,
      domainName: request.headers.host ?? '',
      domainPrefix: apiId,
      http: {
        method: match.route.method,
        path: url.pathname,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: !isText,
  };
};

/** Values of a header that comes more than once are joined by commas. What lets the caller in goes no further than the authorizer. */
const headersOf = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name !== 'authorization' && name !== 'x-amz-security-token')
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : String(value)]),
  );

const queryOf = (url: URL): Record<string, string> | undefined => {
  const query: Record<string, string> = {};
  for (const [name, value] of url.searchParams)
    query[name] = Object.hasOwn(query, name) ? `${query[name]},${value}` : value;
  return Object.keys(query).length > 0 ? query : undefined;
};
