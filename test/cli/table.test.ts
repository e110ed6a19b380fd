import { describe, expect, it } from 'vitest';
import { table } from '#cli/table.ts';

describe('a table', () => {
  it('sets numbers to the right and texts to the left, under their names', () => {
    expect(
      table(
        ['NAME', 'N'],
        [
          ['a', 1],
          ['bcdef', 100],
        ],
      ),
    ).toEqual(['NAME     N', '-----  ---', 'a        1', 'bcdef  100']);
  });

  it('keeps numbers to the right where some are NULL, and texts to the left where all are digits', () => {
    expect(
      table(
        ['N', 'T'],
        [
          [1, '10'],
          [null, '9'],
        ],
      ),
    ).toEqual(['   N  T', '----  --', '   1  10', 'NULL  9']);
  });

  it('has its names and a line only when there are no rows', () => {
    expect(table(['A', 'LONGER'], [])).toEqual(['A  LONGER', '-  ------']);
  });

  it('shows what would move the cursor, recolour the terminal or turn the writing around', () => {
    const [, , row] = table(['T'], [['a\nb\t\x1b[31m\u202Ec\x07']]);

    expect(row).toBe('a\\nb\\t\\u001b[31m\\u202ec\\u0007');
  });

  it('shows bytes as hexadecimal digits', () => {
    expect(table(['B'], [[new Uint8Array([0, 255])]]).at(-1)).toBe('00ff');
  });

  it('cuts long cells without cutting a character into two', () => {
    const [, line, row] = table(['T'], [[`${'x'.repeat(58)}👩‍🚀👩‍🚀👩‍🚀`]]);

    expect(row).toBe(`${'x'.repeat(58)}👩‍🚀…`);
    expect(line).toBe('-'.repeat(61));
  });

  it('counts the two columns that emoji and Chinese take', () => {
    const lines = table(
      ['T', 'N'],
      [
        ['漢字', 1],
        ['🛫', 2],
        ['abcde', 3],
      ],
    );

    expect(lines).toEqual(['T      N', '-----  -', '漢字   1', '🛫     2', 'abcde  3']);
  });
});
