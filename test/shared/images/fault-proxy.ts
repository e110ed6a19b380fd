import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '#local/http/listen.ts';

/** What goes wrong with one request. */
export type Fault =
  /** The registry never sees it. */
  | {
      readonly kind: 'answer';
      readonly statusCode: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** The connection breaks after so many bytes of the request; the registry sees these. */
  | { readonly kind: 'cut request'; readonly afterBytes: number }
  /** The registry does what it was asked to; its answer is lost. */
  | { readonly kind: 'lose answer' }
  /** The connection breaks after so many bytes of the answer's body. */
  | { readonly kind: 'cut answer'; readonly afterBytes: number }
  /** One bit of the answer's body is flipped. */
  | { readonly kind: 'damage answer' };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

/**
 * Stands before a registry and spoils the requests that `faultOf` names one for; keeps a list of all. It reads no body on
 * after the registry's answer, as some load balancers do.
 */
export const startFaultProxy = async (
  target: string,
  faultOf: (request: SeenRequest) => Fault | undefined = () => undefined,
) => {
  const seen: SeenRequest[] = [];
  const proxy = await listen((request, response) => {
    const described = { method: request.method ?? '', path: request.url ?? '', headers: request.headers };
    seen.push(described);
    spoil(target, request, response, faultOf(described));
  });
  return { ...proxy, seen };
};

const spoil = (target: string, request: IncomingMessage, response: ServerResponse, fault?: Fault): void => {
  if (fault?.kind === 'answer') {
    request.resume();
    response.writeHead(fault.statusCode, fault.headers);
    response.end(fault.body);
    return;
  }
  const onward = httpRequest(new URL(request.url ?? '/', target), {
    method: request.method!,
    headers: request.headers,
  });
  onward.on('error', () => response.destroy());
  onward.on('response', (answer) => passBack(answer, response, fault));
  if (fault?.kind !== 'cut request') return void request.pipe(onward);
  let left = fault.afterBytes;
  request.on('data', (chunk: Buffer) => {
    onward.write(chunk.subarray(0, left));
    left -= Math.min(left, chunk.length);
    if (left === 0) setTimeout(() => request.destroy(), 50).unref();
    if (left === 0) setTimeout(() => onward.destroy(), 50).unref();
  });
};

const passBack = (answer: IncomingMessage, response: ServerResponse, fault?: Fault): void => {
  if (fault?.kind === 'lose answer') {
    answer.resume();
    response.destroy();
    return;
  }
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  let sent = 0;
  answer.on('data', (chunk: Buffer) => {
    if (fault?.kind === 'damage answer' && sent === 0) chunk[0]! ^= 1;
    if (fault?.kind === 'cut answer' && sent + chunk.length > fault.afterBytes) {
      response.write(chunk.subarray(0, fault.afterBytes - sent), () => response.destroy());
      answer.destroy();
      return;
    }
    sent += chunk.length;
    response.write(chunk);
  });
  answer.on('end', () => response.end());
  answer.on('error', () => response.destroy());
};
