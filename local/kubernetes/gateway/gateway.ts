import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ObjectStore } from '../api/object-store.ts';
import type { Kubelet } from '../kubelet/kubelet.ts';
import { refusalOf } from './access.ts';
import type { Issuer } from './issuer.ts';
import { routeOf } from './routes.ts';

export interface GatewayOptions {
  readonly store: ObjectStore;
  readonly kubelet: Kubelet;
  readonly domain: string;
  readonly issuer: Issuer;
  readonly now: () => Date;
}

/** The ingress gateway: leads requests to a host's ready pods, in turn, when their token is right. */
export const ingressGateway = ({ store, kubelet, domain, issuer, now }: GatewayOptions) => {
  let turn = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    if (host === new URL(issuer.issuer).hostname) return issuer.handle(request, response);
    const { pathname } = new URL(request.url ?? '/', 'https://gateway');
    const route = routeOf(store, domain, host, request.method ?? 'GET', pathname);
    if (!route) return end(request, response, 404, '');
    const refusal = await refusalOf(route.rule, request.headers.authorization, issuer, now());
    if (refusal) return end(request, response, refusal.code, refusal.body);
    const servers = route.pods.flatMap(({ metadata }) => kubelet.podOf(metadata.uid)?.server() ?? []);
    if (servers.length === 0) return end(request, response, 503, 'no healthy upstream');
    turn += 1;
    const { host: _, connection: __, authorization: ___, 'content-length': ____, ...headers } = request.headers;
    const answered = await servers[turn % servers.length]!.send({
      method: request.method as 'GET' | 'POST',
      path: request.url ?? '/',
      headers,
      ...(request.method === 'POST' && { body: request }),
      timeoutMs: route.timeoutSeconds * 1000,
    });
    response.writeHead(answered.statusCode ?? 502, { ...answered.headers, server: 'istio-envoy' });
    await pipeline(answered, response);
  };

  return (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((error: Error) => {
      if (response.headersSent) response.destroy();
      else end(request, response, 503, `upstream connect error or disconnect/reset before headers. ${error.message}`);
    });
  };
};

const end = (request: IncomingMessage, response: ServerResponse, code: number, body: string): void => {
  request.resume();
  response.writeHead(code, { 'content-type': 'text/plain', server: 'istio-envoy' }).end(body);
};
