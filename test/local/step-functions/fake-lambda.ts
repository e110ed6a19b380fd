import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** Lambda's Invoke API over functions of the test. */
export interface FakeLambda {
  readonly url: string;
  /** By name; a thrown error is a function error with the error's name as its type. */
  readonly functions: Record<string, (event: never, call: number) => unknown>;
  /** Every call, with the time it came in (`performance.now()`). */
  readonly calls: { readonly name: string; readonly event: unknown; readonly at: number; readonly path: string }[];
  close(): Promise<void>;
}

export const startFakeLambda = async (port = 0): Promise<FakeLambda> => {
  const functions: FakeLambda['functions'] = {};
  const calls: FakeLambda['calls'] = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url!);
    const name = /functions\/(?:arn:.*:function:)?([^/:]+)/.exec(path)?.[1] ?? '';
    const event = await json(request).catch(() => undefined);
    const call = calls.push({ name, event, at: performance.now(), path });
    response.setHeader('content-type', 'application/json');
    if (!functions[name]) {
      response.writeHead(404, { 'x-amzn-errortype': 'ResourceNotFoundException' });
      response.end(JSON.stringify({ Type: 'User', Message: `Function not found: ${name}` }));
      return;
    }
    try {
      const result = await functions[name](event as never, call);
      response.setHeader('x-amz-executed-version', '$LATEST');
      response.end(JSON.stringify(result ?? null));
    } catch (error) {
      response.setHeader('x-amz-function-error', 'Unhandled');
      const { name: errorType, message: errorMessage } = error as Error;
      response.end(JSON.stringify({ errorType, errorMessage, trace: [] }));
    }
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    functions,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** An error whose name a state machine can catch. */
export const namedError = (name: string, message = 'on purpose'): Error => Object.assign(new Error(message), { name });
