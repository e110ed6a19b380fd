import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planPartitions, splitColumnOf } from '#shared/dataset/partitions.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Measure, Row } from '#shared/warehouse/warehouse.ts';
import { collect } from '#test/collect.ts';
import { inMemoryWarehouse } from '#test/shared/warehouse/in-memory.ts';

const BIGINT = columnOfType('ID', 'BIGINT');
const DECIMAL = columnOfType('ID', 'DECIMAL(20,2)');

/** A measure as of a view large enough for `partitionCount` partitions. */
const large = (partitionCount: number, measure: Partial<Measure>): Measure => ({
  rowCount: partitionCount * 250_000,
  nullCount: 0,
  ...measure,
});

describe('planPartitions', () => {
  it('covers every row exactly once, whatever the values', async () => {
    const value = fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));

    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        async (ids, n) => {
          await expectUnionOf(
            BIGINT,
            ids.map((id) => [id === null ? null : String(id)]),
            n,
          );
        },
      ),
    );
  });

  it('covers every row exactly once by a column with decimals', async () => {
    const cents = fc.option(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }));
    const decimal = (value: bigint) => {
      const digits = String(value < 0n ? -value : value).padStart(3, '0');
      return `${value < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
    };

    await fc.assert(
      fc.asyncProperty(
        fc.array(cents, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        async (ids, n) => {
          await expectUnionOf(
            DECIMAL,
            ids.map((id) => [id === null ? null : decimal(id)]),
            n,
          );
        },
      ),
    );
  });

  it('cuts evenly beyond 2^53 and below zero', () => {
    const { ranges } = planPartitions(large(2, { min: '-9223372036854775808', max: '9223372036854775807' }), BIGINT);

    expect(ranges).toEqual([
      { column: 'ID', from: undefined, below: '0' },
      { column: 'ID', from: '0', below: undefined },
    ]);
  });

  it('keeps rows without a value in a partition of their own', () => {
    const plan = planPartitions(large(2, { min: '0', max: '9', nullCount: 7 }), BIGINT);

    expect(plan.ranges).toEqual([
      { column: 'ID', from: undefined, below: '5' },
      { column: 'ID', from: '5', below: undefined },
      { column: 'ID', isNull: true },
    ]);
    expect(plan.explanation).toBe(
      '2 ranges of ID from 0 to 9, and one partition for 7 rows without a value, for 500,000 rows.',
    );
  });

  it('makes no more ranges than there are values', () => {
    const { ranges } = planPartitions(large(5, { min: '1', max: '2' }), BIGINT);

    expect(ranges).toHaveLength(2);
  });

  it.each([
    ['a constant column', large(3, { min: '7', max: '7' }), BIGINT, /1 range of ID from 7 to 7/],
    ['a column without values', large(3, { nullCount: 750_000 }), BIGINT, /ID is NULL in every row/],
    ['a key without exact numbers', large(3, {}), undefined, /No column of the key is an exact number/],
    [
      'few rows',
      { rowCount: 1_234, nullCount: 0, min: '1', max: '9' },
      BIGINT,
      /1,234 rows, which one partition holds/,
    ],
  ])('reads %s in one partition and says why', (_, measure, column, explanation) => {
    const plan = planPartitions(measure, column);

    expect(plan.ranges).toHaveLength(1);
    expect(plan.explanation).toMatch(explanation);
  });

  it('gives a very large view no more than a thousand partitions', () => {
    const { ranges } = planPartitions({ rowCount: 10 ** 10, nullCount: 0, min: '1', max: '10000000000' }, BIGINT);

    expect(ranges).toHaveLength(1_000);
  });
});

describe('splitColumnOf', () => {
  it('takes the first column of the key whose numbers are exact', () => {
    const key = [columnOfType('TEXT', 'NVARCHAR(5)'), columnOfType('RATIO', 'DOUBLE'), BIGINT, DECIMAL];

    expect(splitColumnOf(key)).toBe(BIGINT);
  });
});

const expectUnionOf = async (column: typeof BIGINT, rows: readonly Row[], partitionCount: number): Promise<void> => {
  const warehouse = inMemoryWarehouse({ V: { columns: [column], rows } });
  const view = { schema: 'SPACE', name: 'V' };
  const found = await warehouse.read({ runId: 'run-1' }, async (session) => {
    const measure = await session.measure(view, column.name);
    const { ranges } = planPartitions({ ...measure, rowCount: partitionCount * 250_000 }, column);
    const parts = ranges.map((range) => collect(session.rows({ view, columns: [column.name], range })));
    return (await Promise.all(parts)).flat(2);
  });

  expect(found.map(([value]) => String(value)).sort()).toEqual(rows.map(([value]) => String(value)).sort());
};
