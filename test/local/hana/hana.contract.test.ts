import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeCesu8 } from '#local/hana/protocol/cesu8.ts';
import { type OpenWarehouse, openWarehouse } from './open-warehouse.ts';
import { call, type HdbSession, type NativeSession, type Row, rowsOf } from './protocol/clients.ts';

/** SAP's two clients against the whole of the laptop's HANA: its protocol and its own SQL. */
let hana: OpenWarehouse;
let one: NativeSession;
let other: HdbSession;
beforeAll(async () => {
  hana = await openWarehouse();
});
afterAll(() => hana[Symbol.asyncDispose]());
beforeEach(async () => {
  one = await hana.native();
  other = await hana.hdb();
  return async () => {
    await one[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  };
});

let tableCount = 0;
const givenTable = async (columns: string): Promise<string> => {
  tableCount += 1;
  await one.exec(`CREATE COLUMN TABLE T${tableCount} (${columns})`);
  return `T${tableCount}`;
};

const CLIENTS = [
  ["SAP's native client", () => one],
  ['hdb', () => other],
] as const;

describe('values', () => {
  const COLUMNS = `"TI" TINYINT, "SI" SMALLINT, "I" INTEGER, "BI" BIGINT, "D" DECIMAL(15,2), "D38" DECIMAL(38,10), "R" REAL, "F" DOUBLE,
    "V" VARCHAR(20), "N" NVARCHAR(20), "B" VARBINARY(8), "DT" DATE, "TM" TIME, "S" SECONDDATE, "TS" TIMESTAMP, "BO" BOOLEAN`;
  const ROW: Row = {
    TI: 200,
    SI: -32768,
    I: -2147483648,
    BI: '9223372036854775807',
    D: '-1234567890123.45',
    D38: '-1234567890123456789012345678.0123456789',
    R: 1.5,
    F: 0.1,
    V: 'a, "b"\n',
    N: 'Zwölf € 😀',
    B: Buffer.from([0, 127, 255]),
    DT: '2024-02-29',
    TM: '23:59:59',
    S: '2024-02-29 12:34:56',
    TS: '1999-12-31 23:59:59.999999000',
    BO: true,
  };
  const NULLS: Row = Object.fromEntries(Object.keys(ROW).map((name) => [name, null]));
  const placeholders = Object.keys(ROW)
    .map(() => '?')
    .join(', ');

  it('come back to the native client as they were bound, each type and its NULL', async () => {
    const table = await givenTable(COLUMNS);
    const insert = `INSERT INTO ${table} VALUES (${placeholders})`;

    await one.exec(insert, Object.values(ROW));
    await one.exec(insert, Object.values(NULLS));

    expect(await one.exec(`SELECT * FROM ${table} ORDER BY I NULLS LAST`)).toEqual([ROW, NULLS]);
  });

  it('that hdb binds come back to the native client the same, NULL too', async () => {
    const table = await givenTable(COLUMNS);
    // hdb logs on in a data format without BOOLEAN, where DECIMAL ends at 34 digits and TIMESTAMP at milliseconds
    const row = { ...ROW, D38: '-123456789012345678901234.0123456789', TS: '1999-12-31 23:59:59.999000000', BO: 1 };
    const insert = await other.prepare(`INSERT INTO ${table} VALUES (${placeholders})`);

    await call<unknown>((done) => insert.exec(Object.values(row), done));
    await call<unknown>((done) => insert.exec(Object.values(NULLS), done));

    const rows = await one.exec(`SELECT * FROM ${table} ORDER BY I NULLS LAST`);
    expect(rows).toEqual([{ ...row, BO: true }, NULLS]);
  });

  it('of LOBs come back whole from both clients, short and long', async () => {
    const table = await givenTable('"ID" INTEGER, "NC" NCLOB, "BL" BLOB');
    const text = 'Zwölf Boxkämpfer € 😀 '.repeat(10_000);
    const bytes = Buffer.from(Array.from({ length: 2_000_000 }, (_, index) => (index * 31) & 0xff));
    const insert = await other.prepare(`INSERT INTO ${table} VALUES (?, ?, ?)`);

    await one.exec(`INSERT INTO ${table} VALUES (?, ?, ?)`, [1, 'kurz 😀', Buffer.from([0, 255])]);
    await one.exec(`INSERT INTO ${table} VALUES (?, ?, ?)`, [2, text, bytes]);
    await call<unknown>((done) => insert.exec([3, text, bytes], done));

    const rows = await one.exec(`SELECT * FROM ${table} ORDER BY ID`);
    const raw = await other.exec(`SELECT * FROM ${table} ORDER BY ID`);
    expect(rows[0]).toEqual({ ID: 1, NC: 'kurz 😀', BL: Buffer.from([0, 255]) });
    for (const row of rows.slice(1)) {
      expect(row.NC).toBe(text);
      expect(Buffer.compare(row.BL as Buffer, bytes)).toBe(0);
    }
    expect(raw.map(({ NC }) => decodeCesu8(NC as Buffer))).toEqual(['kurz 😀', text, text]);
  });
});

describe('results', () => {
  it.each(CLIENTS)('stream over many fetches to %s, each row once', async (_, client) => {
    const sql = 'SELECT GENERATED_PERIOD_START AS "I" FROM SERIES_GENERATE_INTEGER(1, 0, 40000)';

    const rows = await client().exec<Row[]>(sql);

    expect(new Set(rows.map(({ I }) => I)).size).toBe(40_000);
  });

  it('of two cursors on one connection stay apart and outlive a commit', async () => {
    one.connection.setAutoCommit(false);
    const series = (start: number) =>
      `SELECT GENERATED_PERIOD_START + ${start} AS "I" FROM SERIES_GENERATE_INTEGER(1, 0, 5000)`;

    const first = await one.query(series(0));
    const second = await one.query(series(1_000_000));
    const firstRow = await call<boolean>((done) => first.next(done));
    await one.commit();

    const [rest, all] = [await rowsOf(first), await rowsOf(second)];
    expect(firstRow).toBe(true);
    expect([rest.length, all.length]).toEqual([4_999, 5_000]);
    expect(all.every(({ I }) => Number(I) >= 1_000_000)).toBe(true);
  });
});

describe('writing', () => {
  const ROWS = Array.from({ length: 100_000 }, (_, index) => [index, `row ${index}`, index % 7 ? index / 7 : null]);
  const countOf = async (table: string): Promise<unknown> =>
    (await one.exec(`SELECT COUNT(*) AS "N", COUNT(F) AS "F" FROM ${table}`))[0];

  it('a batch of 100,000 rows leaves all of them or none', async () => {
    const table = await givenTable('I INTEGER PRIMARY KEY, S NVARCHAR(20), F DOUBLE');
    const insert = await one.prepare(`INSERT INTO ${table} VALUES (?, ?, ?)`);
    const batch = (rows: typeof ROWS) => call<unknown>((done) => insert.execBatch(rows, done));

    await expect(batch([...ROWS, [0, 'again', null]])).rejects.toMatchObject({ code: 301 });
    const afterFailure = await countOf(table);
    const affected = await batch(ROWS);

    expect(afterFailure).toEqual({ N: 0, F: 0 });
    expect(affected).toBe(100_000);
    expect(await countOf(table)).toEqual({ N: 100_000, F: 85_714 });
  });

  it.each(CLIENTS)('is seen by others after the commit of %s, and never after a rollback', async (name, client) => {
    const table = await givenTable('I INTEGER');
    await using witness = await hana.native();
    const seen = async (): Promise<unknown[]> =>
      (await witness.exec(`SELECT I FROM ${table} ORDER BY I`)).map(({ I }) => I);
    const writer = client();
    ('connection' in writer ? writer.connection : writer.client).setAutoCommit(false);

    await writer.exec(`INSERT INTO ${table} VALUES (1)`);
    const uncommitted = await seen();
    await writer.rollback();
    await writer.exec(`INSERT INTO ${table} VALUES (2)`);
    await writer.commit();

    expect(uncommitted, name).toEqual([]);
    expect(await seen()).toEqual([2]);
  });
});

describe('errors', () => {
  beforeAll(async () => {
    await hana.administer('CREATE TABLE "SPACE"."HIDDEN" (I INTEGER)');
    await using client = await hana.native();
    await client.exec('CREATE TABLE STRICT (I INTEGER PRIMARY KEY, S NVARCHAR(3) NOT NULL)');
    await client.exec("INSERT INTO STRICT VALUES (1, 'abc')");
  });

  it.each([
    ['SELECT FROM FROM', 257],
    ['SELECT * FROM "SPACE"."HIDDEN"', 258],
    ['SELECT * FROM NOWHERE', 259],
    ['SELECT NOTHING FROM STRICT', 260],
    ["INSERT INTO STRICT VALUES (2, 'abcd')", 274],
    ['INSERT INTO STRICT VALUES (2, NULL)', 287],
    ["INSERT INTO STRICT VALUES (1, 'xyz')", 301],
  ])('%s is %i to both clients, and the connection goes on', async (sql, code) => {
    for (const [, client] of CLIENTS) {
      await expect(client().exec(sql)).rejects.toMatchObject({ code });
      expect(await client().exec('SELECT I FROM STRICT')).toEqual([{ I: 1 }]);
    }
  });

  it('a wrong password is 10 to both clients', async () => {
    const wrong = await openWarehouse();
    await wrong.administer(`ALTER USER "SPACE#USER" PASSWORD "Another1234"`);

    await expect(wrong.native()).rejects.toMatchObject({ code: 10 });
    await expect(wrong.hdb()).rejects.toMatchObject({ code: 10 });
    await wrong[Symbol.asyncDispose]();
  });

  it("a statement that SAP's native client cancels is 139, and the connection goes on", async () => {
    const endless = `SELECT COUNT(*) FROM SERIES_GENERATE_INTEGER(1, 0, 1000000) A, SERIES_GENERATE_INTEGER(1, 0, 1000000) B
      WHERE MOD(A.ELEMENT_NUMBER + B.ELEMENT_NUMBER, 7) = 3`;

    const running = one.exec(endless).catch((error) => error);
    await sleep(200);
    await call<void>((done) => one.connection.cancel(done));

    expect(await running).toMatchObject({ code: 139 });
    expect(await one.exec('SELECT 1 AS X FROM DUMMY')).toEqual([{ X: 1 }]);
  });
});
