import { expect, it } from 'vitest';
import { call, type NativeResultSet, rowsOf } from './clients.ts';
import { startFixture } from './start-fixture.ts';

const next = (resultSet: NativeResultSet) => call<boolean>((done) => resultSet.next(done));
const close = (resultSet: NativeResultSet) => call<void>((done) => resultSet.close(done));

it('streams a result over many fetches, each row once and in order', async () => {
  await using fixture = await startFixture();
  await using one = await fixture.native({ fetchSize: '1000' });
  await using other = await fixture.hdb();
  const sql = `SELECT range::INTEGER AS "I", 'row ' || range AS "S" FROM range(60000)`;

  for (const client of [one, other]) {
    const rows = await client.exec(sql);

    expect(rows).toHaveLength(60_000);
    expect(rows.findIndex(({ I, S }, index) => I !== index || S !== `row ${index}`)).toBe(-1);
  }
});

it('never sends more rows than a fetch asks for', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native({ fetchSize: '1000' });
  const before = fixture.server.counters.roundTrips;

  await client.exec(`SELECT range::INTEGER AS "I", repeat('x', 100) AS "S" FROM range(100000)`);

  // PREPARE or EXECUTE_DIRECT first, with a megabyte of rows; then a thousand rows a time
  expect(fixture.server.counters.roundTrips - before).toBeGreaterThan(85);
});

it('sends rows wider than a reply one by one', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native();

  const rows = await client.exec(`SELECT range AS "I", repeat('x', 1500000) AS "S" FROM range(4)`);

  expect(rows.map(({ I, S }) => [I, (S as string).length])).toEqual([0, 1, 2, 3].map((index) => [index, 1_500_000]));
});

it('answers an empty result, with and without parameters', async () => {
  await using fixture = await startFixture();
  await using one = await fixture.native();
  await using other = await fixture.hdb();

  expect(await one.exec('SELECT 1 AS "A" WHERE false')).toEqual([]);
  expect(await one.exec('SELECT 1 AS "A" WHERE 1 = ?::INTEGER', [2])).toEqual([]);
  expect(await other.exec('SELECT 1 AS "A" WHERE false')).toEqual([]);
});

it('keeps two cursors of one connection apart, and open over a commit', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native({ fetchSize: '500' });
  client.connection.setAutoCommit(false);
  const rows = (start: number) => `SELECT ${start} + range AS "I", repeat('x', 50) AS "S" FROM range(40000)`;

  const first = await client.query(rows(0));
  const second = await client.query(rows(1_000_000));
  expect(await next(first)).toBe(true);
  expect(await next(second)).toBe(true);
  await client.commit();
  await client.exec('CREATE TABLE t(a INTEGER)');

  const firstRows = await rowsOf(first);
  const secondRows = await rowsOf(second);
  expect(firstRows.map(({ I }) => I)).toEqual(Array.from({ length: 39_999 }, (_, index) => index + 1));
  expect(secondRows.map(({ I }) => I)).toEqual(Array.from({ length: 39_999 }, (_, index) => 1_000_001 + index));
});

it('closes a cursor early and goes on', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native({ fetchSize: '500' });

  const cursor = await client.query(`SELECT range AS "I", repeat('x', 50) AS "S" FROM range(100000)`);
  await next(cursor);
  await close(cursor);

  expect(await client.exec('SELECT 2 AS "A"')).toEqual([{ A: 2 }]);
});

it('executes a prepared statement again and again', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native();
  const statement = await client.prepare('SELECT ?::INTEGER * 2 AS "A"');

  const results = [];
  for (const value of [1, 2, 3]) {
    results.push(await call<unknown>((done) => statement.exec([value], done)));
  }
  await call<void>((done) => statement.drop(done));

  expect(results).toEqual([[{ A: 2 }], [{ A: 4 }], [{ A: 6 }]]);
});

it.each([
  ['SELECT FROM FROM', 257, '42000'],
  ['SELECT * FROM nope', 259, '42S02'],
  ['SELECT nope FROM (SELECT 1 AS a)', 260, '42S22'],
  ['RAISE 258', 258, '42501'],
])('takes the code and SQLSTATE of "%s" to both clients', async (sql, code, sqlState) => {
  await using fixture = await startFixture();
  await using one = await fixture.native();
  await using other = await fixture.hdb();

  await expect(one.exec(sql)).rejects.toMatchObject({ code, sqlState });
  await expect(other.exec(sql)).rejects.toMatchObject({ code, sqlState });
  expect(await one.exec('SELECT 1 AS "A"')).toEqual([{ A: 1 }]);
});

it('serves many connections at once', async () => {
  await using fixture = await startFixture();
  const clients = await Promise.all(Array.from({ length: 8 }, () => fixture.hdb()));

  const counts = await Promise.all(
    clients.map(async (client, index) => {
      const rows = await client.exec(`SELECT ${index} AS "C", range AS "I" FROM range(20000)`);
      return rows.filter(({ C }) => C === index).length;
    }),
  );

  expect(counts).toEqual(clients.map(() => 20_000));
  for (const { client } of clients) client.end();
});
