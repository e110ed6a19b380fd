import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatasetColumn } from '#shared/dataset/manifest.ts';
import { planPartitions, splitCandidates } from '#shared/dataset/partitions.ts';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import type { Measure, Row, RowSelection, Tile } from '#shared/warehouse/warehouse.ts';
import { collect } from '#test/collect.ts';
import { inMemoryWarehouse } from '#test/shared/warehouse/in-memory.ts';

const ID = columnOfType('ID', 'BIGINT');

/** Ten thousand tiles of ten rows each, with the values that `valueAt` gives for the row's number. */
const tilesOf = (valueAt: (row: number) => string | null): Tile[] =>
  Array.from({ length: 10_000 }, (_, tile) => {
    const values = Array.from({ length: 10 }, (_, row) => valueAt(tile * 10 + row)).filter((value) => value !== null);
    return {
      rowCount: 10,
      nullCount: 10 - values.length,
      ...(values.length > 0 ? { min: values[0]!, max: values.at(-1)! } : {}),
    };
  });

const planOf = (tiles: readonly Tile[], partitionCount: number, candidates: readonly DatasetColumn[] = [ID]) => {
  const measure: Measure = { rowCount: 100_000, spreads: [tiles], meanLength: 0 };
  const settings = { partSizeMb: (100_000 * 8) / partitionCount / 1024 / 1024, maxConnections: 4 };
  return planPartitions(measure, { key: [ID], columns: [ID], candidates }, settings);
};

describe('planPartitions', () => {
  it('cuts at quantiles, so that skewed values make even partitions', () => {
    const plan = planOf(
      tilesOf((row) => String(BigInt(row) ** 4n)),
      4,
    );

    expect(plan.partitions.map(({ range }) => range)).toEqual([
      { column: 'ID', below: String(25_000n ** 4n), orNull: true },
      { column: 'ID', from: String(25_000n ** 4n), below: String(50_000n ** 4n) },
      { column: 'ID', from: String(50_000n ** 4n), below: String(75_000n ** 4n) },
      { column: 'ID', from: String(75_000n ** 4n) },
    ]);
    expect(plan.explanation).toMatch(
      /4 ranges of ID between quantiles.*; 4 partitions, the largest with 1\.0 times the mean of 25,000 rows, 4 at once\.$/,
    );
  });

  it('keeps rows without a value in a partition of their own', () => {
    const plan = planOf(
      tilesOf((row) => (row < 20_000 ? null : String(row))),
      4,
    );

    expect(plan.partitions.at(-1)).toEqual({ range: { column: 'ID', isNull: true } });
    expect(plan.partitions[0]!.range).not.toHaveProperty('orNull', true);
    expect(plan.explanation).toMatch(/20,000 rows without a value apart/);
  });

  it('cuts a value that too many rows share further, by a hash of the key', () => {
    const plan = planOf(
      tilesOf((row) => (row < 40_000 ? '7' : String(row))),
      10,
    );

    const sliced = plan.partitions.filter(({ slice }) => slice);
    expect(sliced).toHaveLength(4);
    expect(sliced.map(({ slice }) => [slice!.from, slice!.below])).toEqual([
      ['0000000', '4000000'],
      ['4000000', '8000000'],
      ['8000000', 'C000000'],
      ['C000000', undefined],
    ]);
    expect(plan.explanation).toMatch(/values that too many rows share cut further/);
  });

  it.each([
    ['is constant', () => '7', [ID], /10 slices by a hash of the key, since no column is spread well enough .*\(ID\)/],
    ['is NULL in every row', () => null, [ID], /10 slices by a hash of the key/],
    ['is missing', () => '7', [], /10 slices by a hash of the key, since no column has an order/],
  ])('cuts by a hash where the split column %s, and says why', (_, valueAt, candidates, explanation) => {
    const plan = planOf(tilesOf(valueAt), 10, candidates);

    expect(plan.partitions).toHaveLength(10);
    expect(plan.partitions.every(({ range, slice }) => !range && slice)).toBe(true);
    expect(plan.explanation).toMatch(explanation);
  });

  it('takes the candidate whose values are spread best', () => {
    const spreads = [tilesOf(() => '100'), tilesOf(String)];
    const columns = [columnOfType('MANDT', 'NVARCHAR(3)'), columnOfType('DOCUMENT', 'NVARCHAR(10)')];

    const { partitions } = planPartitions(
      { rowCount: 100_000, spreads, meanLength: 10 },
      { key: columns, columns, candidates: columns },
      { partSizeMb: 0.2, maxConnections: 8 },
    );

    expect(partitions[1]!.range).toMatchObject({ column: 'DOCUMENT' });
  });

  it('reads few bytes in one partition', () => {
    const plan = planOf(tilesOf(String), 1);

    expect(plan.partitions).toEqual([{}]);
    expect(plan.maxConcurrency).toBe(1);
    expect(plan.explanation).toBe('100,000 rows of about 8 bytes are about 1 MB: one partition holds them, 1 at once.');
  });

  it('makes ten thousand even partitions of a view of two terabytes', () => {
    const tiles = tilesOf(String).map((tile) => ({ ...tile, rowCount: 100_000_000 / 1_000 }));
    const measure: Measure = { rowCount: 10 ** 9, spreads: [tiles], meanLength: 2_000 };

    const { partitions } = planPartitions(
      measure,
      { key: [ID], columns: [ID], candidates: [ID] },
      { partSizeMb: 192, maxConnections: 100 },
    );

    expect(partitions).toHaveLength(10_000);
  });

  it('keeps partitions within twice the mean, however values repeat', () => {
    const repeats = fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 50 });

    fc.assert(
      fc.property(repeats, fc.integer({ min: 2, max: 20 }), (counts, partitionCount) => {
        const values = counts.flatMap((count, value) => new Array<string>(count).fill(String(value)));
        const tiles = tilesOf((row) => values[Math.floor((row * values.length) / 100_000)]!);

        const { explanation } = planOf(tiles, partitionCount);

        expect(Number(/largest with ([\d.]+) times/.exec(explanation)?.[1] ?? 1)).toBeLessThanOrEqual(2);
      }),
      { numRuns: 30 },
    );
  });
});

