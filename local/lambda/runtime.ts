// The program of one warm environment, a child process of the host: `runtime.ts <handler file> <export>`.
// It loads the handler, says so, and then answers one event at a time over the IPC channel until it is killed.

import { flushCompileCache } from 'node:module';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { type FunctionError, type InvokeMessage, MAX_RESPONSE_BYTES, type RuntimeMessage } from './messages.ts';

type Handler = (event: unknown, context: object) => unknown;

/** A failure that has a name in Lambda's runtime rather than in the user's code. */
class RuntimeError extends Error {
  override readonly name: string;

  constructor(name: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = `Runtime.${name}`;
  }
}

const main = async (handlerFile: string, exportName: string): Promise<void> => {
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.on('uncaughtException', (error) => breakDown('Uncaught Exception', error));
  process.on('unhandledRejection', (reason) =>
    breakDown(
      'Unhandled Promise Rejection',
      new RuntimeError('UnhandledPromiseRejection', describe(reason).errorMessage, reason),
    ),
  );
  try {
    const handler = await loadHandler(handlerFile, exportName);
    flushCompileCache();
    process.on('message', (message) => void answer(handler, message as InvokeMessage));
    send({ type: 'ready' });
  } catch (error) {
    await breakDown('Init Error', error);
  }
};

const loadHandler = async (handlerFile: string, exportName: string): Promise<Handler> => {
  const module = (await import(pathToFileURL(handlerFile).href).catch((error: unknown) => {
    throw asImportError(error);
  })) as Record<string, unknown>;
  // A CommonJS file that computes its exports has them only on `default`.
  const handler = module[exportName] ?? (module.default as Record<string, unknown> | undefined)?.[exportName];
  if (typeof handler !== 'function') {
    const found = Object.keys(module).join(', ') || 'nothing';
    throw new RuntimeError(
      'HandlerNotFound',
      `${handlerFile} does not export a function "${exportName}"; it exports ${found}.`,
    );
  }
  if (handler.length > 2) {
    throw new RuntimeError(
      'CallbackHandlerDeprecated',
      `${handlerFile}: "${exportName}" takes a callback, which Lambda's Node.js 24 no longer supports. Return a promise instead.`,
    );
  }
  return handler as Handler;
};

const asImportError = (error: unknown): unknown => {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
    return new RuntimeError('ImportModuleError', `Error: ${message}`, error);
  }
  return error instanceof SyntaxError
    ? new RuntimeError('UserCodeSyntaxError', `SyntaxError: ${message}`, error)
    : error;
};

const answer = async (handler: Handler, message: InvokeMessage): Promise<void> => {
  const reply = await run(handler, message);
  await flushOutput();
  send(reply);
};

const run = async (handler: Handler, message: InvokeMessage): Promise<RuntimeMessage> => {
  try {
    const result = serialize(await handler(JSON.parse(message.payload), contextOf(message)));
    return { type: 'succeeded', result, maxMemoryMb: maxMemoryMb() };
  } catch (error) {
    log(message.requestId, 'Invoke Error', error);
    return { type: 'failed', error: describe(error), maxMemoryMb: maxMemoryMb() };
  }
};

const contextOf = (message: InvokeMessage): object => ({
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
  invokedFunctionArn: message.functionArn,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  awsRequestId: message.requestId,
  logGroupName: message.logGroupName,
  logStreamName: message.logStreamName,
  ...(message.clientContext && {
    clientContext: JSON.parse(Buffer.from(message.clientContext, 'base64').toString('utf8')),
  }),
  getRemainingTimeInMillis: () => Math.max(0, message.deadline - Date.now()),
});

const serialize = (result: unknown): string => {
  const text = stringify(result) ?? 'null';
  if (Buffer.byteLength(text) > MAX_RESPONSE_BYTES) {
    const error = new Error(
      `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
    );
    error.name = 'Function.ResponseSizeTooLarge';
    throw error;
  }
  return text;
};

const stringify = (result: unknown): string | undefined => {
  try {
    return JSON.stringify(result);
  } catch (cause) {
    throw new Error(`Unable to stringify response body: ${(cause as Error).message}`, { cause });
  }
};

const describe = (error: unknown): FunctionError =>
  error instanceof Error
    ? { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
    : { errorType: typeof error, errorMessage: typeof error === 'string' ? error : inspect(error), trace: [] };

const log = (requestId: string, what: string, error: unknown): void =>
  console.error(`${new Date().toISOString()}\t${requestId}\tERROR\t${what}\t${inspect(error)}`);

/** The peak resident set of this process in MB; an environment's peak does not shrink between events, as in Lambda. */
const maxMemoryMb = (): number => Math.ceil(process.resourceUsage().maxRSS / 1024);

const stdout = process.stdout.write.bind(process.stdout) as (text: string, done: () => void) => boolean;
const stderr = process.stderr.write.bind(process.stderr) as (text: string, done: () => void) => boolean;

/** What the handler printed must be with the host before the answer is. */
const flushOutput = async (): Promise<void> => {
  await Promise.all([stdout, stderr].map((write) => new Promise<void>((resolve) => void write('', () => resolve()))));
};

const breakDown = async (what: string, error: unknown): Promise<void> => {
  log('-', what, error);
  await flushOutput();
  send({ type: 'broken', error: describe(error) });
};

const send = (message: RuntimeMessage): void => void process.send?.(message);

await main(process.argv[2]!, process.argv[3]!);
