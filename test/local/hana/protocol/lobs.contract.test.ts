import { expect, it } from 'vitest';
import { decodeCesu8 } from '#local/hana/protocol/cesu8.ts';
import { call } from './clients.ts';
import { startFixture } from './start-fixture.ts';

const LONG_TEXT = 'Zwölf Boxkämpfer € 😀 '.repeat(20_000);
const LONG_BYTES = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 31) & 0xff));

it('reads short LOBs from the row and long ones by locator, with both clients', async () => {
  await using fixture = await startFixture();
  await using one = await fixture.native();
  await using other = await fixture.hdb();
  const sql = `SELECT 'kurz 😀' AS "NCLOB_S", repeat('Zwölf Boxkämpfer € 😀 ', 20000) AS "NCLOB_L", repeat('c', 10000) AS "CLOB_L",
    '\\x00\\xFF'::BLOB AS "BLOB_S", repeat('ab', 2000000)::BLOB AS "BLOB_L", NULL::VARCHAR AS "NCLOB_N"`;

  const [row] = await one.exec(sql);
  const [raw] = await other.exec(sql);

  expect(row).toMatchObject({ NCLOB_S: 'kurz 😀', BLOB_S: Buffer.from([0, 255]), NCLOB_N: null });
  expect(row?.NCLOB_L).toBe(LONG_TEXT);
  expect(row?.CLOB_L).toBe('c'.repeat(10_000));
  expect(Buffer.compare(row?.BLOB_L as Buffer, Buffer.from('ab'.repeat(2_000_000)))).toBe(0);
  // hdb gives a LOB's bytes as they came
  expect(decodeCesu8(raw?.NCLOB_L as Buffer)).toBe(LONG_TEXT);
  expect(raw?.BLOB_L).toHaveLength(4_000_000);
});

it('writes short and long LOBs of both clients', async () => {
  await using fixture = await startFixture();
  await using one = await fixture.native();
  await using other = await fixture.hdb();
  await one.exec('CREATE TABLE t(id INTEGER, "NCLOB_T" VARCHAR, "BLOB_B" BLOB)');
  const sql = 'INSERT INTO t VALUES (?, ?, ?) /*INTEGER, NCLOB, BLOB*/';
  const insert = await other.prepare(sql);

  await one.exec(sql, [1, 'kurz', Buffer.from([1, 2, 3])]);
  await one.exec(sql, [2, 'ÄÖ'.repeat(700_000), LONG_BYTES]);
  await one.exec(sql, [3, null, null]);
  await call<unknown>((done) => insert.exec([4, LONG_TEXT, LONG_BYTES], done));

  const rows = await one.exec('SELECT * FROM t ORDER BY id');
  expect(rows[0]).toEqual({ id: 1, NCLOB_T: 'kurz', BLOB_B: Buffer.from([1, 2, 3]) });
  expect(rows[1]?.NCLOB_T).toBe('ÄÖ'.repeat(700_000));
  expect(Buffer.compare(rows[1]?.BLOB_B as Buffer, LONG_BYTES)).toBe(0);
  expect(rows[2]).toEqual({ id: 3, NCLOB_T: null, BLOB_B: null });
  expect(rows[3]?.NCLOB_T).toBe(LONG_TEXT);
  expect(Buffer.compare(rows[3]?.BLOB_B as Buffer, LONG_BYTES)).toBe(0);
});

it('refuses the NCLOB of which the native client loses a piece, and stores nothing', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native();
  await client.exec('CREATE TABLE t(id INTEGER, "NCLOB_T" VARCHAR)');

  const lossy = client.exec('INSERT INTO t VALUES (?, ?) /*INTEGER, NCLOB*/', [1, 'äö😀xyz'.repeat(300_000)]);

  await expect(lossy).rejects.toMatchObject({ code: 1033, message: expect.stringContaining('lost a piece') });
  expect(await client.exec('SELECT * FROM t')).toEqual([]);
});

it('writes a batch of LOBs that takes several packets, atomically under autocommit', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native();
  await client.exec('CREATE TABLE t(id INTEGER PRIMARY KEY, "BLOB_B" BLOB)');
  const insert = await client.prepare('INSERT INTO t VALUES (?, ?) /*INTEGER, BLOB*/');
  const rows = Array.from({ length: 6 }, (_, id) => [id, Buffer.alloc(700_000, id)]);
  const batch = (batchRows: readonly unknown[][]) =>
    call<unknown>((done) => insert.execBatch(batchRows as readonly (readonly unknown[])[], done));

  await expect(batch([...rows, [0, Buffer.alloc(10)]])).rejects.toMatchObject({ code: 301 });
  const afterFailure = await client.exec('SELECT id FROM t');
  await batch(rows);

  expect(afterFailure).toEqual([]);
  const stored = await client.exec('SELECT * FROM t ORDER BY id');
  expect(
    stored.map(({ id, BLOB_B }) => [id, Buffer.compare(BLOB_B as Buffer, Buffer.alloc(700_000, id as number))]),
  ).toEqual(rows.map(([id]) => [id, 0]));
});