describe('splitCandidates', () => {
  const columns = [
    columnOfType('FLAG', 'BOOLEAN'),
    columnOfType('NAME', 'NVARCHAR(20)'),
    columnOfType('DAY', 'DATE'),
    columnOfType('LONG', 'NVARCHAR(5000)'),
  ];
  const namesOf = (found: readonly DatasetColumn[]) => found.map(({ name }) => name);

  it('are columns of the key, numbers before dates before texts', () => {
    expect(namesOf(splitCandidates([...columns, ID], columns, {}))).toEqual(['ID', 'DAY', 'NAME']);
  });

  it('are other columns where the key has no order', () => {
    expect(namesOf(splitCandidates([columns[0]!], columns, {}))).toEqual(['DAY', 'NAME']);
  });

  it('are the one that the pipeline names', () => {
    expect(namesOf(splitCandidates([ID], columns, { splitColumn: 'NAME' }))).toEqual(['NAME']);
  });
});

describe('partitions', () => {
  it('have every row exactly once, whatever the rows and the split column, also rows that come later', async () => {
    const bigint = fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String));
    const decimal = fc.option(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }).map(decimalText));
    const text = fc.option(fc.string({ unit: 'binary', maxLength: 5 }));
    const day = fc.option(fc.integer({ min: 0, max: 5 }).map((number) => `2024-01-0${number + 1}`));
    const row = fc.tuple(bigint, decimal, text, day);

    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 40 }),
        fc.array(row, { maxLength: 5 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 12 }),
        async (rows, later, index, partitionCount) => {
          await expectUnion(rows, later, COLUMNS[index]!, partitionCount);
        },
      ),
    );
  });
});

const COLUMNS = [
  ID,
  columnOfType('AMOUNT', 'DECIMAL(20,2)'),
  columnOfType('NOTE', 'NVARCHAR(20)'),
  columnOfType('DAY', 'DATE'),
];

const decimalText = (cents: bigint): string => {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

const expectUnion = async (
  rows: readonly Row[],
  later: readonly Row[],
  column: DatasetColumn,
  partitionCount: number,
): Promise<void> => {
  const warehouse = inMemoryWarehouse({ V: { columns: COLUMNS, rows } });
  const view = { schema: 'SPACE', name: 'V' };
  const columns = COLUMNS.map(({ name }) => name);
  const found = await warehouse.read({ runId: 'run-1' }, async (session) => {
    const measure = await session.measure(view, { spreadOf: [column.name] });
    const bytes = rows.length * (8 + 10 + 1 + 11);
    const { partitions } = planPartitions(
      measure,
      { key: [ID], columns: COLUMNS, candidates: [column] },
      { partSizeMb: bytes / partitionCount / 1024 / 1024, maxConnections: 8 },
    );
    warehouse.views.set('V', { columns: COLUMNS, rows: [...rows, ...later] });
    const read = (selection: RowSelection) => collect(session.rows({ view, columns, rows: selection }));
    return (await Promise.all(partitions.map(read))).flat(2);
  });

  const texts = (all: readonly Row[]) => all.map((row) => JSON.stringify(row)).sort();
  expect(texts(found)).toEqual(texts([...rows, ...later]));
};
