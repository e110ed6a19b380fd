import { expect, it } from 'vitest';
import { MESSAGE_TYPE } from '#local/hana/protocol/codes.ts';
import { call, type NativeConnection, type NativeSession } from './clients.ts';
import { startCable } from './start-cable.ts';
import { type Fixture, startFixture } from './start-fixture.ts';

const MESSAGE_TYPE_OFFSET = 45;

/** A client whose next request of type `from` is changed on its way. */
const tampered = async (
  fixture: Fixture,
  from: number,
  change: (request: Buffer) => void,
): Promise<NativeSession & { readonly connection: NativeConnection }> => {
  const cable = await startCable(fixture.server.port, (piece) => {
    if (piece[MESSAGE_TYPE_OFFSET] === from) change(piece);
    return piece;
  });
  const client = await fixture.native({ serverNode: `localhost:${cable.port}`, encrypt: undefined });
  cable.close();
  return client;
};

const becomes = (messageType: number) => (request: Buffer) => {
  request[MESSAGE_TYPE_OFFSET] = messageType;
};

it('refuses what it does not know by its name, and goes on', async () => {
  await using fixture = await startFixture({ allowPlaintext: true });
  await using client = await tampered(fixture, MESSAGE_TYPE.COMMIT, becomes(5));

  await expect(client.commit()).rejects.toMatchObject({ code: 7, message: expect.stringContaining('XA_START') });

  expect(await client.exec('SELECT 1 AS "A"')).toEqual([{ A: 1 }]);
});

it.each([
  ['PING', MESSAGE_TYPE.PING],
  ['CLIENT_PING', MESSAGE_TYPE.CLIENT_PING],
])('answers a %s', async (_, messageType) => {
  await using fixture = await startFixture({ allowPlaintext: true });
  await using client = await tampered(fixture, MESSAGE_TYPE.ROLLBACK, becomes(messageType));

  await client.rollback();

  expect(await client.exec('SELECT 1 AS "A"')).toEqual([{ A: 1 }]);
});

it('says goodbye to a client that does', async () => {
  await using fixture = await startFixture({ allowPlaintext: true });
  await using client = await tampered(fixture, MESSAGE_TYPE.ROLLBACK, becomes(MESSAGE_TYPE.DISCONNECT));

  await client.rollback();
  await expect.poll(() => fixture.engine.sessions.size).toBe(0);

  await expect(client.exec('SELECT 1 AS "A"')).rejects.toMatchObject({ code: expect.any(Number) });
});

it('refuses the ids of statements that it never gave out', async () => {
  await using fixture = await startFixture({ allowPlaintext: true });
  await using client = await tampered(fixture, MESSAGE_TYPE.EXECUTE, (request) => {
    // the statement's id is the last of this request's parts
    request.writeBigInt64LE(4711n, request.length - 8);
  });

  const statement = await client.prepare('SELECT 1 AS "A"');
  const executed = call<unknown>((done) => statement.exec([], done));

  await expect(executed).rejects.toMatchObject({
    code: 1033,
    message: expect.stringContaining('invalid statement id'),
  });
  expect(await client.exec('SELECT 1 AS "A"')).toEqual([{ A: 1 }]);
});

it('ends the connection that breaks the protocol, after saying how, and no other', async () => {
  await using fixture = await startFixture({ allowPlaintext: true });
  await using witness = await fixture.native();
  await using client = await tampered(fixture, MESSAGE_TYPE.EXECUTE_DIRECT, (request) => {
    request.writeInt32LE(0x7fffffff, 32 + 24 + 8); // the length of the first part
  });

  await expect(client.exec('SELECT 1 AS "A"')).rejects.toMatchObject({
    code: 1033,
    message: expect.stringContaining('bytes announced'),
  });

  await expect.poll(() => fixture.engine.sessions.size).toBe(1);
  expect(await witness.exec('SELECT 1 AS "A"')).toEqual([{ A: 1 }]);
});
