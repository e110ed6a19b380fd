import { describe, expect, it } from 'vitest';
import { count, counted, duration } from '#cli/format.ts';

describe('durations', () => {
  it.each([
    [0, '0.0 s'],
    [449, '0.4 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min 0 s'],
    [119_600, '2 min 0 s'],
    [125_000, '2 min 5 s'],
    [3_599_700, '1 h 0 min'],
    [7_500_000, '2 h 5 min'],
  ])('shows %i ms as %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text);
  });
});

describe('counts', () => {
  it('groups digits, and says one row and many rows', () => {
    expect(count(1234567)).toBe('1,234,567');
    expect([counted(1, 'row'), counted(0, 'row'), counted(1000, 'part')]).toEqual(['1 row', '0 rows', '1,000 parts']);
  });
});
