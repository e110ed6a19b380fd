import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from '#local/http/listen.ts';
import type { StandIn } from '#local/stand-in.ts';

/** An answer's body; an Error's name is the error's code. */
export type FakeAnswer = string | object | Error;

/** By `service operation`, such as `iam GetRole`; a function gets the request's parameters. */
export type FakeAnswers = Readonly<
  Record<string, FakeAnswer | ((parameters: Readonly<Record<string, unknown>>) => FakeAnswer)>
>;

/** As much of AWS, in all the protocols that its clients speak, as nothing of the laptop's cloud stands in for. */
export const serveFakeAws = async (answers: FakeAnswers): Promise<StandIn & { readonly asked: string[] }> => {
  const asked: string[] = [];
  const server = await listen(async (request, response) => {
    const body = await text(request);
    const { operation, parameters, fail } = callOf(request, body);
    asked.push(operation);
    const known = answers[operation] ?? named('NotImplemented', `Nothing answers ${operation}.`);
    const answer = typeof known === 'function' ? known(parameters) : known;
    if (answer instanceof Error) fail(response, answer);
    else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  return { ...server, asked };
};

export const named = (name: string, message = 'It is so.'): Error => Object.assign(new Error(message), { name });

interface Call {
  readonly operation: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly fail: (response: ServerResponse, error: Error) => void;
}

const callOf = (request: IncomingMessage, body: string): Call => {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    return { operation: target.replace(/^(\w+?)(_\d+)?\./, '$1 '), parameters: JSON.parse(body || '{}'), fail: inJson };
  }
  const lambda = /^\/(?:2015-03-31\/functions\/([^/]+)\/configuration|2016-08-19\/account-settings)/.exec(url.pathname);
  if (lambda) {
    const [, FunctionName] = lambda;
    const operation = FunctionName ? 'lambda GetFunctionConfiguration' : 'lambda GetAccountSettings';
    return { operation, parameters: { FunctionName }, fail: inJson };
  }
  if (request.method === 'POST' && !url.searchParams.has('delete')) {
    const { Action, ...parameters } = Object.fromEntries(new URLSearchParams(body));
    return { operation: `iam ${Action}`, parameters, fail: inXml('ErrorResponse') };
  }
  const [query = ''] = url.searchParams.keys();
  return {
    operation: `s3 ${request.method} ${query === 'x-id' ? '' : query}`.trim(),
    parameters: request.headers,
    fail: inXml('Error'),
  };
};

const inJson = (response: ServerResponse, { name, message }: Error): void =>
  void response.writeHead(400, { 'x-amzn-errortype': name }).end(JSON.stringify({ __type: name, message }));

const inXml =
  (root: string) =>
  (response: ServerResponse, { name, message }: Error): void => {
    const error = `<Code>${name}</Code><Message>${message}</Message>`;
    const content = root === 'ErrorResponse' ? `<Error>${error}</Error>` : error;
    response.writeHead(name.startsWith('NoSuch') ? 404 : 403).end(`<${root}>${content}</${root}>`);
  };
