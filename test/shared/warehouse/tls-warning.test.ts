import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { logger } from '#shared/logger.ts';
import { parseWarehouseSecret } from '#shared/warehouse/credentials.ts';
import { hanaConnections } from '#shared/warehouse/hana.ts';

/** Hangs up at once: what is said of a connection is said before it is made. */
const server = createServer((socket) => socket.destroy());
beforeEach(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterEach(() => new Promise((resolve) => server.close(resolve)));
afterEach(() => vi.restoreAllMocks());

const warningsOf = async (settings: object): Promise<string[]> => {
  const warn = vi.spyOn(logger, 'warn').mockImplementation(() => {});
  const { port } = server.address() as { port: number };
  const secret = { address: '127.0.0.1', port, user: 'SALES#ML', password: 'x', schema: 'SALES', ...settings };
  const credentials = parseWarehouseSecret(JSON.stringify(secret));
  const source = { get: async () => credentials, refresh: async () => credentials };
  await expect(hanaConnections(source).open({ application: 'test' } as never)).rejects.toThrow();
  return warn.mock.calls.map(([text]) => String(text));
};

it.each([{ encrypt: false }, { sslValidateCertificate: false }])('warns of %j, each time', async (settings) => {
  expect(await warningsOf(settings)).toEqual([expect.stringContaining('anybody can listen or answer')]);
});

it('says nothing of a connection that is encrypted to whom it is meant for', async () => {
  expect(await warningsOf({})).toEqual([]);
});
