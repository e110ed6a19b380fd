import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from '#local/http/listen.ts';
import type { StandIn } from '#local/stand-in.ts';

describe('a server of the laptop', () => {
  let server: StandIn;
  beforeAll(async () => {
    server = await listen((_, response) => response.end('rows of the warehouse'));
  });
  afterAll(() => server.close());

  /** `fetch` doesn't let a caller choose Host and Origin, as a browser does. */
  const ask = (headers: Record<string, string>, method = 'GET'): Promise<{ statusCode: number; text: string }> =>
    new Promise((resolve, reject) => {
      const sent = request(server.url, { headers, method }, async (response) => {
        const chunks = await response.toArray();
        resolve({ statusCode: response.statusCode!, text: Buffer.concat(chunks).toString('utf8') });
      });
      sent.on('error', reject).end();
    });

  it.each([
    ['127.0.0.1', {}],
    ['localhost', { host: 'LOCALHOST:8080' }],
    ['a name of AWS', { host: '246618743249.dkr.ecr.us-west-2.amazonaws.com' }],
  ])('answers who calls it %s', async (_, headers) => {
    expect(await ask(headers)).toEqual({ statusCode: 200, text: 'rows of the warehouse' });
  });

  it('answers a page of its own', async () => {
    const { host, origin } = new URL(server.url);

    expect(await ask({ host, origin }, 'POST')).toMatchObject({ statusCode: 200 });
  });

  it.each([
    ['a name that was pointed to 127.0.0.1 after its page was loaded', { host: 'evil.example' }, /evil\.example/],
    ['a name that only looks like one', { host: '127.0.0.1.evil.example' }, /127\.0\.0\.1\.evil\.example/],
    ['a page of another site', { origin: 'https://evil.example' }, /https:\/\/evil\.example/],
    ['a page without a site', { origin: 'null' }, /null/],
    ['a page of another server of the laptop', { origin: 'http://127.0.0.1:1' }, /127\.0\.0\.1:1/],
  ])('refuses %s', async (_, headers, said) => {
    const { statusCode, text } = await ask(headers, 'POST');

    expect(statusCode).toBe(403);
    expect(text).toMatch(said);
    expect(text).not.toContain('rows');
  });
});
