import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLimited } from '#local/http/limited-body.ts';
import { type Handle, type ListenOptions, listen } from '#local/http/listen.ts';

/** A server, and the ways to call it that `fetch` doesn't offer: it lets nobody choose Host and Origin, as a browser does. */
const serving = async (handle: Handle, options: ListenOptions = {}) => {
  const server = await listen(handle, 0, options);
  const ask = (
    headers: Record<string, string>,
    method = 'GET',
    body = Buffer.alloc(0),
  ): Promise<{ statusCode: number; text: string }> =>
    new Promise((resolve, reject) => {
      const sent = request(server.url, { headers, method }, async (response) =>
        resolve({ statusCode: response.statusCode!, text: await text(response) }),
      );
      sent.on('error', reject).end(body);
    });
  return {
    url: server.url,
    ask,
    async connect(head: string): Promise<Socket> {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.write(head);
      return socket;
    },
    close: server.close,
    [Symbol.asyncDispose]: server.close,
  };
};

const answerOf = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);

describe('a server of the local cloud', () => {
  let server: Awaited<ReturnType<typeof serving>>;
  beforeAll(async () => {
    server = await serving((_, response) => void response.end('rows of the warehouse'));
  });
  afterAll(() => server.close());

  it.each([
    ['127.0.0.1', {}],
    ['localhost', { host: 'LOCALHOST:8080' }],
    ['by a link that a person follows', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }],
    ['by a script of its own page', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }],
  ])('answers a call: %s', async (_, headers) => {
    expect(await server.ask(headers)).toEqual({ statusCode: 200, text: 'rows of the warehouse' });
  });

  it('answers a page of its own', async () => {
    const { host, origin } = new URL(server.url);

    expect(await server.ask({ host, origin }, 'POST')).toMatchObject({ statusCode: 200 });
  });

  it.each([
    ['a name that was pointed to 127.0.0.1 after its page was loaded', { host: 'evil.example' }, /evil\.example/],
    ['a name that only looks like one', { host: '127.0.0.1.evil.example' }, /127\.0\.0\.1\.evil\.example/],
    ['a page of another site', { origin: 'https://evil.example' }, /https:\/\/evil\.example/],
    ['a page without a site', { origin: 'null' }, /null/],
    ['a page of another server of the laptop', { origin: 'http://127.0.0.1:1' }, /127\.0\.0\.1:1/],
    ['a name of AWS', { host: '246618743249.dkr.ecr.us-west-2.amazonaws.com' }, /amazonaws/],
    ['a page below amazonaws.com', { host: 'a.amazonaws.com', origin: 'http://a.amazonaws.com' }, /amazonaws/],
    ['an image on a page of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, /site/],
    ['a script on a page of another port', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }, /site/],
  ])('refuses %s', async (_, headers, said) => {
    const { statusCode, text } = await server.ask(headers, 'POST');

    expect(statusCode).toBe(403);
    expect(text).toMatch(said);
    expect(text).not.toContain('rows');
  });

  it('answers to further names where it has them, to programs only', async () => {
    await using open = await serving((_, response) => void response.end('layers'), {
      otherHosts: /^\d+\.amazonaws\.com$/,
    });
    const host = '1.amazonaws.com';

    expect(await open.ask({ host })).toEqual({ statusCode: 200, text: 'layers' });
    expect(await open.ask({ host: 'x.amazonaws.com' })).toMatchObject({ statusCode: 403 });
    expect(await open.ask({ host, origin: `http://${host}` })).toMatchObject({ statusCode: 403 });
    expect(await open.ask({ host, 'sec-fetch-site': 'cross-site' })).toMatchObject({ statusCode: 403 });
  });

  it('outlives a handler that fails', async () => {
    await using open = await serving(() => Promise.reject(new Error('not thought of')));

    expect(await open.ask({})).toEqual({ statusCode: 500, text: 'Error: not thought of' });
    expect(await open.ask({})).toMatchObject({ statusCode: 500 });
  });
});

describe('a body', () => {
  const MAX_BYTES = 1_000;
  const capped: Handle = async (request, response) => {
    const body = await readLimited(request, MAX_BYTES);
    response.statusCode = body ? 200 : 413;
    response.end(String(body?.length));
  };

  it('is read up to its limit', async () => {
    await using open = await serving(capped);

    expect(await open.ask({}, 'POST', Buffer.alloc(MAX_BYTES))).toEqual({ statusCode: 200, text: '1000' });
    expect(await open.ask({}, 'POST', Buffer.alloc(MAX_BYTES + 1))).toEqual({ statusCode: 413, text: 'undefined' });
  });

  it('that never ends is refused once it is too long', async () => {
    await using open = await serving(capped);
    const socket = await open.connect('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n');

    socket.write(`7d0\r\n${'x'.repeat(2_000)}\r\n`);

    expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('is refused by its announced length, before any of it comes', async () => {
    await using open = await serving(capped);
    const socket = await open.connect('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200000000\r\n\r\n');

    expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('of which nothing more comes ends with the time for a request', async () => {
    await using open = await serving(capped, { requestTimeoutMs: 100 });
    const body = await open.connect('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n12345');
    const headers = await open.connect('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n');

    expect(await answerOf(body)).toMatch(/^HTTP\/1\.1 408 /);
    expect(await answerOf(headers)).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe('a client that expects 100 Continue', () => {
  const EXPECTING = 'PUT / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n';

  it('is told so when its body is about to be read', async () => {
    await using open = await serving(async (request, response) => {
      response.end(await text(request));
    });
    const socket = await open.connect(EXPECTING);

    expect(await answerOf(socket)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('bytes');
    expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n(?!.*close).*bytes/s);
    socket.destroy();
  });

  it('is not when it is refused, and its connection ends', async () => {
    await using open = await serving((_, response) => void response.writeHead(403).end('no'));
    const refused = await open.connect(EXPECTING);
    const fromPage = await open.connect(EXPECTING.replace('127.0.0.1', 'evil.example'));

    for (const socket of [refused, fromPage]) {
      expect(await answerOf(socket)).toMatch(/^HTTP\/1\.1 403 .*Connection: close/is);
      if (!socket.closed) await once(socket, 'close');
    }
  });
});
