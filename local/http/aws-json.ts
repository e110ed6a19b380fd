import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen } from '#local/http/listen.ts';
import type { Caller, Check, Iam } from '#local/iam/iam.ts';
import type { StandIn } from '#local/stand-in.ts';
import { accessErrorOf } from './access-errors.ts';
import { readLimited } from './limited-body.ts';

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
export type Operation = (input: never, caller: Caller) => unknown | Promise<unknown>;

/**
 * What a caller must be allowed before an operation starts. The request is JSON whose members aren't checked yet, so that an
 * operation tells nothing about its input to whoever may not call it.
 */
export type Permission = (input: JsonRequest, caller: Caller) => readonly Check[] | Promise<readonly Check[]>;

export type JsonRequest = Readonly<Record<string, unknown>>;

export interface AwsJsonService {
  /** What stands before the dot of `X-Amz-Target`, such as `AWSStepFunctions` or `SageMaker`. */
  readonly targetPrefix: string;
  /** The JSON protocol's version, `1.0` or `1.1`. */
  readonly jsonVersion: '1.0' | '1.1';
  readonly operations: Readonly<Record<string, Operation>>;
  /** The service's name in a signature's scope, such as `states`. */
  readonly signingName: string;
  readonly iam: Iam;
  /** One entry for each operation; no checks for an operation that everybody may call who signs. */
  readonly permissions: Readonly<Record<string, Permission>>;
  /** The largest request that the service accepts; 2 MiB by default. */
  readonly maxBodyBytes?: number;
}

/**
 * Answers requests of AWS's JSON protocol, each once IAM has authenticated and authorized its caller. An operation that is not
 * in the table is refused by its name.
 *
 * @throws TypeError for an operation without an entry in `permissions`.
 */
export const awsJsonHandler = (
  service: AwsJsonService,
): ((request: IncomingMessage, response: ServerResponse) => Promise<void>) => {
  const { operations, permissions } = service;
  const unguarded = Object.keys(operations).filter((name) => !Object.hasOwn(permissions, name));
  if (unguarded.length > 0) throw new TypeError(`Nothing says who may call ${unguarded.join(', ')}.`);
  return async (request, response) => {
    try {
      const output = await answer(service, request);
      send(response, 200, service.jsonVersion, output ?? {});
    } catch (error) {
      const { statusCode, code, members } = failureOf(error);
      response.setHeader('x-amzn-errortype', code.replace(/^.*#/, ''));
      send(response, statusCode, service.jsonVersion, { __type: code, ...members });
    }
  };
};

/** An AWS JSON service on a port of its own. */
export const serveAwsJson = async (service: AwsJsonService, port = 0): Promise<StandIn> =>
  listen(awsJsonHandler(service), port);

const answer = async (service: AwsJsonService, request: IncomingMessage): Promise<unknown> => {
  const { iam, signingName, operations, permissions, targetPrefix } = service;
  const body = await bodyOf(request, service);
  const caller = iam.authenticate(request, signingName, body);
  const target = String(request.headers['x-amz-target'] ?? '');
  const [prefix, name = ''] = target.split('.');
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (prefix !== targetPrefix || !operation) {
    throw new AwsError(
      'UnknownOperationException',
      `The local cloud does not answer ${target || 'a request without X-Amz-Target'}. ` +
        `${targetPrefix} answers: ${Object.keys(operations).join(', ')}.`,
    );
  }
  const input = parse(body);
  caller.authorize(...(await permissions[name]!(input, caller)));
  return operation(input as never, caller);
};

const DEFAULT_MAX_BODY_BYTES = 2 * 1024 * 1024;

const bodyOf = async (
  request: IncomingMessage,
  { maxBodyBytes = DEFAULT_MAX_BODY_BYTES }: AwsJsonService,
): Promise<Buffer> => {
  const body = await readLimited(request, maxBodyBytes);
  if (body) return body;
  throw new AwsError('RequestEntityTooLargeException', `The request body is over the limit of ${maxBodyBytes} bytes.`, {
    statusCode: 413,
  });
};

const parse = (body: Buffer): JsonRequest => {
  if (body.length === 0) return {};
  const value = parseJson(body.toString('utf8'));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRequest;
  throw new AwsError('SerializationException', 'The request body is not a JSON object.');
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AwsError('SerializationException', `The request body is not JSON: ${(error as Error).message}`);
  }
};

interface Failure {
  readonly statusCode: number;
  readonly code: string;
  readonly members: Readonly<Record<string, unknown>>;
}

const failureOf = (error: unknown): Failure => {
  const refusal = accessErrorOf(error);
  if (refusal) return { ...refusal, statusCode: 400, code: `com.amazon.coral.service#${refusal.code}` };
  if (error instanceof AwsError) {
    const { statusCode, name: code, message, details } = error;
    return { statusCode, code, members: { message, ...details } };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { statusCode: 500, code: 'InternalFailure', members: { message } };
};

const send = (response: ServerResponse, statusCode: number, version: string, body: unknown): void => {
  response.writeHead(statusCode, { 'content-type': `application/x-amz-json-${version}` });
  response.end(JSON.stringify(body, epochSeconds));
};

/** `JSON.stringify` calls a Date's `toJSON` before the replacer, so the date is read from its holder. */
function epochSeconds(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Record<string, unknown>)[key];
  return original instanceof Date ? original.getTime() / 1000 : value;
}
