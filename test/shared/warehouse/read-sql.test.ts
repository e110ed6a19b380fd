import { describe, expect, it } from 'vitest';
import { selectMeasure, selectRows } from '#shared/warehouse/read-sql.ts';

const view = { schema: 'SALES', name: 'V' };

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
