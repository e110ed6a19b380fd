import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvRecords, csvRecordsOf } from '#shared/dataset/csv-records.ts';
import { collect } from '#test/collect.ts';

it('gives fields as they stand, quotes and all', async () => {
  expect(await csvRecordsOf('1,"a,b",""\n2,"say ""hi""\nthere",\n')).toEqual([
    ['1', '"a,b"', '""'],
    ['2', '"say ""hi""\nthere"', ''],
  ]);
});

it('takes a last line without a line break, and line breaks of Windows', async () => {
  expect(await csvRecordsOf('0.5\r\n0.25')).toEqual([['0.5'], ['0.25']]);
});

it('has no records in an empty text', async () => {
  expect(await csvRecordsOf('')).toEqual([]);
});

it('gives the same records however the bytes are cut into chunks', async () => {
  const field = fc.oneof(
    fc.stringMatching(/^[a-z0-9.]{0,5}$/),
    fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => `"${text.replaceAll('"', '""')}"`),
  );
  const records = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(records, fc.integer({ min: 1, max: 7 }), async (expected, size) => {
      const bytes = Buffer.from(expected.map((fields) => `${fields.join(',')}\n`).join(''));
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.subarray(n * size, (n + 1) * size),
      );

      const actual: string[][] = [];
      for await (const record of csvRecords(chunks)) actual.push(record);

      expect(actual).toEqual(expected);
    }),
  );
});

it('refuses bytes that are no UTF-8', async () => {
  await expect(collect(csvRecords([Buffer.from([0xff, 0x0a])]))).rejects.toThrow();
});
