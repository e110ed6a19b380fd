import { describe, expect, it } from 'vitest';
import { featureRows } from '#cli/feature-rows.ts';

const rowsOf = async (csv: string): Promise<string[]> => {
  const rows: string[] = [];
  for await (const row of featureRows(chunks(csv), 'rows.csv', ['ORIGIN', 'DISTANCE'])) rows.push(row);
  return rows;
};

async function* chunks(csv: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(csv);
}

describe('the rows of a file for a model', () => {
  it('are its lines, with their quotes', async () => {
    expect(await rowsOf('"a,b",1\n,2\n')).toEqual(['"a,b",1', ',2']);
  });

  it.each([['ORIGIN,DISTANCE\na,1\n'], ['"Origin",distance\na,1\n'], ['\uFEFForigin,distance\na,1\n']])(
    'leave out a first line of names: %j',
    async (csv) => {
      expect(await rowsOf(csv)).toEqual(['a,1']);
    },
  );

  it.each([
    [
      'too few values',
      'a,1\nb\n',
      /The row in line 2 of rows\.csv has 1 value\. The model takes 2, in this order: ORIGIN, DISTANCE\./,
    ],
    ['too many values', 'a,1,x\n', /line 1 of rows\.csv has 3 values/],
    ['names in another order', 'DISTANCE,ORIGIN\n1,a\n', /in another order/],
    ['a quote that is never closed', 'a,1\n"b,2\n', /^rows\.csv, line 2: /],
    ['no rows', '', /rows\.csv has no rows/],
    ['names only', 'ORIGIN,DISTANCE\n', /has no rows/],
  ])('refuse %s', async (_, csv, message) => {
    await expect(rowsOf(csv)).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(message),
    });
  });
});
