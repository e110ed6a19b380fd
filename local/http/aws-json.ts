import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen, readBody } from '#local/http/listen.ts';
import type { StandIn } from '#local/stand-in.ts';

/** An error that AWS's JSON protocols carry by name: HTTP 400 with `__type` and `message` unless said otherwise. */
export class AwsError extends Error {
  override readonly name: string;
  readonly statusCode: number;
  readonly details: Record<string, unknown>;

  constructor(name: string, message: string, { statusCode = 400, details = {} }: AwsErrorOptions = {}) {
    super(message);
    this.name = name;
    this.statusCode = statusCode;
    this.details = details;
  }
}

interface AwsErrorOptions {
  readonly statusCode?: number;
  /** Further members of the error's JSON, in the service's own spelling. */
  readonly details?: Record<string, unknown>;
}

/** One operation: the parsed request in, the response's JSON out. Dates are sent as epoch seconds. */
export type Operation = (input: never) => unknown | Promise<unknown>;

export interface AwsJsonService {
  /** What stands before the dot of `X-Amz-Target`, such as `AWSStepFunctions` or `SageMaker`. */
  readonly targetPrefix: string;
  /** The JSON protocol's version, `1.0` or `1.1`. */
  readonly jsonVersion: '1.0' | '1.1';
  readonly operations: Readonly<Record<string, Operation>>;
}

/** Answers requests of AWS's JSON protocol; an operation that is not in the table is refused by its name. */
export const awsJsonHandler =
  (service: AwsJsonService) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const output = await answer(service, request);
      send(response, 200, service.jsonVersion, output ?? {});
    } catch (error) {
      const failure = asAwsError(error);
      response.setHeader('x-amzn-errortype', failure.name);
      send(response, failure.statusCode, service.jsonVersion, {
        __type: failure.name,
        message: failure.message,
        ...failure.details,
      });
    }
  };

/** An AWS JSON service on a port of its own. */
export const serveAwsJson = (service: AwsJsonService, port = 0): Promise<StandIn> =>
  listen(awsJsonHandler(service), port);

const answer = async (service: AwsJsonService, request: IncomingMessage): Promise<unknown> => {
  if (!request.headers.authorization) {
    throw new AwsError('MissingAuthenticationTokenException', 'The request has no Authorization header.', {
      statusCode: 403,
    });
  }
  const target = String(request.headers['x-amz-target'] ?? '');
  const [prefix, name = ''] = target.split('.');
  const operation = Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
  if (prefix !== service.targetPrefix || !operation) {
    throw new AwsError(
      'UnknownOperationException',
      `The laptop's cloud does not answer ${target || 'a request without X-Amz-Target'}. ` +
        `${service.targetPrefix} answers: ${Object.keys(service.operations).join(', ')}.`,
    );
  }
  return operation(parse(await readBody(request)) as never);
};

const parse = (body: Buffer): unknown => {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new AwsError('SerializationException', `The request body is not JSON: ${(error as Error).message}`);
  }
};

const asAwsError = (error: unknown): AwsError =>
  error instanceof AwsError
    ? error
    : new AwsError('InternalFailure', error instanceof Error ? (error.stack ?? error.message) : String(error), {
        statusCode: 500,
      });

const send = (response: ServerResponse, statusCode: number, version: string, body: unknown): void => {
  response.writeHead(statusCode, { 'content-type': `application/x-amz-json-${version}` });
  response.end(JSON.stringify(body, epochSeconds));
};

/** `JSON.stringify` calls a Date's `toJSON` before the replacer, so the date is read from its holder. */
function epochSeconds(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  return original instanceof Date ? original.getTime() / 1000 : value;
}
