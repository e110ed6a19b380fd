import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatasetColumn, DatasetFormat } from '#shared/dataset/manifest.ts';
import { partFormat } from '#shared/dataset/part-format.ts';
import { parquetRecords } from '#shared/dataset/read-parquet.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Row } from '#shared/warehouse/warehouse.ts';

const encode = (format: DatasetFormat, columns: readonly DatasetColumn[], rows: readonly Row[]): Buffer => {
  const encoder = partFormat(format, columns).open();
  const pieces = [];
  for (let start = 0; start < rows.length; start += 1_000) {
    pieces.push(encoder.add(rows.slice(start, start + 1_000)) ?? new Uint8Array());
  }
  return Buffer.concat([...pieces, encoder.end()]);
};

describe('csv', () => {
  const columns = [columnOfType('ID', 'INTEGER'), columnOfType('NOTE', 'NVARCHAR(100)')];
  const rows = Array.from({ length: 20_000 }, (_, id): Row => [id, `note ${id} ${'x'.repeat(40)}`]);

  it('is the same text with and without gzip, which any reader of gzip understands', () => {
    const plain = encode({ type: 'csv', header: true }, columns, rows);
    const gzip = encode({ type: 'csv', header: true, compression: 'gzip' }, columns, rows);

    expect(gunzipSync(gzip)).toEqual(plain);
    expect(gzip.length).toBeLessThan(plain.length / 5);
    expect(plain.toString().split('\n').slice(0, 2)).toEqual(['ID,NOTE', `0,note 0 ${'x'.repeat(40)}`]);
  });

  it('writes any rows as their lines one after the other, in whatever batches they come', () => {
    const types = ['BIGINT', 'DECIMAL(15,2)', 'DOUBLE', 'NVARCHAR(100)', 'TIMESTAMP'];
    const columns = types.map((type, index) => columnOfType(`C${index}`, type));
    const row = fc.tuple(
      fc.option(fc.maxSafeInteger()),
      fc.option(fc.integer().map((cents) => (cents / 100).toFixed(2))),
      fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      fc.option(fc.string({ unit: fc.constantFrom(...'a,"\r\n ü€😀') })),
      fc.option(fc.nat(999_999).map((micros) => `2024-02-29 12:34:56.${String(micros).padStart(6, '0')}000`)),
    );

    fc.assert(
      fc.property(fc.array(row, { maxLength: 400 }), fc.integer({ min: 1, max: 300 }), (rows, batchSize) => {
        const encoder = partFormat({ type: 'csv', header: false }, columns).open();
        const pieces = [];
        for (let start = 0; start < rows.length; start += batchSize) {
          pieces.push(encoder.add(rows.slice(start, start + batchSize)) ?? new Uint8Array());
        }
        const text = Buffer.concat([...pieces, encoder.end()]).toString();

        expect(text).toBe(rows.map(plainLine).join(''));
      }),
    );
  });

  it('leaves what it has handed on as it is when more rows come', () => {
    const encoder = partFormat({ type: 'csv', header: false }, columns).open();
    const first = encoder.add(rows.slice(0, 10_000))!;
    const before = Buffer.from(first);

    encoder.add(rows.slice(10_000));

    expect(Buffer.from(first).equals(before)).toBe(true);
  });

  it('takes a text that is longer than a chunk', () => {
    const long = '€'.repeat(700_000);

    const bytes = encode({ type: 'csv', header: false }, columns, [
      [1, 'short'],
      [2, long],
    ]);

    expect(bytes.toString()).toBe(`1,short\n2,${long}\n`);
  });

  it('refuses half of a surrogate pair', () => {
    expect(() => encode({ type: 'csv', header: false }, columns, [[1, '\ud83d']])).toThrow(
      expect.objectContaining({ name: 'UnstageableValueError' }),
    );
  });
});

/** RFC 4180 by the letter, for values that the driver gives. */
const plainLine = (row: Row): string => {
  const fields = row.map((value, index) => {
    if (value === null) return '';
    const text = String(value);
    if (index === 3) return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    return index === 4 ? text.replace(/\.?0+$/, '') : text;
  });
  return `${fields.join(',')}\n`;
};

/** A column, its values as the driver gives them, and the type and texts that DuckDB reads. */
const TYPES: readonly (readonly [type: string, values: Row, duckDbType: string, texts?: readonly string[]])[] = [
  ['TINYINT', [0, 255], 'UTINYINT'],
  ['SMALLINT', [-32768, 32767], 'SMALLINT'],
  ['INTEGER', [-2147483648, 2147483647], 'INTEGER'],
  ['BIGINT', ['-9223372036854775808', 9007199254740991], 'BIGINT'],
  ['DECIMAL(9,2)', ['-1234567.89', '0.01'], 'DECIMAL(9,2)'],
  ['DECIMAL(18,0)', ['-999999999999999999', '7'], 'DECIMAL(18,0)'],
  [
    'DECIMAL(38,10)',
    ['-1234567890123456789012345678.0123456789', '1E-10'],
    'DECIMAL(38,10)',
    ['-1234567890123456789012345678.0123456789', '0.0000000001'],
  ],
  ['DECIMAL', ['1234.5', '0.00001'], 'VARCHAR'],
  ['REAL', [0.5, -16777216], 'FLOAT', ['0.5', '-16777216.0']],
  ['DOUBLE', [0.1, -1.7976931348623157e308], 'DOUBLE', ['0.1', '-1.7976931348623157e+308']],
  ['BOOLEAN', [true, false], 'BOOLEAN'],
  ['NVARCHAR(40)', ['', 'Grüße 😀 "x",\n'], 'VARCHAR'],
  ['VARBINARY(4)', [Buffer.from([0, 255]), Buffer.from([7])], 'BLOB', ['\\x00\\xFF', '\\x07']],
  ['DATE', ['0001-01-01', '9999-12-31'], 'DATE'],
  ['TIME', ['00:00:00', '23:59:59'], 'TIME'],
  ['SECONDDATE', ['1969-12-31 23:59:59', '2024-02-29 12:34:56'], 'TIMESTAMP'],
  [
    'TIMESTAMP',
    ['1969-12-31 23:59:59.999999000', '9999-12-31 23:59:59.000001000'],
    'TIMESTAMP',
    ['1969-12-31 23:59:59.999999', '9999-12-31 23:59:59.000001'],
  ],
];

