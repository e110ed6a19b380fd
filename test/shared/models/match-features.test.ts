import { describe, expect, it } from 'vitest';
import { contractFor, type FeatureContract } from '#shared/models/feature-contract.ts';
import { matchFeatures } from '#shared/models/match-features.ts';
import { unseenIn } from '#shared/models/unseen.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { definitionOf } from '#test/shared/pipeline/fixture.ts';

const A = columnOfType('A', 'DOUBLE');
const B = columnOfType('B', 'NVARCHAR(20)');
const C = columnOfType('C', 'INTEGER', false);
const contract: FeatureContract = { features: [A, B, C], key: ['ID'], target: 'Y' };

const differenceOf = (...offered: Parameters<typeof matchFeatures>[1]): string => {
  try {
    matchFeatures(contract, offered, 'The view "S"."V"');
  } catch (error) {
    expect(error).toMatchObject({ name: 'FeatureMismatchError' });
    return (error as Error).message;
  }
  throw new Error('Nothing was refused.');
};

describe('matchFeatures', () => {
  it('finds every feature, in whatever order the columns are', () => {
    expect(matchFeatures(contract, [C, A, B], 'It')).toEqual([1, 2, 0]);
    expect(matchFeatures(contract, [{ name: 'C' }, { name: 'B' }, { name: 'A' }], 'It')).toEqual([2, 1, 0]);
  });

  it('takes another length, range or nullability for the same type', () => {
    const offered = [A, columnOfType('B', 'VARCHAR(200)'), columnOfType('C', 'BIGINT')];
    expect(matchFeatures(contract, offered, 'It')).toEqual([0, 1, 2]);
    expect(matchFeatures(contract, [columnOfType('A', 'REAL'), B, C], 'It')).toEqual([0, 1, 2]);
  });

  it('tells the whole difference at once', () => {
    const message = differenceOf(
      columnOfType('A', 'DATE'),
      columnOfType('Y', 'INTEGER'),
      A,
      { name: 'ID' },
      { name: 'c' },
    );

    expect(message).toBe(
      'The view "S"."V" doesn\'t have the features that the model was trained with.\n' +
        '  missing: B, NVARCHAR(20) in training.\n' +
        '  missing: C, INTEGER in training.\n' +
        '  there twice: A.\n' +
        "  extra: Y is the target: what the model predicts isn't given to it.\n" +
        '  extra: ID was the key in training, and no feature.\n' +
        '  extra: c. Did you mean "C" or "A" or "B"?\n' +
        'The model takes 3, in this order: A, B, C.',
    );
  });

  it.each([
    ['A', 'INTEGER'],
    ['A', 'DECIMAL(10, 2)'],
    ['B', 'INTEGER'],
    ['C', 'DOUBLE'],
    ['C', 'BOOLEAN'],
  ])('refuses %s as %s', (name, type) => {
    const offered = contract.features.map((column) => (column.name === name ? columnOfType(name, type) : column));
    expect(differenceOf(...offered)).toContain(`another type: ${name} is ${type}, and was`);
  });
});

describe('contractFor', () => {
  const prediction = (source: object) =>
    definitionOf({
      deployment: { target: 'sagemaker' },
      prediction: {
        source: { view: 'V', ...source },
        columns: [{ name: 'P', type: 'DOUBLE' }],
        target: { table: 'T' },
      },
    });
  const names = (source: object) => contractFor(contract, prediction(source)).features.map(({ name }) => name);

  it('leaves out what the pipeline withholds from the model when it scores', () => {
    expect(names({ key: ['ID'] })).toEqual(['A', 'B', 'C']);
    expect(names({ key: ['ID', 'B'] })).toEqual(['A', 'C']);
    expect(names({ key: ['ID'], columns: ['A', 'B'], watermark: 'C' })).toEqual(['A', 'B']);
    expect(names({ key: ['ID'], watermark: 'C' })).toEqual(['A', 'B', 'C']);
  });

  it('keeps a feature that prediction.source.columns merely forgets', () => {
    expect(names({ key: ['ID'], columns: ['A'] })).toEqual(['A', 'B', 'C']);
  });
});

describe('unseenIn', () => {
  it('tells of NULL and of categories that training had not', () => {
    const seen = { ...contract, features: [A, { ...B, categories: ['x', 'y'] }, C] };
    const columns = [A, B, columnOfType('C', 'INTEGER')];

    expect(unseenIn(seen, columns, { B: ['x', 'z'] })).toEqual([
      'B has "z", which it never had in training.',
      'C may be NULL, and was NOT NULL in training.',
    ]);
    expect(unseenIn(seen, [A, B, C], { B: ['x'] })).toEqual([]);
    expect(unseenIn(contract, [A, B, C], { B: ['z'] })).toEqual([]);
  });
});
