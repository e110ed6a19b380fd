import { connect as connectTcp } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { expect, it } from 'vitest';
import { call, type NativeConnection, native, nativeSession, type Row } from './clients.ts';
import { startFixture } from './start-fixture.ts';

it('lets both clients in over TLS with the certificate checked', async () => {
  await using fixture = await startFixture();

  await using one = await fixture.native();
  await using other = await fixture.hdb();

  expect(await one.exec('SELECT 1 AS "A"')).toEqual([{ A: 1 }]);
  expect(await other.exec('SELECT 1 AS "A"')).toEqual([{ A: 1 }]);
});

it('speaks TLS 1.3', async () => {
  await using fixture = await startFixture();

  const { port, ca } = fixture.hdbOptions as { port: number; ca: string };
  const socket = connectTls({ host: 'localhost', port, ca });
  await new Promise((resolve) => socket.once('secureConnect', resolve));

  expect(socket.getProtocol()).toBe('TLSv1.3');
  socket.destroy();
});

it('is refused by a client that trusts nobody', async () => {
  await using fixture = await startFixture();

  await expect(fixture.native({ sslTrustStore: undefined })).rejects.toMatchObject({ code: -10709 });
});

it.each(['password', 'pbkdf2'])(
  'proves the password with the method that the native client calls %s',
  async (method) => {
    await using fixture = await startFixture();

    await using client = await fixture.native({ authenticationMethods: method });

    expect(await client.exec('SELECT 1 AS "A"')).toEqual([{ A: 1 }]);
    await expect(fixture.native({ authenticationMethods: method, pwd: 'wrong' })).rejects.toMatchObject({ code: 10 });
  },
);

it('gives an unknown user the same answer as a wrong password', async () => {
  await using fixture = await startFixture();

  const wrong = await fixture.native({ pwd: 'Secret124' }).catch((error: unknown) => error);
  const unknown = await fixture.native({ uid: 'nobody' }).catch((error: unknown) => error);

  expect(wrong).toMatchObject({ code: 10, sqlState: '28000' });
  expect(unknown).toMatchObject({ code: 10, sqlState: '28000', message: (wrong as Error).message });
  await expect(fixture.hdb({ password: 'wrong' })).rejects.toMatchObject({ code: 10 });
  await expect(fixture.hdb({ user: 'nobody' })).rejects.toMatchObject({ code: 10 });
  expect(fixture.engine.sessions.size).toBe(0);
});

it('does not let an unknown user in with an empty password', async () => {
  await using fixture = await startFixture();

  await expect(fixture.hdb({ user: 'nobody', password: '' })).rejects.toThrow();
});

it('refuses a connection without TLS unless it is allowed', async () => {
  await using closed = await startFixture();
  await using open = await startFixture({ allowPlaintext: true });

  await expect(closed.native({ encrypt: undefined })).rejects.toMatchObject({ code: 4321 });
  await using client = await open.native({ encrypt: undefined });

  expect(await client.exec('SELECT 1 AS "A"')).toEqual([{ A: 1 }]);
});

it('takes a database name, a schema and session variables to the engine', async () => {
  await using fixture = await startFixture();

  await using client = await fixture.native({
    databaseName: 'DUK',
    currentSchema: 'SALES',
    'sessionVariable:APPUSER': "O'Neill",
    locale: 'de_DE',
  });
  await client.exec('SELECT 1 AS "A"');

  expect(fixture.engine.settings).toEqual(expect.arrayContaining(['SET SCHEMA SALES', "SET 'APPUSER' = 'O''Neill'"]));
});

it('serves a pool, which rolls back what a connection leaves open', async () => {
  await using fixture = await startFixture();
  const pool = native.createPool(fixture.nativeProperties, { maxPoolSize: 1 });
  const borrow = () => call<NativeConnection>((done) => pool.getConnection(done));

  const first = await borrow();
  await nativeSession(first).exec('CREATE TABLE t(a INTEGER)');
  first.setAutoCommit(false);
  await nativeSession(first).exec('INSERT INTO t VALUES (1)');
  await nativeSession(first).disconnect();
  const second = await borrow();

  expect(await call<boolean>((done) => second.isValid(1000, done))).toBe(true);
  expect(await nativeSession(second).exec('SELECT * FROM t')).toEqual([]);
  expect(fixture.server.counters.connections).toBe(1);
  expect(fixture.engine.settings).toContain("UNSET 'SAP_PASSPORT'"); // what the pool sends when it lends a connection again
  await nativeSession(second).disconnect();
  await call<void>((done) => pool.clear(done));
});