describe.each([undefined, 'zstd', 'snappy'] as const)('parquet, compressed by %s', (compression) => {
  const format: DatasetFormat = { type: 'parquet', ...(compression ? { compression } : {}) };

  it('keeps types, values and NULL exactly', async () => {
    const columns = TYPES.map(([type], index) => columnOfType(`C${index}`, type));
    const rows = [0, 1].map((row) => TYPES.map(([, values]) => values[row]!));
    const bytes = encode(format, columns, [...rows, columns.map(() => null)]);

    const { types, texts } = await readByDuckDb(bytes);

    expect(types).toEqual(TYPES.map(([, , type]) => type));
    expect(texts).toEqual([
      ...[0, 1].map((row) => TYPES.map(([, values, , expected]) => expected?.[row] ?? String(values[row]))),
      columns.map(() => null),
    ]);
  });

  it('has its rows in groups, so that no more than one is in memory', async () => {
    const columns = [columnOfType('ID', 'INTEGER'), columnOfType('CITY', 'NVARCHAR(20)')];
    const rows = Array.from({ length: 450_000 }, (_, id): Row => [id, `city ${id % 7}`]);

    const { texts } = await readByDuckDb(
      encode(format, columns, rows),
      'SELECT COUNT(*), SUM("ID"), MAX("CITY") FROM part',
    );

    expect(texts).toEqual([['450000', String((450_000 * 449_999) / 2), 'city 6']]);
  });

  it('gives its first rows back as the fields of CSV', async () => {
    const chosen = TYPES.filter(([type]) => !/DECIMAL\(/.test(type));
    const columns = chosen.map(([type], index) => columnOfType(`C${index}`, type));
    const rows = [0, 1].map((row) => chosen.map(([, values]) => values[row]!));
    const csv = encode({ type: 'csv', header: false }, columns, rows);

    const records = await parquetRecords(encode(format, columns, rows), columns, 2);

    const again = encode(
      { type: 'csv', header: false },
      columns.map(({ name }) => columnOfType(name, 'NVARCHAR(100)')),
      records,
    );
    expect(again.toString()).toBe(csv.toString());
  });
});

it('refuses a moment that microseconds have no room for', () => {
  const columns = [columnOfType('AT', 'TIMESTAMP')];

  expect(() => encode({ type: 'parquet' }, columns, [['2024-01-01 00:00:00.000000100']])).toThrow(
    expect.objectContaining({
      name: 'UnstageableValueError',
      message: expect.stringMatching(/AT has a seventh digit/),
    }),
  );
});

it('takes a fifth of the bytes of CSV, and less than gzip', () => {
  const columns = [
    columnOfType('ID', 'INTEGER'),
    columnOfType('AMOUNT', 'DECIMAL(15,2)'),
    columnOfType('CITY', 'NVARCHAR(20)'),
    columnOfType('DAY', 'DATE'),
    columnOfType('LATE', 'BOOLEAN'),
  ];
  const rows = Array.from(
    { length: 100_000 },
    (_, id): Row => [
      id,
      `${(id * 7919) % 10_000}.00`,
      ['Müllheim', 'Karlsruhe', 'Heidelberg'][id % 3]!,
      `2024-01-${String((id % 28) + 1).padStart(2, '0')}`,
      id % 3 === 0,
    ],
  );
  const csv = encode({ type: 'csv', header: true }, columns, rows);

  const parquet = encode({ type: 'parquet', compression: 'zstd' }, columns, rows);

  expect(parquet.length).toBeLessThan(csv.length / 5);
  expect(parquet.length).toBeLessThan(gzipSync(csv).length);
});

const readByDuckDb = async (bytes: Buffer, sql?: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'parquet-'));
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const file = join(folder, 'part.parquet');
    await writeFile(file, bytes);
    await connection.run(`CREATE VIEW part AS SELECT * FROM read_parquet('${file}')`);
    const described = await connection.runAndReadAll('DESCRIBE part');
    const names = described.getRows().map(([name]) => `CAST("${name}" AS VARCHAR)`);
    const result = await connection.runAndReadAll(sql ?? `SELECT ${names.join(', ')} FROM part`);
    return {
      types: described.getRows().map(([, type]) => String(type)),
      texts: result.getRows().map((row) => row.map((value) => (value === null ? null : String(value)))),
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true });
  }
};
