import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InvokeCommandOutput } from '@aws-sdk/client-lambda';
import { readLimited } from '#local/http/limited-body.ts';
import { listen } from '#local/http/listen.ts';
import type { StandIn } from '#local/stand-in.ts';
import type { Authorizer } from './authorizers/authorizer.ts';
import { iamAuthorizer } from './authorizers/iam.ts';
import { jwtAuthorizer } from './authorizers/jwt.ts';
import { type InvocationOptions, type Invocations, openInvocations } from './invocations.ts';
import type { Issuer } from './issuer.ts';
import { payloadOf } from './payload.ts';
import { matchRoute, type Route } from './routes.ts';

export interface HttpApiOptions extends InvocationOptions {
  readonly routes: readonly Route[];
  /** Whose tokens are taken. */
  readonly issuer: Pick<Issuer, 'issuer' | 'audience' | 'jwks'>;
  readonly port?: number;
  readonly now?: () => Date;
}

/** API Gateway takes no longer bodies. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * API Gateway's HTTP API: routes in front of functions. A stage on AWS has one authorizer, by IAM or by JWT; this one takes
 * either, each with its own answers.
 */
export const startHttpApi = async (options: HttpApiOptions): Promise<StandIn> => {
  const { iam, account, apiId, issuer, routes, now = () => new Date() } = options;
  const invocations = openInvocations(options);
  const authorizers = [iamAuthorizer(iam, account, apiId), jwtAuthorizer(issuer, now)];
  const api: Api = { routes, authorizers, invocations, account, apiId };
  const server = await listen((request, response) => {
    void answer(api, request).then(
      (reply) => send(response, reply),
      () => send(response, message(500, 'Internal Server Error')),
    );
  }, options.port);
  return {
    url: server.url,
    async close() {
      await server.close();
      invocations.close();
    },
  };
};

interface Api extends Pick<HttpApiOptions, 'routes' | 'account' | 'apiId'> {
  readonly authorizers: readonly Authorizer[];
  readonly invocations: Invocations;
}

interface Reply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const answer = async (api: Api, request: IncomingMessage): Promise<Reply> => {
  // Joined as text: resolved against a base, a path that begins with // would name another host.
  const url = new URL(`http://127.0.0.1${request.url ?? '/'}`);
  const match = matchRoute(api.routes, request.method ?? '', url.pathname);
  if (!match) return message(404, 'Not Found');
  const { route } = match;
  let reading: Promise<Buffer | undefined> | undefined;
  const readBody = () => (reading ??= readLimited(request, MAX_BODY_BYTES));
  const authorizer = api.authorizers.find((each) => each.takes(request))!;
  const verdict = await authorizer.authorize({ request, route, path: url.pathname, readBody });
  if (!verdict.isAllowed) {
    const { statusCode, message: text, headers } = verdict.refusal;
    return message(statusCode, text, headers);
  }
  const body = await readBody();
  if (!body) return TOO_LARGE;
  const event = payloadOf({ ...api, request, url, match, body, authorizer: verdict.context });
  const answered = await api.invocations.invoke(route, event).catch(unlessTooLarge);
  return answered ? replyOf(answered) : TOO_LARGE;
};

/** Lambda takes 6 MB, in Base64 where the body is no text: less than API Gateway does. */
const unlessTooLarge = (error: Error): undefined => {
  if (error.name !== 'RequestEntityTooLargeException') throw error;
};

const replyOf = ({ Payload, FunctionError }: InvokeCommandOutput): Reply =>
  FunctionError ? message(500, 'Internal Server Error') : (JSON.parse(Buffer.from(Payload!).toString('utf8')) as Reply);

/** API Gateway's own answers. */
const message = (statusCode: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply => ({
  statusCode,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ message: text }),
});

const TOO_LARGE = message(413, 'Request Entity Too Large');

const send = (response: ServerResponse, { statusCode, headers, body }: Reply): void => {
  response.writeHead(statusCode, headers);
  response.end(body);
};
