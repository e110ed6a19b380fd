import { describe, expect, it } from 'vitest';
import { featureRows } from '#cli/feature-rows.ts';
import type { FeatureContract } from '#shared/models/feature-contract.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';

const contract: FeatureContract = {
  features: [columnOfType('ORIGIN', 'NVARCHAR(3)'), columnOfType('DISTANCE', 'DOUBLE')],
  key: ['ID'],
  target: 'LATE',
};

const rowsOf = async (csv: string, known: FeatureContract | undefined = contract): Promise<string[]> => {
  const rows: string[] = [];
  for await (const row of featureRows(chunks(csv), 'rows.csv', known)) rows.push(row);
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

  it('are put into the order of the model by a first line of names', async () => {
    expect(await rowsOf('DISTANCE,ORIGIN\n1,a\n2,"b,c"\n')).toEqual(['a,1', '"b,c",2']);
  });

  it.each([
    ['carriage returns alone', 'a,1\rb,2\r'],
    ['both line ends', 'ORIGIN,DISTANCE\r\na,1\r\nb,2\r\n'],
    ['blank lines', 'a,1\n\nb,2\n\n'],
    ['a byte order mark before quotes', '\uFEFF"a",1\nb,2\n'],
  ])('are read with %s', async (_, csv) => {
    expect(await rowsOf(csv)).toEqual(['a,1', 'b,2']);
  });

  it('are only held against each other where nothing is known of the model', async () => {
    const first = await featureRows(chunks('1;x,2\n3,4\n'), 'rows.csv', undefined).next();
    expect(first.value).toBe('1;x,2');
    const all = async () => {
      for await (const _ of featureRows(chunks('1,2\n3\n'), 'rows.csv', undefined));
    };
    await expect(all()).rejects.toMatchObject({ message: 'Line 2 of rows.csv has 1 value. The first row has 2.' });
  });

  it.each([
    [
      'too few values',
      'a,1\nb\n',
      /^Line 2 of rows\.csv has 1 value\. The model takes 2, in this order: ORIGIN, DISTANCE\./,
    ],
    ['too many values', 'a,1,x\n', /^Line 1 of rows\.csv has 3 values/],
    ['semicolons', 'a;1\n', /has 1 value\..*semicolons: commas are needed/],
    ['semicolons and decimal commas', 'a;1,5;2\n', /semicolons: commas are needed between them, and points in numbers/],
    ['tabs', 'a\t1\n', /separated by tabs/],
    ['a name too few', 'ORIGIN\na\n', /The first line of rows\.csv[\s\S]*missing: DISTANCE/],
    ['a name too many', 'ORIGIN,DISTANCE,DAY\na,1,x\n', /extra: DAY/],
    ['the target', 'LATE,ORIGIN\n1,a\n', /missing: DISTANCE[\s\S]*LATE is the target/],
    [
      'a text for a number',
      'a,1\nb,x\n',
      /^Line 2[\s\S]*DISTANCE: a number is needed, DOUBLE in training, and there is "x"/,
    ],
    ['a header in the middle', 'a,1\nORIGIN,DISTANCE\n', /^Line 2[\s\S]*a number is needed/],
  ])('refuse %s', async (_, csv, message) => {
    await expect(rowsOf(csv)).rejects.toMatchObject({
      name: 'FeatureMismatchError',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['a quote that is never closed', 'a,1\n"b,2\n', /^rows\.csv, line 2: /],
    ['no rows', '', /rows\.csv has no rows/],
    ['names only', 'ORIGIN,DISTANCE\n', /has no rows/],
  ])('refuse a file with %s', async (_, csv, message) => {
    await expect(rowsOf(csv)).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(message),
    });
  });
});
