import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '#local/http/aws-json.ts';
import { readLimited } from '#local/http/limited-body.ts';
import type { Account } from '#local/stand-in.ts';
import type { AsynchronousEvent } from './asynchronous-invocations.ts';
import type { Invocation, InvocationResult } from './environment.ts';
import { functionArn, type LambdaFunctions, resolveFunctionName } from './functions.ts';

export interface LambdaApiOptions {
  readonly functions: LambdaFunctions;
  readonly account: Account;
  readonly run: (functionName: string, invocation: Invocation) => Promise<InvocationResult>;
  readonly accept: (event: AsynchronousEvent) => Promise<void>;
}

/** Lambda's HTTP API: Invoke in its three types, GetFunction, GetFunctionConfiguration and ListFunctions. */
export const lambdaApi =
  (options: LambdaApiOptions) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = randomUUID();
    response.setHeader('x-amzn-requestid', requestId);
    try {
      await route(options, { request, response, requestId });
    } catch (error) {
      sendError(response, error);
    }
  };

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
}

type Route = (options: LambdaApiOptions, exchange: Exchange, functionName: string) => unknown;

const route = async (options: LambdaApiOptions, exchange: Exchange): Promise<void> => {
  const { request } = exchange;
  if (!request.headers.authorization) {
    throw new AwsError('MissingAuthenticationTokenException', 'The request has no Authorization header.', {
      statusCode: 403,
    });
  }
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [, name, operation = ''] = FUNCTION_PATH.exec(url.pathname) ?? [];
  const answer = ROUTES[`${request.method} ${name ? '{FunctionName}' : ''}${operation}`];
  if (name === undefined || !answer) {
    throw new AwsError(
      'NotImplementedException',
      `The laptop's Lambda does not answer ${request.method} ${url.pathname}. It answers Invoke, GetFunction, GetFunctionConfiguration and ListFunctions.`,
      { statusCode: 501 },
    );
  }
  const qualifier = url.searchParams.get('Qualifier') ?? undefined;
  await answer(
    options,
    exchange,
    name && resolveFunctionName(options.functions, options.account, decodeURIComponent(name), qualifier),
  );
};

const FUNCTION_PATH = /^\/2015-03-31\/functions\/?([^/]*)(\/.*)?$/;

/** Limits in bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_PAYLOAD_BYTES: Readonly<Record<string, number>> = {
  RequestResponse: 6_291_456,
  Event: 1_048_576,
  DryRun: 6_291_456,
};

const invoke: Route = async ({ run, accept }, { request, response, requestId }, functionName) => {
  const type = String(request.headers['x-amz-invocation-type'] ?? 'RequestResponse');
  const maxBytes = MAX_PAYLOAD_BYTES[type];
  if (maxBytes === undefined) {
    throw new AwsError(
      'InvalidParameterValueException',
      `InvocationType ${type} is not one of RequestResponse, Event, DryRun.`,
    );
  }
  const payload = await readPayload(request, type, maxBytes);
  const clientContext = request.headers['x-amz-client-context'];
  const invocation = { requestId, payload, ...(typeof clientContext === 'string' && { clientContext }) };
  if (type === 'DryRun') return void response.writeHead(204).end();
  if (type === 'Event') {
    await accept({ functionName, ...invocation });
    return void response.writeHead(202).end();
  }
  const result = await run(functionName, invocation);
  response.setHeader('x-amz-executed-version', '$LATEST');
  if (result.failed) response.setHeader('x-amz-function-error', 'Unhandled');
  if (request.headers['x-amz-log-type'] === 'Tail') {
    response.setHeader('x-amz-log-result', result.logTail.toString('base64'));
  }
  sendJson(response, 200, result.payload);
};

const describe: Route = (options, { response }, functionName) =>
  sendJson(response, 200, JSON.stringify(configuration(options, functionName)));

const ROUTES: Readonly<Record<string, Route>> = {
  'POST {FunctionName}/invocations': invoke,
  'GET {FunctionName}/configuration': describe,
  'GET {FunctionName}': (options, { response }, functionName) =>
    sendJson(response, 200, JSON.stringify({ Configuration: configuration(options, functionName) })),
  'GET ': (options, { response }) => {
    const Functions = Object.keys(options.functions).map((name) => configuration(options, name));
    sendJson(response, 200, JSON.stringify({ Functions }));
  },
};

const configuration = ({ functions, account }: LambdaApiOptions, name: string): object => {
  const { handlerFile, handlerExport, timeoutSeconds, memorySizeMb } = functions[name]!;
  return {
    FunctionName: name,
    FunctionArn: functionArn(account, name),
    Runtime: 'nodejs24.x',
    Handler: `${handlerFile}.${handlerExport}`,
    Timeout: timeoutSeconds,
    MemorySize: memorySizeMb,
    Version: '$LATEST',
    State: 'Active',
  };
};

/** The event's JSON text, `{}` where the caller sent none. */
const readPayload = async (request: IncomingMessage, type: string, maxBytes: number): Promise<string> => {
  const body = await readLimited(request, maxBytes);
  if (!body) {
    throw new AwsError(
      'RequestEntityTooLargeException',
      `${request.headers['content-length'] ?? `More than ${maxBytes}`} byte payload is too large for the ${type} invocation type (limit ${maxBytes} bytes)`,
      { statusCode: 413, details: { Type: 'User' } },
    );
  }
  const text = body.toString('utf8') || '{}';
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new AwsError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${(error as Error).message}`,
      {
        details: { Type: 'User' },
      },
    );
  }
};

const sendJson = (response: ServerResponse, statusCode: number, text: string): void => {
  response.writeHead(statusCode, { 'content-type': 'application/json' });
  response.end(text);
};

const sendError = (response: ServerResponse, error: unknown): void => {
  const failure =
    error instanceof AwsError
      ? error
      : new AwsError('ServiceException', (error as Error).message, { statusCode: 500, details: { Type: 'Service' } });
  response.setHeader('x-amzn-errortype', failure.name);
  sendJson(response, failure.statusCode, JSON.stringify({ ...failure.details, Message: failure.message }));
};
