import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BodyStalledError, bodyChunks } from '#local/http/body-chunks.ts';
import { listen } from '#local/http/listen.ts';

const IDLE_MS = 100;

/** A server that answers with what it read, chunk by chunk, taking its time for each; and a client in the middle of a body. */
const reading = async (readMs = 0) => {
  const server = await listen(
    async (request, response) => {
      const seen: string[] = [];
      try {
        for await (const chunk of bodyChunks(request, IDLE_MS)) {
          seen.push(String(chunk));
          await sleep(readMs);
        }
        response.end(seen.join('|'));
      } catch (error) {
        response.writeHead(400).end(`${(error as Error).name} after ${seen.join('|')}`);
      }
    },
    0,
    { requestTimeoutMs: 0 },
  );
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 6\r\n\r\n');
  const answer = async (): Promise<string> => String((await once(socket, 'data'))[0]).split('\r\n\r\n')[1]!;
  return {
    socket,
    answer,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await server.close();
    },
  };
};

describe('a body in chunks', () => {
  it('is read to its end', async () => {
    await using open = await reading();
    open.socket.write('abcdef');

    expect(await open.answer()).toContain('abcdef');
  });

  it('is given up when its client sends nothing more, which is told', async () => {
    await using open = await reading();
    open.socket.write('abc');

    expect(await open.answer()).toContain(`${BodyStalledError.name} after abc`);
  });

  it('may take its reader longer than its client', async () => {
    await using open = await reading(2 * IDLE_MS);
    open.socket.write('abc');
    setTimeout(() => open.socket.write('def'), IDLE_MS / 2);

    expect(await open.answer()).toContain('abc|def');
  });
});
