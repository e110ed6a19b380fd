import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fillSpaces } from '#local/hana/spaces.ts';
import { type LaptopHanaEngine, openHanaEngine } from '#local/hana/sql/engine.ts';

let pipelinesDir: string;
let engine: LaptopHanaEngine;
beforeEach(async () => {
  pipelinesDir = await mkdtemp(join(tmpdir(), 'spaces-'));
  engine = await openHanaEngine({ databaseFile: ':memory:', users: [] });
});
afterEach(async () => {
  await engine.close();
  await rm(pipelinesDir, { recursive: true });
});

/** A space with the table T, filled from a CSV file, and its rows. */
const load = async (csv: string | Uint8Array, columns: string, query = 'SELECT * FROM source') => {
  const folder = join(pipelinesDir, 'p', 'datasphere');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 't.csv'), csv);
  await writeFile(join(folder, 'views.sql'), '');
  const table = { table: 'T', file: 't.csv', columns, query };
  await writeFile(join(folder, 'space.yml'), JSON.stringify({ space: 'S', tables: [table], sql: 'views.sql' }));
  await fillSpaces(engine.administration, { pipelinesDir, onProgress: () => undefined });
  const rows = await engine.administration.query('SELECT * FROM "S"."T"');
  return rows.map((row) => row.map((value) => (value === null ? null : String(value))));
};

describe('a table from a CSV file', () => {
  it('keeps texts that look like numbers, dates or truth values', async () => {
    const texts = ['1.50', '1.10', '31.12.2023', 'T', '007', '1e5', 'NaN', '12:30', 'NULL', ' x '];
    const names = texts.map((_, index) => `C${index}`);

    const rows = await load(
      `${names.join(',')}\n${texts.join(',')}\n`,
      names.map((name) => `"${name}" NVARCHAR(20)`).join(', '),
    );

    expect(rows).toEqual([texts]);
  });

  it('makes of its texts what the columns are, and NULL of empty fields', async () => {
    const columns =
      '"I" INTEGER, "D" DECIMAL(10,2), "F" DOUBLE, "B" BOOLEAN, "DAY" DATE, "N" NVARCHAR(5), "E" NVARCHAR(5)';

    const rows = await load(
      'I,D,F,B,DAY,N,E\n007,1.50,1e5,true,2023-12-31,,""\n,,,,,,\n"","","","","","",""\n',
      columns,
    );

    expect(rows).toEqual([
      ['7', '1.50', '100000', 'true', '2023-12-31', null, ''],
      [null, null, null, null, null, null, null],
      [null, null, null, null, null, '', ''],
    ]);
  });

  it('is filled by the names of the header, whatever their order and case', async () => {
    expect(await load('b,A,extra\n2,1,9\n', '"A" NVARCHAR(3), "B" INTEGER')).toEqual([['1', '2']]);
  });

  it('is filled by order where the query has other names', async () => {
    expect(await load('x,y\n1,2\n', '"A" NVARCHAR(3), "B" INTEGER')).toEqual([['1', '2']]);
  });

  it('is not filled where some names agree and stand elsewhere', async () => {
    await expect(load('B,y\n2,1\n', '"A" NVARCHAR(3), "B" INTEGER')).rejects.toMatchObject({
      name: 'InvalidSpaceError',
      message: /B stands elsewhere/,
    });
  });

  it('takes a header of texts only as one, and fields apart by semicolons', async () => {
    expect(await load('NAME;NOTE\nanna;a, b\n', '"NAME" NVARCHAR(9), "NOTE" NVARCHAR(9)')).toEqual([['anna', 'a, b']]);
  });

  it('lets a query calculate with other columns than the file has', async () => {
    const query = 'SELECT i + 0.5, CAST(A AS INTEGER) * 2 FROM range(2) t(i), source';

    expect(await load('A\n3\n', '"X" SMALLDECIMAL, "Y" INTEGER', query)).toEqual([
      ['0.500000000000000000', '6'],
      ['1.500000000000000000', '6'],
    ]);
  });

  it('refuses a file that is not UTF-8, and says from which line on and how to convert it', async () => {
    await expect(load(Buffer.from('A\nfine\nGr\xfc\xdfe\n', 'latin1'), '"A" NVARCHAR(9)')).rejects.toMatchObject({
      name: 'InvalidSpaceError',
      message: /t\.csv is not UTF-8, from line \d on.*iconv/,
    });
  });

  it('refuses a value that its column has no room for', async () => {
    await expect(load('A\nmany\n', '"A" INTEGER')).rejects.toMatchObject({ name: 'InvalidSpaceError' });
  });
});
