import { describe, expect, it } from 'vitest';
import { call, type HdbSession, type NativeSession, type Row } from './clients.ts';
import { startFixture } from './start-fixture.ts';

const COLUMNS = `TI UTINYINT, SI SMALLINT, I INTEGER, BI BIGINT, D4 DECIMAL(4,1), D9 DECIMAL(9,2), D15 DECIMAL(15,2), D25 DECIMAL(25,5),
  D38 DECIMAL(38,10), R FLOAT, F DOUBLE, S VARCHAR, B BLOB, DT DATE, TM TIME, TS TIMESTAMP_S, TT TIMESTAMP, BO BOOLEAN`;

const COLUMN_COUNT = 18;

const LITERALS = `200, -32768, -2147483648, 9223372036854775807, -999.9, 1234567.89, -1234567890123.45, 12345678901234567890.12345,
  -123456789012345678901234.0123456789, 1.5, -2.25, 'äö€😀', '\\x00\\xFF'::BLOB, DATE '2024-02-29', TIME '23:59:59',
  TIMESTAMP_S '2024-02-29 12:34:56', TIMESTAMP '2024-02-29 12:34:56.789', true`;

/** What the native client makes of the literals; the values of `dataFormat` below 7 and 4 differ in form only. */
const NATIVE_ROW: Row = {
  TI: 200,
  SI: -32768,
  I: -2147483648,
  BI: '9223372036854775807',
  D4: '-999.9',
  D9: '1234567.89',
  D15: '-1234567890123.45',
  D25: '12345678901234567890.12345',
  D38: '-123456789012345678901234.0123456789',
  R: 1.5,
  F: -2.25,
  S: 'äö€😀',
  B: Buffer.from([0, 255]),
  DT: '2024-02-29',
  TM: '23:59:59',
  TS: '2024-02-29 12:34:56',
  TT: '2024-02-29 12:34:56.789000000',
  BO: true,
};

/** How the clients show the types that older data formats don't have. */
const inDataFormat = (dataFormat: number, client: 'native' | 'hdb'): Row => ({
  ...NATIVE_ROW,
  ...(dataFormat < 4 && client === 'hdb' && { TS: '2024-02-29T12:34:56', TT: '2024-02-29T12:34:56.789' }),
  ...(dataFormat < 4 && client === 'native' && { TS: '2024-02-29 12:34:56.000000000' }),
  ...(dataFormat < 7 && { BO: 1 }),
});

const nullRow: Row = Object.fromEntries(Object.keys(NATIVE_ROW).map((name) => [name, null]));

const placeholders = Array(COLUMN_COUNT).fill('?').join(', ');

describe.each([1, 4, 8, 10])('in data format %i', (dataFormat) => {
  it('gives the native client every type and its NULL', async () => {
    await using fixture = await startFixture({ newestDataFormat: dataFormat });
    await using client = await fixture.native();
    await client.exec(`CREATE TABLE t(${COLUMNS})`);
    await client.exec(`INSERT INTO t VALUES (${LITERALS})`);
    await client.exec(`INSERT INTO t VALUES (${Array(COLUMN_COUNT).fill('NULL').join()})`);

    const rows = await client.exec('SELECT * FROM t');

    expect(rows).toEqual([inDataFormat(dataFormat, 'native'), nullRow]);
  });

  it('takes every type and its NULL as parameters of the native client', async () => {
    await using fixture = await startFixture({ newestDataFormat: dataFormat });
    await using client = await fixture.native();
    await client.exec(`CREATE TABLE t(${COLUMNS})`);

    await client.exec(`INSERT INTO t VALUES (${placeholders})`, Object.values(NATIVE_ROW));
    await client.exec(`INSERT INTO t VALUES (${placeholders})`, Object.values(nullRow));
    await client.exec(`INSERT INTO t VALUES (${LITERALS})`);

    const [bound, nulls, literal] = await client.exec('SELECT * FROM t');
    expect(bound).toEqual(literal);
    expect(nulls).toEqual(nullRow);
  });
});

describe.each([1, 4, 8, 9])('in data format %i', (dataFormat) => {
  it('exchanges every type and its NULL with hdb', async () => {
    await using fixture = await startFixture();
    await using client = await fixture.hdb({ dataFormatSupport: dataFormat });
    await client.exec(`CREATE TABLE t(${COLUMNS})`);
    await client.exec(`INSERT INTO t VALUES (${LITERALS})`);
    const insert = await client.prepare(`INSERT INTO t VALUES (${placeholders})`);
    const row = inDataFormat(dataFormat, 'hdb');

    await call<unknown>((done) => insert.exec(Object.values(row), done));
    await call<unknown>((done) => insert.exec(Object.values(nullRow), done));

    const [literal, bound, nulls] = await client.exec('SELECT * FROM t');
    expect(literal).toEqual(row);
    expect(bound).toEqual(row);
    expect(nulls).toEqual(nullRow);
  });
});

const clients: readonly (readonly [
  string,
  (fixture: Awaited<ReturnType<typeof startFixture>>) => Promise<NativeSession | HdbSession>,
])[] = [
  ['the native client', (fixture) => fixture.native()],
  ['hdb', (fixture) => fixture.hdb()],
  ['hdb in data format 8', (fixture) => fixture.hdb({ dataFormatSupport: 8 })],
];

