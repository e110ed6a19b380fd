import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { call, type NativeSession, type NativeStatement } from './clients.ts';
import { startCable } from './start-cable.ts';
import { startFixture } from './start-fixture.ts';

const ROWS = Array.from({ length: 100_000 }, (_, index) => [
  index,
  `row ${index} of the batch`,
  index % 7 ? index / 7 : null,
]);

const batch = (statement: NativeStatement, rows: readonly (readonly unknown[])[]) =>
  call<unknown>((done) => statement.execBatch(rows, done));

const count = async (client: NativeSession): Promise<unknown> =>
  (await client.exec('SELECT count(*) AS "N", count(f) AS "F" FROM t'))[0];

it('inserts 100,000 rows in one batch of several packets', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native();
  await client.exec('CREATE TABLE t(i INTEGER PRIMARY KEY, s VARCHAR, f DOUBLE)');
  const insert = await client.prepare('INSERT INTO t VALUES (?, ?, ?)');
  const before = fixture.server.counters.statements;

  const affected = await batch(insert, ROWS);

  expect(affected).toBe(100_000);
  expect(await count(client)).toEqual({ N: 100_000, F: 85_714 });
  expect(fixture.server.counters.statements - before - 1).toBeGreaterThan(1);
});

it('leaves nothing of an autocommitted batch whose last packet fails', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native();
  await client.exec('CREATE TABLE t(i INTEGER PRIMARY KEY, s VARCHAR, f DOUBLE)');
  const insert = await client.prepare('INSERT INTO t VALUES (?, ?, ?)');

  await expect(batch(insert, [...ROWS, [0, 'again', null]])).rejects.toMatchObject({ code: 301 });

  expect(await count(client)).toEqual({ N: 0, F: 0 });
  expect(await batch(insert, ROWS.slice(0, 10))).toBe(10);
});

it('leaves nothing of an autocommitted batch whose client goes away in the middle', async () => {
  await using fixture = await startFixture();
  await using witness = await fixture.native();
  await witness.exec('CREATE TABLE t(i INTEGER, s VARCHAR, f DOUBLE)');
  let sentBytes = 0;
  const cable = await startCable(fixture.server.port, (piece) => {
    sentBytes += piece.length;
    return sentBytes > 2_500_000 ? undefined : piece;
  });
  const client = await fixture.native({ serverNode: `localhost:${cable.port}` });
  const insert = await client.prepare('INSERT INTO t VALUES (?, ?, ?)');
  const before = fixture.server.counters.statements;

  await expect(batch(insert, ROWS)).rejects.toThrow();
  while (fixture.engine.sessions.size > 1) await delay(5);

  expect(fixture.server.counters.statements - before).toBeGreaterThan(0);
  expect(await count(witness)).toEqual({ N: 0, F: 0 });
  cable.close();
});

it('commits and rolls back a batch as told', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native();
  await client.exec('CREATE TABLE t(i INTEGER, s VARCHAR, f DOUBLE)');
  const insert = await client.prepare('INSERT INTO t VALUES (?, ?, ?)');
  client.connection.setAutoCommit(false);

  await batch(insert, ROWS);
  await client.rollback();
  const afterRollback = await count(client);
  await batch(insert, ROWS.slice(0, 3));
  await client.commit();
  await client.rollback();

  expect(afterRollback).toEqual({ N: 0, F: 0 });
  expect(await count(client)).toEqual({ N: 3, F: 2 });
});

it('tells the native client the state of each row of a failed batch', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native();
  await client.exec('CREATE TABLE t(t TIMESTAMP)');
  const insert = await client.prepare('INSERT INTO t VALUES (?)');

  const rows = [['2024-01-01 00:00:00'], ['2024-01-01 00:00:00.1234567'], ['2024-01-02 00:00:00']];
  await expect(batch(insert, rows)).rejects.toMatchObject({ code: 7 });

  // for this client -2 is a failed row, and -3 one without information
  expect(insert.getRowStatus()).toEqual([-3, -2, -3]);
});

it('inserts the batches of hdb', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.hdb();
  await using reader = await fixture.native();
  await client.exec('CREATE TABLE t(i INTEGER PRIMARY KEY, s VARCHAR, f DOUBLE)');
  const insert = await client.prepare('INSERT INTO t VALUES (?, ?, ?)');

  const affected = await call<number[]>((done) => insert.exec(ROWS.slice(0, 10_000), done as never));

  expect(affected).toHaveLength(10_000);
  expect(await count(reader)).toEqual({ N: 10_000, F: 8571 });
});
