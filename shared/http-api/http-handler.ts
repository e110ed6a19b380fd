import { z } from 'zod';
import { InvalidInputError } from '#shared/errors.ts';
import { logger } from '#shared/logger.ts';
import { mistakesOf } from '#shared/schema-mistakes.ts';
import { HttpEvent, type HttpResponse } from './http-event.ts';
import type { Answer, Operation, Request } from './operation.ts';
import { HttpProblem, problemResponse } from './problem.ts';
import { readBody } from './request-body.ts';

/**
 * Makes a Lambda handler of an operation: checks the request, runs the function, checks the answer. A request that fails
 * is answered by problem details, without stack traces; only what is no request of an HTTP API throws, InvalidInputError.
 */
export const httpHandler =
  <P extends z.ZodType, Q extends z.ZodType, H extends z.ZodType, B extends z.ZodType>(
    operation: Operation<P, Q, H, B>,
    run: (request: Request<z.output<P>, z.output<Q>, z.output<H>, z.output<B>>) => Promise<Answer>,
  ) =>
  async (untrusted: unknown): Promise<HttpResponse> => {
    const event = parseEvent(untrusted);
    const startedAt = performance.now();
    logger.resetKeys();
    logger.appendKeys({ operation: operation.id });
    try {
      const answer = await run(parseRequest(operation, event));
      logger.info('Request answered', {
        status: answer.status,
        milliseconds: Math.round(performance.now() - startedAt),
      });
      return responseOf(operation, answer);
    } catch (error) {
      const response = problemResponse(error, event.rawPath);
      if (response.statusCode >= 500) logger.error('Request failed', error as Error);
      else logger.info('Request refused', { status: response.statusCode, reason: (error as Error).name });
      return response;
    }
  };

const parseEvent = (untrusted: unknown): HttpEvent => {
  const parsed = HttpEvent.safeParse(untrusted);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError(z.prettifyError(parsed.error), { cause: parsed.error });
};

const parseRequest = <P extends z.ZodType, Q extends z.ZodType, H extends z.ZodType, B extends z.ZodType>(
  { request }: Operation<P, Q, H, B>,
  event: HttpEvent,
): Request<z.output<P>, z.output<Q>, z.output<H>, z.output<B>> => ({
  path: check('path', request.path, event.pathParameters),
  query: check('query', request.query, event.queryStringParameters),
  headers: check('headers', request.headers, event.headers),
  body: check('body', request.body?.schema, request.body && readBody(request.body, event)),
});

const check = <S extends z.ZodType>(part: string, schema: S | undefined, value: unknown): z.output<S> => {
  if (!schema) return undefined as z.output<S>;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new HttpProblem(400, 'InvalidRequest', `The ${part} isn't what is expected.\n${mistakesOf(parsed.error)}`);
};

/** `no-store`: runs and predictions are nobody's to cache. */
const responseOf = ({ id, responses }: Operation, { status, headers = {}, body, text }: Answer): HttpResponse => {
  const response = responses[status];
  if (!response) throw new TypeError(`${id} has no response ${status}.`);
  return {
    statusCode: status,
    headers: {
      'content-type': text === undefined ? 'application/json' : 'text/csv',
      'cache-control': 'no-store',
      ...headers,
    },
    body: text ?? JSON.stringify(response.schema.parse(body)),
  };
};
