import type { HttpResponse } from '#shared/http-api/http-event.ts';
import { httpHandler } from '#shared/http-api/http-handler.ts';
import type { Answer, Operation, RequestOf } from '#shared/http-api/operation.ts';

export interface HttpRequest {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or a text that is sent as it is. */
  readonly body?: unknown;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into what it expects
  readonly body: any;
}

/** Sends requests to an operation as API Gateway would, through the handler that checks them. */
export const callerOf =
  <O extends Operation>(operation: O, run: (request: RequestOf<O>) => Promise<Answer>) =>
  async ({ path, query, headers = {}, body }: HttpRequest): Promise<HttpReply> => {
    const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    const response = await httpHandler(
      operation,
      run as never,
    )({
      version: '2.0',
      routeKey: `${operation.method} ${operation.path}`,
      rawPath: operation.path,
      headers: { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(path && { pathParameters: path }),
      ...(query && { queryStringParameters: query }),
      ...(text !== undefined && { body: text }),
      isBase64Encoded: false,
    });
    const isJson = /json/.test(response.headers['content-type']!);
    return {
      status: response.statusCode,
      headers: response.headers,
      body: isJson ? JSON.parse(response.body) : response.body,
    };
  };
