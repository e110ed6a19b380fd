import { z } from 'zod';
import type { HttpResponse } from './http-event.ts';

/** RFC 9457: what went wrong with a request, for programs and people. */
export const Problem = z.object({
  /** `about:blank`: the status says it all; the error's name is in `title`. */
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** The request's path. */
  instance: z.string(),
  /** What differs from the request that the same Idempotency-Key was used for. */
  differences: z.array(z.string()).optional(),
});
export type Problem = z.infer<typeof Problem>;

/** A request that can't be answered as asked. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly status: number;
  readonly title: string;
  readonly extra: { readonly differences?: readonly string[] };

  constructor(status: number, title: string, detail: string, extra: HttpProblem['extra'] = {}) {
    super(detail);
    this.status = status;
    this.title = title;
    this.extra = extra;
  }
}

/** How the errors of `shared/errors.ts` are told over HTTP. Any other is a 500 without its message. */
const STATUS_OF_ERRORS: Readonly<Record<string, number>> = {
  InvalidInputError: 400,
  FeatureMismatchError: 400,
  UnknownPipelineError: 404,
  UnknownRunError: 404,
  RunExistsError: 409,
  NoChampionError: 409,
  EndpointFailedError: 409,
  InvalidPipelineError: 500,
  PredictionFailedError: 502,
  DatasetMismatchError: 502,
  MalformedCsvError: 400,
  PayloadTooLargeError: 413,
  EndpointThrottledError: 503,
  ModelTimeoutError: 504,
};

/** The answer to a request that ended in an error. Only messages that were written for callers leave the function. */
export const problemResponse = (error: unknown, instance: string): HttpResponse => {
  const { status, title, message, extra } = toldAs(error);
  const body: Problem = { type: 'about:blank', title, status, detail: message, instance, ...extra } as Problem;
  return {
    statusCode: status,
    headers: {
      'content-type': 'application/problem+json',
      ...(status === 503 && { 'retry-after': '5' }),
    },
    body: JSON.stringify(body),
  };
};

const toldAs = (error: unknown): Pick<HttpProblem, 'status' | 'title' | 'message' | 'extra'> => {
  if (error instanceof HttpProblem) return error;
  const { name, message } = error as Error;
  const status = Object.hasOwn(STATUS_OF_ERRORS, name) ? STATUS_OF_ERRORS[name]! : undefined;
  if (status !== undefined) return { status, title: name, message, extra: {} };
  return {
    status: 500,
    title: 'InternalError',
    message: 'Something went wrong inside. The log of the function has it, by the request id of the response.',
    extra: {},
  };
};
