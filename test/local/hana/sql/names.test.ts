import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkIdentifier, physicalName, physicalSchema } from '#local/hana/sql/names.ts';
import { quoteIdentifier } from '#local/hana/sql/tokenizer.ts';
import { openClient } from './warehouse.ts';

describe('physical names', () => {
  it('leaves names in upper case as they are', () => {
    expect(physicalName('FLIGHTS#FEDML')).toBe('"FLIGHTS#FEDML"');
  });

  it('never gives two names the same place, whatever their case', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'A', 'b', 'B', '~', '1', '_'), minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(physicalName(a).toLowerCase() === physicalName(b).toLowerCase()).toBe(a === b);
      }),
    );
  });

  it("keeps clear of DuckDB's own schemas", () => {
    expect(['MAIN', 'TEMP', '_SYS', 'INFORMATION_SCHEMA'].map(physicalSchema)).toEqual([
      '"MAIN~0"',
      '"TEMP~0"',
      '"_SYS~0"',
      '"INFORMATION_SCHEMA~0"',
    ]);
  });

  it.each([
    ['', 383],
    ['A\0B', 383],
    ['Ä'.repeat(64), 286],
  ])('refuses the identifier %j', (name, code) => {
    expect(() => checkIdentifier(name)).toThrow(expect.objectContaining({ code }));
  });
});

describe('identifiers', () => {
  it('are different objects when only their case differs', async () => {
    const client = await openClient();
    await client.run('CREATE TABLE "mixed" ("a" INTEGER, A INTEGER)');
    await client.run('CREATE TABLE "MIXED" (A INTEGER)');

    await client.run('INSERT INTO "mixed" VALUES (1, 2)');

    expect(await client.rows('SELECT "a", a FROM "mixed"')).toEqual([['1', '2']]);
    expect(await client.rows('SELECT * FROM mixed')).toEqual([]);
    expect(await client.shape('SELECT * FROM "mixed"')).toEqual(['a INTEGER(10,0)', 'A INTEGER(10,0)']);
  });

  it('may hold anything when they are quoted', async () => {
    const client = await openClient();
    await fc.assert(
      fc.asyncProperty(
        fc
          .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
          .filter((name) => !name.includes('\0') && name.isWellFormed()),
        async (name) => {
          const quoted = quoteIdentifier(name);
          await client.run(`CREATE TABLE ${quoted} (${quoted} INTEGER)`);
          await client.run(`INSERT INTO ${quoted} VALUES (7)`);

          expect(await client.rows(`SELECT x.${quoted} FROM ${quoted} x`)).toEqual([['7']]);
          expect((await client.columns(`SELECT * FROM ${quoted}`))[0]).toMatchObject({ name, table: name });

          await client.run(`DROP TABLE ${quoted}`);
        },
      ),
      { numRuns: 40 },
    );
  });
});
