import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AwsError } from '#local/http/aws-json.ts';
import { readLimited } from '#local/http/limited-body.ts';
import { sendRestError } from '#local/http/rest-json.ts';
import type { Iam } from '#local/iam/iam.ts';
import type { Account } from '#local/stand-in.ts';
import type { AsynchronousEvent } from './asynchronous-invocations.ts';
import type { Invocation, InvocationResult } from './environment.ts';
import { functionArn, type LambdaFunctions, resolveFunctionName } from './functions.ts';
import { lambdaCheck } from './permissions.ts';

export interface LambdaApiOptions {
  readonly functions: LambdaFunctions;
  readonly account: Account;
  readonly iam: Iam;
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
      sendRestError(response, error, serviceException);
    }
  };

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly body: Buffer;
}

type Answer = (options: LambdaApiOptions, exchange: Exchange, functionName: string) => unknown;

interface Route {
  /** The permission that the operation needs. */
  readonly action: string;
  readonly answer: Answer;
}

const route = async (options: LambdaApiOptions, exchange: Omit<Exchange, 'body'>): Promise<void> => {
  const { request } = exchange;
  const body = await readBody(request);
  const caller = options.iam.authenticate(request, 'lambda', body);
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [, encodedName, operation = ''] = FUNCTION_PATH.exec(url.pathname) ?? [];
  const { action, answer } = ROUTES[`${request.method} ${encodedName ? '{FunctionName}' : ''}${operation}`] ?? {};
  if (encodedName === undefined || !action || !answer) {
    throw new AwsError(
      'NotImplementedException',
      `The local Lambda does not answer ${request.method} ${url.pathname}. It answers Invoke, GetFunction, GetFunctionConfiguration and ListFunctions.`,
      { statusCode: 501 },
    );
  }
  const reference = decodeURIComponent(encodedName);
  const qualifier = url.searchParams.get('Qualifier') ?? undefined;
  caller.authorize(lambdaCheck(options.account, action, reference, qualifier));
  const name = reference && resolveFunctionName(options.functions, options.account, reference, qualifier);
  await answer(options, { ...exchange, body }, name);
};

const FUNCTION_PATH = /^\/2015-03-31\/functions\/?([^/]*)(\/.*)?$/;

/** Limits in bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_PAYLOAD_BYTES: Readonly<Record<string, number>> = {
  RequestResponse: 6_291_456,
  Event: 1_048_576,
  DryRun: 6_291_456,
};

const invoke: Answer = async ({ run, accept }, { request, response, requestId, body }, functionName) => {
  const type = invocationType(request);
  const maxBytes = MAX_PAYLOAD_BYTES[type];
  if (maxBytes === undefined) {
    throw new AwsError(
      'InvalidParameterValueException',
      `InvocationType ${type} is not one of RequestResponse, Event, DryRun.`,
    );
  }
  if (body.length > maxBytes) throw tooLarge(body.length, type, maxBytes);
  const payload = jsonText(body);
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

const describe: Answer = (options, { response }, functionName) =>
  sendJson(response, 200, JSON.stringify(configuration(options, functionName)));

const ROUTES: Readonly<Record<string, Route>> = {
  'POST {FunctionName}/invocations': { action: 'InvokeFunction', answer: invoke },
  'GET {FunctionName}/configuration': { action: 'GetFunctionConfiguration', answer: describe },
  'GET {FunctionName}': {
    action: 'GetFunction',
    answer: (options, { response }, functionName) =>
      sendJson(response, 200, JSON.stringify({ Configuration: configuration(options, functionName) })),
  },
  'GET ': {
    action: 'ListFunctions',
    answer(options, { response }) {
      const Functions = Object.keys(options.functions).map((name) => configuration(options, name));
      sendJson(response, 200, JSON.stringify({ Functions }));
    },
  },
};

const configuration = ({ functions, account }: LambdaApiOptions, name: string): object => {
  const { handlerFile, handlerExport, timeoutSeconds, memorySizeMb, roleArn } = functions[name]!;
  return {
    FunctionName: name,
    FunctionArn: functionArn(account, name),
    Runtime: 'nodejs24.x',
    Role: roleArn,
    Handler: `${handlerFile}.${handlerExport}`,
    Timeout: timeoutSeconds,
    MemorySize: memorySizeMb,
    Version: '$LATEST',
    State: 'Active',
  };
};

const invocationType = ({ headers }: IncomingMessage): string =>
  String(headers['x-amz-invocation-type'] ?? 'RequestResponse');

/** The whole body, which the signature is of. */
const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const body = await readLimited(request, MAX_PAYLOAD_BYTES.RequestResponse!);
  if (body) return body;
  const type = invocationType(request);
  const announced = Number(request.headers['content-length'] ?? MAX_PAYLOAD_BYTES.RequestResponse! + 1);
  throw tooLarge(announced, type, MAX_PAYLOAD_BYTES[type] ?? MAX_PAYLOAD_BYTES.RequestResponse!);
};

const tooLarge = (byteCount: number, type: string, maxBytes: number): AwsError =>
  new AwsError(
    'RequestEntityTooLargeException',
    `${byteCount} byte payload is too large for the ${type} invocation type (limit ${maxBytes} bytes)`,
    { statusCode: 413, details: { Type: 'User' } },
  );

/** The event's JSON text, `{}` where the caller sent none. */
const jsonText = (body: Buffer): string => {
  const text = body.toString('utf8') || '{}';
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new AwsError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${(error as Error).message}`,
      { details: { Type: 'User' } },
    );
  }
};

const sendJson = (response: ServerResponse, statusCode: number, text: string): void => {
  response.writeHead(statusCode, { 'content-type': 'application/json' });
  response.end(text);
};

const serviceException = ({ message }: Error): AwsError =>
  new AwsError('ServiceException', message, { statusCode: 500, details: { Type: 'Service' } });
