import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv } from '#local/step-functions/map/csv.ts';

async function* cut(text: string, size = text.length || 1): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

const read = async (text: string, { delimiter = ',', size }: { delimiter?: string; size?: number } = {}) => {
  const rows: string[][] = [];
  for await (const row of readCsv(cut(text, size), delimiter)) rows.push(row);
  return rows;
};

describe('CSV', () => {
  it.each([
    [
      'plain rows',
      'a,b\nc,d\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['no line break at the end', 'a,b\nc', [['a', 'b'], ['c']]],
    ['Windows line breaks', 'a\r\nb\r\n', [['a'], ['b']]],
    [
      'empty fields and lines',
      'a,,\n\n,b\n',
      [
        ['a', '', ''],
        ['', 'b'],
      ],
    ],
    ['delimiters and line breaks in quotes', '"a,b","c\nd"\n', [['a,b', 'c\nd']]],
    ['doubled quotes', '"say ""hi""",x\n', [['say "hi"', 'x']]],
    ['a quote inside a field', 'a"b,c\n', [['a"b', 'c']]],
    ['escaped delimiter, quote and backslash', 'a\\,b,\\"c,d\\\\e\n', [['a,b', '"c', 'd\\e']]],
    ['a backslash before anything else', 'a\\bc\n', [['abc']]],
    ['an empty quoted field', '"",x', [['', 'x']]],
  ])('reads %s', async (_what, text, rows) => {
    expect(await read(text)).toEqual(rows);
  });

  it('splits at the delimiter it is told', async () => {
    expect(await read('a|b,c\n', { delimiter: '|' })).toEqual([['a', 'b,c']]);
  });

  it('reads back what is written by its rules, wherever the text is cut', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\\', '\n', '\r', 'é', '😀') });
    const row = fc.array(field, { minLength: 2, maxLength: 4 });

    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 7 }),
        async (rows, size) => {
          const quoted = (value: string) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '""')}"`;
          const text = rows.map((fields) => `${fields.map(quoted).join(',')}\n`).join('');

          expect(await read(text, { size })).toEqual(rows);
        },
      ),
    );
  });
});
