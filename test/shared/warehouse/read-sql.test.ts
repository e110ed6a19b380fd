import { describe, expect, it } from 'vitest';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { selectMeasure, selectRows } from '#shared/warehouse/read-sql.ts';

const view = { schema: 'SALES', name: 'V' };

/** How many arguments each HASH_SHA256 of a statement has. */
const argumentsOf = (sql: string): number[] => {
  const counts: number[] = [];
  const open: { depth: number; count: number }[] = [];
  let depth = 0;
  for (const token of sql.match(/HASH_SHA256\(|"[^"]*"|'[^']*'|[(),]/g) ?? []) {
    if (token.startsWith('HASH')) open.push({ depth: ++depth, count: 1 });
    else if (token === '(') depth += 1;
    else if (token === ',' && open.at(-1)?.depth === depth) open.at(-1)!.count += 1;
    else if (token === ')') {
      if (open.at(-1)?.depth === depth) counts.push(open.pop()!.count);
      depth -= 1;
    }
  }
  return counts;
};

describe('statements that read', () => {
  it('select columns by name, and rows by bound values', () => {
    const statement = selectRows({
      view,
      columns: ['A', 'b c'],
      rows: { range: { column: 'A', from: '1', below: '5' }, window: { column: 'W', after: '7', upTo: '9' } },
    });

    expect(statement).toEqual({
      sql: 'SELECT "A", "b c" FROM "SALES"."V" WHERE "A" >= ? AND "A" < ? AND "W" > ? AND "W" <= ?',
      parameters: ['1', '5', '7', '9'],
    });
  });

  it('select the rows without a value', () => {
    const { sql } = selectRows({ view, columns: ['A'], rows: { range: { column: 'A', isNull: true } } });

    expect(sql).toBe('SELECT "A" FROM "SALES"."V" WHERE "A" IS NULL');
  });

  it.each([100, 101, 350, 10_001])('hash %i wide columns by no more arguments than HANA takes', (count) => {
    const checksumOf = Array.from({ length: count }, (_, index) => columnOfType(`C${index}`, 'NVARCHAR(900)'));

    const { sql } = selectRows({ view, columns: ['C0'], checksumOf });

    const widths = argumentsOf(sql);
    expect(Math.max(...widths)).toBeLessThanOrEqual(100);
    expect(checksumOf.every(({ name }) => sql.includes(`'=' || "${name}"`))).toBe(true);
    expect(widths.length > 1).toBe(count > 100);
  });

  it('measure everything in one statement, with its values bound', () => {
    const { sql, parameters } = selectMeasure(view, {
      spreadOf: ['A', 'B'],
      lengthsOf: ['C'],
      watermark: { column: 'W', after: "x' OR 1=1" },
    });

    expect(sql.match(/UNION ALL/g)).toHaveLength(3);
    expect(sql).not.toContain('OR 1=1');
    expect(parameters).toEqual(Array.from({ length: 3 }, () => "x' OR 1=1"));
  });
});