it.each(clients)('shows dates on both sides of the calendar reform as they are written, to %s', async (_, connect) => {
  await using fixture = await startFixture();
  await using client = await connect(fixture);
  const days = ['0001-01-01', '0044-03-15', '1000-02-28', '1582-10-04', '1582-10-15', '1969-12-31', '9999-12-31'];

  const rows = await client.exec(`SELECT unnest([${days.map((day) => `DATE '${day}'`).join()}]) AS "D"`);
  const moments = await client.exec<Row[]>(
    `SELECT ${days.map((day, index) => `TIMESTAMP '${day} 01:02:03.5' AS "T${index}", TIMESTAMP_S '${day} 01:02:03' AS "S${index}"`).join()}`,
  );

  expect(rows).toEqual(days.map((day) => ({ D: day })));
  days.forEach((day, index) => {
    expect(String(moments[0]?.[`T${index}`]).replace('T', ' ')).toMatch(new RegExp(`^${day} 01:02:03\\.50*$`));
    expect(String(moments[0]?.[`S${index}`]).replace('T', ' ')).toMatch(new RegExp(`^${day} 01:02:03`));
  });
});

it('takes dates before the calendar reform as parameters of both clients', async () => {
  await using fixture = await startFixture();
  await using one = await fixture.native();
  await using other = await fixture.hdb();
  await one.exec('CREATE TABLE t(d DATE, t TIMESTAMP, s TIMESTAMP_S)');

  await one.exec('INSERT INTO t VALUES (?, ?, ?)', ['1066-10-14', '1066-10-14 09:00:00', '1066-10-14 09:00:00']);
  const insert = await other.prepare('INSERT INTO t VALUES (?, ?, ?)');
  await call<unknown>((done) => insert.exec(['1066-10-14', '1066-10-14 09:00:00', '1066-10-14 09:00:00'], done));

  const stored = await one.exec('SELECT d::VARCHAR AS "D", t::VARCHAR AS "T", s::VARCHAR AS "S" FROM t');
  const expected = { D: '1066-10-14', T: '1066-10-14 09:00:00', S: '1066-10-14 09:00:00' };
  expect(stored).toEqual([expected, expected]);
});

it('refuses a Julian leap day, which the database cannot hold, and fractions below a microsecond', async () => {
  await using fixture = await startFixture();
  await using one = await fixture.native();
  await using other = await fixture.hdb();
  await one.exec('CREATE TABLE d(d DATE)');
  await one.exec('CREATE TABLE t(t TIMESTAMP)');
  const insert = await other.prepare('INSERT INTO d VALUES (?)');

  const leapDay = call<unknown>((done) => insert.exec(['1500-02-29'], done));
  await expect(leapDay).rejects.toMatchObject({ code: 7, message: expect.stringContaining('1500-02-29') });
  const fraction = one.exec('INSERT INTO t VALUES (?)', ['2024-01-01 00:00:00.1234567']);
  await expect(fraction).rejects.toMatchObject({ code: 7, message: expect.stringContaining('microseconds') });

  expect(await one.exec('SELECT * FROM d, t')).toEqual([]);
});

it('says what it cannot encode: 38 digits in the oldest DECIMAL, dates beyond the year 9999', async () => {
  await using fixture = await startFixture();
  await using old = await fixture.hdb();
  await using client = await fixture.native();

  const digits = `SELECT '1234567890123456789012345678.0123456789'::DECIMAL(38,10) AS "D"`;
  await expect(old.exec(digits)).rejects.toMatchObject({ code: 314 });
  await expect(client.exec(`SELECT DATE '10000-01-01' AS "D"`)).rejects.toMatchObject({ code: 303 });
  await expect(client.exec(`SELECT TIMESTAMP 'infinity' AS "D"`)).rejects.toMatchObject({ code: 303 });
  expect(await client.exec(digits)).toEqual([{ D: '1234567890123456789012345678.0123456789' }]);
});

it('carries text of any length, and emoji at the edges of the length forms', async () => {
  await using fixture = await startFixture();
  await using client = await fixture.native();
  const texts = [
    '',
    'x'.repeat(12),
    'x'.repeat(13),
    'x'.repeat(245),
    'x'.repeat(246),
    `${'y'.repeat(239)}😀`,
    '😀'.repeat(41),
    'é'.repeat(5000),
    'z'.repeat(70_000),
  ];
  await client.exec('CREATE TABLE t(i INTEGER, s VARCHAR)');

  for (const [index, text] of texts.entries()) await client.exec('INSERT INTO t VALUES (?, ?)', [index, text]);

  const rows = await client.exec('SELECT s AS "S" FROM t ORDER BY i');
  expect(rows.map(({ S }) => S)).toEqual(texts);
});

it('tells the clients the names, types, lengths and scales of columns', async () => {
  await using fixture = await startFixture({ textLength: 60 });
  await using client = await fixture.native();

  const statement = await client.prepare('SELECT 1.5::DECIMAL(15,2) AS "Größe", \'x\' AS "S"');

  expect(statement.getColumnInfo()).toMatchObject([
    { columnName: 'Größe', nativeTypeName: 'DECIMAL', precision: 15, scale: 2 },
    { columnName: 'S', nativeTypeName: 'NVARCHAR', precision: 60 },
  ]);
});
