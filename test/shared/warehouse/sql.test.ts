import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnOfType } from '#shared/warehouse/column-types.ts';
import { copyRows, createColumnTable, deleteEqual, insertValues, quoteIdentifier } from '#shared/warehouse/sql.ts';

const view = { schema: 'SALES', name: 'V' };

describe('quoteIdentifier', () => {
  it('quotes any name so that it is read back as one identifier, or refuses it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 140 }), (name) => {
        const bytes = Buffer.byteLength(name);
        if (bytes < 1 || bytes > 127 || name.includes('\0')) {
          expect(() => quoteIdentifier(name)).toThrow(expect.objectContaining({ name: 'InvalidInputError' }));
          return;
        }
        const quoted = quoteIdentifier(name);

        expect(quoted).toMatch(/^"([^"]|"")+"$/);
        expect(quoted.slice(1, -1).replaceAll('""', '"')).toBe(name);
      }),
    );
  });

  it.each(['T" CASCADE --', "x' OR 1=1 --", 'a;DROP TABLE b', 'lower Case', 'concave points'])(
    'keeps %j whole',
    (name) => {
      expect(quoteIdentifier(name)).toBe(`"${name.replaceAll('"', '""')}"`);
    },
  );
});

describe('statements', () => {
  it('creates a table with types, NOT NULL and the primary key', () => {
    const sql = createColumnTable('USER', {
      name: 'SCORES',
      columns: [columnOfType('ID', 'DECIMAL(10, 2)', false), columnOfType('NOTE', 'NVARCHAR(20)')],
      primaryKey: ['ID'],
    });

    expect(sql).toBe(
      'CREATE COLUMN TABLE "USER"."SCORES" ("ID" DECIMAL(10, 2) NOT NULL, "NOTE" NVARCHAR(20), PRIMARY KEY ("ID"))',
    );
  });

  it('inserts and deletes by bound values', () => {
    expect(insertValues(view, ['A', 'B'])).toBe('INSERT INTO "SALES"."V" ("A", "B") VALUES (?, ?)');
    expect(deleteEqual(view, { A: 1 })).toEqual({ sql: 'DELETE FROM "SALES"."V" WHERE "A" = ?', parameters: [1] });
    expect(deleteEqual(view).sql).toBe('DELETE FROM "SALES"."V"');
  });

  it.each([
    ['insert', 'INSERT INTO'],
    ['upsert', 'UPSERT'],
  ] as const)('copies rows by %s, with constants of a stated type', (mode, verb) => {
    const statement = copyRows('USER', {
      from: 'STAGED',
      to: 'SCORES',
      columns: ['ID'],
      constants: [{ column: columnOfType('RUN_ID', 'NVARCHAR(80)'), value: "it's one" }],
      mode,
    });

    expect(statement).toEqual({
      sql: `${verb} "USER"."SCORES" ("ID", "RUN_ID") SELECT "ID", CAST(? AS NVARCHAR(80)) FROM "USER"."STAGED"`,
      parameters: ["it's one"],
    });
  });
});
