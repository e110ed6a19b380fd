import { describe, expect, it } from 'vitest';
import { categoryCounter, MAX_CATEGORIES, mergeCategories } from '#shared/dataset/categories.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';

const columns = [columnOfType('N', 'INTEGER'), columnOfType('T', 'NVARCHAR(100)'), columnOfType('L', 'NCLOB')];

const categoriesOf = (texts: readonly (string | null)[]) => {
  const counter = categoryCounter(columns);
  for (const text of texts) counter.add([[1, text, text]]);
  return counter.categories();
};

const many = Array.from({ length: MAX_CATEGORIES + 1 }, (_, index) => `v${index}`);

describe('categories', () => {
  it('are the values of short texts, the empty one among them, and without NULL', () => {
    expect(categoriesOf(['b', null, 'a', '', 'b'])).toEqual({ T: ['', 'a', 'b'] });
  });

  it('are not told of a column with many values or a long one', () => {
    expect(categoriesOf(many)).toEqual({});
    expect(categoriesOf(['a', 'x'.repeat(65), 'a'])).toEqual({});
  });

  it('are those of all parts together', () => {
    expect(mergeCategories([{ T: ['b'] }, { T: ['a', 'b'] }])).toEqual({ T: ['a', 'b'] });
    expect(mergeCategories([{ T: ['b'], S: ['x'] }, { S: ['y'] }])).toEqual({ S: ['x', 'y'] });
    expect(mergeCategories([{ T: many.slice(0, 40) }, { T: many.slice(40) }])).toEqual({});
    expect(mergeCategories([{ T: ['b'] }, undefined])).toBeUndefined();
    expect(mergeCategories([])).toBeUndefined();
  });
});
