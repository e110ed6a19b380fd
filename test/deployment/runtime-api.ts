import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from '#local/http/listen.ts';

export interface Invocation {
  /** The runtime's own program. */
  readonly runtimeFile: string;
  /** As in a template: the module without its ending, and the export. */
  readonly handler: string;
  readonly taskRoot: string;
  readonly event: unknown;
}

/** What the runtime tells of the event; `init` when the handler didn't load. */
export interface RuntimeAnswer {
  readonly kind: 'response' | 'error' | 'init';
  readonly body: unknown;
}

/**
 * Gives a runtime one event by Lambda's Runtime API, and ends it when it has answered.
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export const invokeByRuntime = async (invocation: Invocation): Promise<RuntimeAnswer> => {
  const answer = Promise.withResolvers<RuntimeAnswer>();
  const server = await listen(runtimeApi(invocation.event, answer.resolve));
  const runtime = spawn(process.execPath, [invocation.runtimeFile, invocation.handler], {
    cwd: invocation.taskRoot,
    env: {
      PATH: process.env.PATH,
      AWS_LAMBDA_RUNTIME_API: new URL(server.url).host,
      AWS_LAMBDA_FUNCTION_NAME: 'packaged',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/packaged',
      AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
      AWS_REGION: 'eu-central-1',
      LAMBDA_TASK_ROOT: invocation.taskRoot,
      _HANDLER: invocation.handler,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [runtime.stdout, runtime.stderr]) stream.on('data', (chunk) => (printed += chunk));
  const exited = new Promise<void>((resolve) => {
    runtime.once('close', () => {
      answer.reject(new Error(`The runtime ended without an answer:\n${printed}`));
      resolve();
    });
  });
  try {
    return await answer.promise;
  } finally {
    runtime.kill('SIGKILL');
    await exited;
    await server.close();
  }
};

const runtimeApi = (event: unknown, tell: (answer: RuntimeAnswer) => void) => {
  let isGiven = false;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url?.replace('/2018-06-01/runtime/', '') ?? '';
    if (path === 'invocation/next') {
      if (isGiven) return; // no further event: the runtime waits
      isGiven = true;
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': randomUUID(),
        'Lambda-Runtime-Deadline-Ms': String(Date.now() + 30_000),
        'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:eu-central-1:123456789012:function:packaged',
        'Lambda-Runtime-Trace-Id': 'Root=1-00000000-000000000000000000000000;Sampled=0',
      });
      response.end(JSON.stringify(event));
      return;
    }
    const body = JSON.parse(await text(request)) as unknown;
    response.writeHead(202).end('{}');
    const [, kind] = /\/(response|error)$/.exec(path) ?? [];
    tell({ kind: path.startsWith('init/') ? 'init' : (kind as 'response' | 'error'), body });
  };
};
