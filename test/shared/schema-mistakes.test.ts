import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mistakesOf } from '#shared/schema-mistakes.ts';

const Rows = z.union([
  z.string().min(1),
  z.strictObject({ rows: z.array(z.union([z.array(z.number()).min(1), z.record(z.string(), z.number())])).min(1) }),
]);

const told = (value: unknown): string => mistakesOf(Rows.safeParse(value).error!);

describe('mistakesOf', () => {
  it.each([
    [
      'a wrong value deep inside',
      { rows: [[1], [2, 'x']] },
      '✖ Invalid input: expected number, received string\n  → at rows[1][1]',
    ],
    [
      'a wrong value of a name',
      { rows: [{ A: null }] },
      '✖ Invalid input: expected number, received null\n  → at rows[0].A',
    ],
    [
      'an unknown name',
      { row: [] },
      '✖ Invalid input: expected array, received undefined\n  → at rows\n✖ Unrecognized key: "row"',
    ],
    ['another kind of value', 7, '✖ expected string, received number; or expected object, received number'],
    [
      'a row of neither kind',
      { rows: [7] },
      '✖ expected array, received number; or expected record, received number\n  → at rows[0]',
    ],
  ])('tells %s', (_, value, expected) => {
    expect(told(value)).toBe(expected);
  });

  it('tells twenty mistakes of many', () => {
    const lines = told({ rows: Array(50).fill(['x']) }).split('\n');
    expect(lines.filter((line) => line.startsWith('✖'))).toHaveLength(20);
    expect(lines.at(-1)).toBe('and 30 more.');
  });
});
