import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { readLimited } from '#local/http/limited-body.ts';
import { listen } from '#local/http/listen.ts';
import type { Account, StandIn } from '#local/stand-in.ts';
import { payloadOf } from './payload.ts';
import { matchRoute, type Route } from './routes.ts';

export interface HttpApiOptions {
  readonly routes: readonly Route[];
  readonly lambda: LambdaClient;
  readonly account: Account;
  /** What callers send as `Authorization: Bearer <token>`; there is no other way in. */
  readonly token: string;
  readonly port?: number;
}

/** API Gateway takes no longer bodies. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** API Gateway's HTTP API with its JWT authorizer, as far as a laptop needs it: routes in front of functions. */
export const startHttpApi = (options: HttpApiOptions): Promise<StandIn> =>
  listen((request, response) => {
    void answer(options, request).then(
      (reply) => send(response, reply),
      () => send(response, message(500, 'Internal Server Error')),
    );
  }, options.port);

interface Reply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const answer = async (options: HttpApiOptions, request: IncomingMessage): Promise<Reply> => {
  // Joined as text: resolved against a base, a path that begins with // would name another host.
  const url = new URL(`http://127.0.0.1${request.url ?? '/'}`);
  const match = matchRoute(options.routes, request.method ?? '', url.pathname);
  if (!match) return message(404, 'Not Found');
  if (!isAuthorized(request, options.token)) {
    return { ...message(401, 'Unauthorized'), headers: { ...JSON_TYPE, 'www-authenticate': 'Bearer' } };
  }
  const body = await readLimited(request, MAX_BODY_BYTES);
  if (!body) return TOO_LARGE;
  const invocation = new InvokeCommand({
    FunctionName: match.route.functionName,
    Payload: JSON.stringify(payloadOf({ request, url, match, body, account: options.account })),
  });
  const answered = await options.lambda.send(invocation).catch(unlessTooLarge);
  if (!answered) return TOO_LARGE;
  const { Payload, FunctionError } = answered;
  if (FunctionError) return message(500, 'Internal Server Error');
  return JSON.parse(Buffer.from(Payload!).toString('utf8')) as Reply;
};

/** Lambda takes 6 MB, in Base64 where the body is no text: less than API Gateway does. */
const unlessTooLarge = (error: Error): undefined => {
  if (error.name !== 'RequestEntityTooLargeException') throw error;
};

/** Digests are compared, in a time that says nothing about where they differ. */
const isAuthorized = ({ headers }: IncomingMessage, token: string): boolean =>
  timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`));

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const JSON_TYPE = { 'content-type': 'application/json' };

/** API Gateway's own answers. */
const message = (statusCode: number, text: string): Reply => ({
  statusCode,
  headers: JSON_TYPE,
  body: JSON.stringify({ message: text }),
});

const TOO_LARGE = message(413, 'Request Entity Too Large');

const send = (response: ServerResponse, { statusCode, headers, body }: Reply): void => {
  response.writeHead(statusCode, headers);
  response.end(body);
};