it('closes a connection that does not log on in time, with TLS and without', async () => {
  await using fixture = await startFixture({ logonTimeoutMs: 100, allowPlaintext: true });
  const { port } = fixture.server;

  const silent = connectTcp(port, '127.0.0.1');
  const halfway = connectTcp(port, '127.0.0.1', () => halfway.write(Buffer.from('16030100', 'hex')));
  const greeted = connectTcp(port, '127.0.0.1', () => greeted.write(Buffer.alloc(14, 0xff)));
  for (const socket of [silent, halfway, greeted]) socket.on('error', () => undefined).resume();

  await Promise.all(
    [silent, halfway, greeted].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
  );
});

it('outlives whatever bytes it is sent, and ends such connections', async () => {
  await using fixture = await startFixture({ allowPlaintext: true });
  const greeting = Buffer.from('ffffffff0400140400010001010100', 'hex').subarray(0, 14);
  const header = (bytes: number, segments = 1): Buffer => {
    const message = Buffer.alloc(32);
    message.writeUInt32LE(bytes, 12);
    message.writeInt16LE(segments, 20);
    return message;
  };
  const hostile: readonly Buffer[] = [
    Buffer.alloc(4096, 0xff),
    Buffer.concat([greeting, header(0xffffffff)]),
    Buffer.concat([greeting, header(0)]),
    Buffer.concat([greeting, header(24, -1), Buffer.alloc(24)]),
    Buffer.concat([greeting, header(24), Buffer.alloc(24, 0x7f)]),
    Buffer.concat([greeting, header(64), Buffer.alloc(64, 1)]),
    Buffer.concat([Buffer.from([0x16]), Buffer.alloc(512, 0xff)]),
  ];

  await Promise.all(
    hostile.map(
      (bytes) =>
        new Promise((resolve) => {
          const socket = connectTcp(fixture.server.port, '127.0.0.1', () => socket.write(bytes));
          socket.on('error', () => undefined).resume();
          socket.once('close', resolve);
        }),
    ),
  );

  await using client = await fixture.native();
  expect(await client.exec('SELECT 1 AS "A"')).toEqual([{ A: 1 }]);
});

it('rolls back and frees the session when the socket goes', async () => {
  await using fixture = await startFixture();
  await using other = await fixture.native();
  await other.exec('CREATE TABLE t(a INTEGER)');
  const client = await fixture.hdb();
  client.client.setAutoCommit(false);
  await client.exec('INSERT INTO t VALUES (1)');

  client.client.end();
  while (fixture.engine.sessions.size > 1) await delay(5);

  expect(await other.exec('SELECT * FROM t')).toEqual([]);
});

it('ends open connections when it closes', async () => {
  const fixture = await startFixture();
  const client = await fixture.native();

  await fixture.server.close();
  await fixture.server.close();

  expect(fixture.engine.sessions.size).toBe(0);
  await expect(client.exec('SELECT 1')).rejects.toThrow();
  await fixture.engine.close();
});

it('answers the slower the farther it is told to be', async () => {
  await using fixture = await startFixture({ replyDelayMs: 30 });
  await using client = await fixture.native();

  const started = performance.now();
  await client.exec('SELECT 1 AS "A"');

  expect(performance.now() - started).toBeGreaterThanOrEqual(29);
});

it('makes each connection wait for itself only', async () => {
  await using fixture = await startFixture({ replyDelayMs: 150 });
  const clients = await Promise.all(Array.from({ length: 8 }, () => fixture.hdb()));

  const started = performance.now();
  await Promise.all(clients.map((client) => client.exec('SELECT 1 AS "A"')));
  const elapsed = performance.now() - started;

  for (const { client } of clients) client.end();
  expect(elapsed).toBeGreaterThanOrEqual(149);
  expect(elapsed).toBeLessThan(8 * 150);
});

it('counts connections, round trips and statements', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native();
  const before: Row = { ...fixture.server.counters };

  await client.exec('SELECT 1 AS "A"');
  await client.exec('SELECT ?::INTEGER AS "A"', [1]);

  expect(before).toEqual({ connections: 1, roundTrips: 2, statements: 0 });
  // one for the direct statement; PREPARE, EXECUTE and DROP_STATEMENT_ID for the other
  expect(fixture.server.counters).toEqual({ connections: 1, roundTrips: 6, statements: 2 });
});
