import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvEncoder, csvLine, spreadsheetField } from '#shared/dataset/csv.ts';
import { readCsv } from '#shared/dataset/read-csv.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { collect } from '#test/collect.ts';

/** The records of a text that arrives in pieces of `pieceLength` bytes, cut wherever they happen to be. */
const recordsOf = async (text: string, pieceLength = 1_000) => {
  const bytes = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceLength) }, (_, index) =>
    bytes.subarray(index * pieceLength, (index + 1) * pieceLength),
  );
  return (await collect(readCsv(asyncOf(pieces), 'rows.csv'))).flat();
};

async function* asyncOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const fieldsOf = async (text: string, pieceLength?: number) =>
  (await recordsOf(text, pieceLength)).map(({ fields }) => fields);

describe('csvEncoder', () => {
  const encode = (type: string, value: Parameters<ReturnType<typeof csvEncoder>>[0][0]) =>
    csvEncoder([columnOfType('A', type), columnOfType('LAST', 'INTEGER')])([value!, 0]).replace(/,0\n$/, '\n');

  it.each([
    ['INTEGER', 42, '42'],
    ['BIGINT', '9223372036854775807', '9223372036854775807'],
    ['BIGINT', -5, '-5'],
    ['DECIMAL(10,2)', '12.50', '12.50'],
    ['DECIMAL', '1.5E-7', '0.00000015'],
    ['DECIMAL', '-1E+3', '-1000'],
    ['DOUBLE', 0.1, '0.1'],
    ['REAL', 0.10000000149011612, '0.1'],
    ['REAL', 16777216, '16777216'],
    ['BOOLEAN', true, 'true'],
    ['BOOLEAN', false, 'false'],
    ['DATE', '2024-02-29', '2024-02-29'],
    ['TIME', '23:59:59', '23:59:59'],
    ['TIMESTAMP', '2024-02-29 12:34:56.123456700', '2024-02-29 12:34:56.1234567'],
    ['TIMESTAMP', '2024-02-29 12:34:56.000000000', '2024-02-29 12:34:56'],
    ['TIMESTAMP', '2024-02-29 12:34:50', '2024-02-29 12:34:50'],
    ['VARBINARY(4)', Buffer.from([0, 255]), '00ff'],
    ['NVARCHAR(10)', 'plain', 'plain'],
    ['NVARCHAR(10)', '', '""'],
    ['NVARCHAR(10)', null, ''],
    ['NVARCHAR(10)', ' a ', ' a '],
    ['NVARCHAR(10)', 'a,"b"', '"a,""b"""'],
    ['NCLOB', 'two\nlines', '"two\nlines"'],
    ['DOUBLE', null, ''],
  ])('writes %s %o as %s', (type, value, text) => {
    const line = encode(type, value);

    expect(line).toBe(`${text}\n`);
  });
});

describe('a row of one field', () => {
  it.each([
    ['NVARCHAR(9)', null],
    ['NVARCHAR(9)', ''],
    ['INTEGER', null],
  ])('of the type %s and the value %j is no empty line, which pandas would leave out', (type, value) => {
    expect(csvEncoder([columnOfType('A', type)])([value])).toBe('""\n');
    expect(csvLine([value])).toBe('""\n');
  });

  it('with a value, or beside another one, is as ever', () => {
    expect(csvEncoder([columnOfType('A', 'INTEGER')])([0])).toBe('0\n');
    expect(csvLine([null, null])).toBe(',\n');
  });
});

describe('readCsv', () => {
  it('reads back any texts, NULL and the empty text apart, wherever the chunks are cut', async () => {
    const field = fc.option(
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: fc.constantFrom(...'",\r\n a😀') })),
    );
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 8 }));

    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 40 }), async (rows, pieceLength) => {
        const text = rows.map(csvLine).join('');

        const alone = (row: readonly (string | null)[]) => row.length === 1;
        expect(await fieldsOf(text, pieceLength)).toEqual(rows.map((row) => (alone(row) ? [row[0] ?? ''] : row)));
      }),
    );
  });

  it('counts the lines of the file, also those inside quotes', async () => {
    const records = await recordsOf('a,b\n"two\nlines",c\nd,e\n');

    expect(records.map(({ line }) => line)).toEqual([1, 2, 4]);
  });

  it('reads lines that end with CR LF and a last one without an end', async () => {
    const fields = await fieldsOf('a,"b"\r\n,""\r\nc,');

    expect(fields).toEqual([
      ['a', 'b'],
      [null, ''],
      ['c', null],
    ]);
  });

  it.each([
    ['a,"b\n', /line 1: a quote is opened and never closed/],
    ['a\nb"c"\n', /line 2: a quote stands inside a field/],
    ['"a"b\n', /line 1: a field goes on after its closing quote/],
  ])('refuses %j', async (text, message) => {
    const reading = recordsOf(text);

    await expect(reading).rejects.toMatchObject({ name: 'MalformedCsvError', message });
  });

  it('refuses bytes that are no UTF-8 rather than change them', async () => {
    const reading = collect(readCsv(asyncOf([Buffer.from('a,b\n'), Buffer.from([0xff, 0x0a])]), 'rows.csv'));

    await expect(reading).rejects.toMatchObject({
      name: 'MalformedCsvError',
      message: 'rows.csv, line 2: there are bytes that are no UTF-8.',
    });
  });

  it('refuses a character that the file ends in the middle of', async () => {
    const reading = collect(readCsv(asyncOf([Buffer.from('é').subarray(0, 1)]), 'rows.csv'));

    await expect(reading).rejects.toThrow('no UTF-8');
  });

  it('never quotes what it refuses', async () => {
    const reading = recordsOf('secret"x"\n');

    await expect(reading).rejects.toMatchObject({ message: expect.not.stringContaining('secret') });
  });
});

describe('a field for a spreadsheet', () => {
  it.each([
    ["=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"],
    ['+1+cmd', "'+1+cmd"],
    ['-2+3', "'-2+3"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['  =1+1', "'  =1+1"],
    ['\t=1+1', "'\t=1+1"],
    ['\u200b=1+1', "'\u200b=1+1"],
    ['\uff1d1+1', "'\uff1d1+1"],
    ['=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'],
  ])('is no formula: %j', (text, field) => {
    expect(spreadsheetField(text)).toBe(field);
  });

  it.each(['-1.5', '+7', '-1e-7', '-.5', 'a=b', '2026-01-01'])('is as it was where it is none: %s', (text) => {
    expect(spreadsheetField(text)).toBe(text);
  });

  it('tells NULL from the empty text', () => {
    expect([spreadsheetField(null), spreadsheetField('')]).toEqual(['', '""']);
  });
});
