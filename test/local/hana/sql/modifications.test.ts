import { describe, expect, it } from 'vitest';
import type { HanaValue } from '#local/hana/engine.ts';
import { type Client, openClient } from './warehouse.ts';

async function openTable(): Promise<Client> {
  const client = await openClient();
  await client.run(
    "CREATE TABLE T (ID INTEGER PRIMARY KEY, NAME NVARCHAR(5) DEFAULT 'none', N SMALLINT NOT NULL DEFAULT 7)",
  );
  return client;
}

describe('INSERT', () => {
  it('fills the columns that it does not name with their defaults', async () => {
    const client = await openTable();

    expect(await client.run('INSERT INTO T (ID) VALUES (1)')).toEqual([1]);
    await client.run('INSERT INTO T VALUES (2, DEFAULT, DEFAULT)');
    await client.run('INSERT INTO T (N, ID, NAME) VALUES (3, 3, NULL)');

    expect(await client.rows('SELECT * FROM T ORDER BY ID')).toEqual([
      ['1', 'none', '7'],
      ['2', 'none', '7'],
      ['3', null, '3'],
    ]);
  });

  it('takes the rows of a query, converted to the types of the columns', async () => {
    const client = await openTable();

    expect(await client.run("INSERT INTO T (ID, NAME, N) SELECT 4, 12.5, '9' FROM DUMMY")).toEqual([1]);

    expect(await client.rows('SELECT * FROM T')).toEqual([['4', '12.5', '9']]);
  });

  it('tells clients the declared types of the columns as those of the parameters', async () => {
    const client = await openTable();

    const statement = await client.session.prepare('INSERT INTO "T"  (id, name, N) VALUES (:c1, :c2, :INSERTED_AT)');

    expect(statement.kind).toBe('INSERT');
    expect(statement.parameters.map(({ type }) => `${type.name}(${type.length})`)).toEqual([
      'INTEGER(10)',
      'NVARCHAR(5)',
      'SMALLINT(5)',
    ]);
  });

  it.each([
    [
      "INSERT INTO T (ID, NAME) VALUES (1, 'abcdef')",
      274,
      `inserted value too large for column: Failed in "NAME" column with the value 'abcdef'`,
    ],
    ['INSERT INTO T VALUES (1, NULL, NULL)', 287, 'cannot insert NULL or update to NULL: N'],
    ['INSERT INTO T (ID) VALUES (NULL)', 287, 'cannot insert NULL or update to NULL: ID'],
    ['INSERT INTO T (ID, N) VALUES (9, 40000)', 314, 'numeric overflow'],
    ["INSERT INTO T (ID) VALUES ('x')", 339, 'invalid number'],
    ['INSERT INTO T (ID) VALUES (0)', 301, 'unique constraint violated: Table(T), duplicate key ID: 0'],
    ['INSERT INTO T (ID, ID) VALUES (1, 1)', 272, 'duplicate column name'],
    ['INSERT INTO T (NOPE) VALUES (1)', 260, 'invalid column name: NOPE'],
    ['INSERT INTO T VALUES (1)', 270, 'not enough values'],
    ['INSERT INTO T VALUES (1, 2, 3, 4)', 269, 'too many values'],
    ['INSERT INTO T (ID) SELECT 1, 2 FROM DUMMY', 269, 'too many values'],
    ['INSERT INTO T VALUES (1, 2, 3), (4, 5, 6)', 257, 'HANA takes one row'],
    ['INSERT INTO NOPE VALUES (1)', 259, 'Could not find table/view NOPE'],
    ['INSERT INTO DUMMY VALUES (1)', 258, "can't be changed"],
  ])('refuses %s with %i', async (sql, code, message) => {
    const client = await openTable();
    await client.run('INSERT INTO T (ID) VALUES (0)');

    expect(await client.code(sql)).toBe(code);
    expect(await client.message(sql)).toContain(message);
    expect(await client.column('SELECT ID FROM T')).toEqual(['0']);
  });

  it('counts characters as UTF-16 units: an emoji takes two places', async () => {
    const client = await openTable();

    expect(await client.code('INSERT INTO T (ID, NAME) VALUES (?, ?)', [1, 'ääääa'])).toBe(0);
    expect(await client.code('INSERT INTO T (ID, NAME) VALUES (?, ?)', [2, '😀😀a'])).toBe(0);
    expect(await client.code('INSERT INTO T (ID, NAME) VALUES (?, ?)', [3, '😀😀😀'])).toBe(274);
    expect(await client.column('SELECT NAME FROM T ORDER BY ID')).toEqual(['ääääa', '😀😀a']);
  });

  it.each([
    ['BIGINT', -9223372036854775808n, '-9223372036854775808'],
    ['BIGINT', '9007199254740993', '9007199254740993'],
    [
      'DECIMAL(38,10)',
      { kind: 'decimal', unscaled: 12345678901234567890123n, scale: 10 } as const,
      '1234567890123.4567890123',
    ],
    ['DECIMAL(10,2)', '-1.005', '-1.01'],
    ['DECIMAL(10,2)', 1e-7, '0.00'],
    ['DOUBLE', 1.5e300, '1.5e+300'],
    ['REAL', 0.5, '0.5'],
    ['BOOLEAN', true, 'true'],
    ['BOOLEAN', 0, 'false'],
    ['TINYINT', 255, '255'],
    ['DATE', { kind: 'date', days: -719162 } as const, '0001-01-01'],
    ['DATE', '2024-02-29', '2024-02-29'],
    ['TIME', { kind: 'time', micros: 3_661_000_000n } as const, '01:01:01'],
    ['TIMESTAMP', { kind: 'timestamp', micros: 1_709_200_000_123_456n } as const, '2024-02-29 09:46:40.123456'],
    ['TIMESTAMP', '2024-02-29T10:11:12.5', '2024-02-29 10:11:12.5'],
    ['SECONDDATE', { kind: 'timestamp', micros: -1n } as const, '1969-12-31 23:59:59'],
    ['NVARCHAR(20)', `"quoted" 'x'\n😀`, `"quoted" 'x'\n😀`],
    ['NCLOB', 'x'.repeat(100_000), 'x'.repeat(100_000)],
    ['VARBINARY(4)', new Uint8Array([0, 255]), '\\x00\\xFF'],
    ['NVARCHAR(5)', null, null],
  ])('stores in a column of type %s the value %s', async (type, value, text) => {
    const client = await openClient();
    await client.run(`CREATE TABLE V (V ${type})`);

    await client.run('INSERT INTO V VALUES (?)', [value]);

    expect(await client.column('SELECT V FROM V')).toEqual([text]);
  });

  it.each([
    ['INTEGER', 'abc', 339],
    ['INTEGER', 3_000_000_000, 314],
    ['BIGINT', 2n ** 63n, 314],
    ['TINYINT', -1, 314],
    ['DECIMAL(3,1)', '100', 314],
    ['DECIMAL(3,1)', 'x', 339],
    ['DOUBLE', Number.NaN, 314],
    ['DATE', '2023-02-29', 303],
    ['DATE', 5, 303],
    ['TIME', '25:00:00', 303],
    ['TIMESTAMP', 'now', 303],
    ['VARBINARY(2)', new Uint8Array(3), 274],
    ['VARCHAR(2)', 'ä1', 274],
    ['NVARCHAR(9)', '\ud83d', 609],
    ['NVARCHAR(9)', new Uint8Array(1), 266],
  ])('refuses for a column of type %s the value %s with %i', async (type, value, code) => {
    const client = await openClient();
    await client.run(`CREATE TABLE V (V ${type})`);

    expect(await client.code('INSERT INTO V VALUES (?)', [value])).toBe(code);
    expect(await client.code('INSERT INTO V VALUES (?)', [null], [value])).toBe(code);
    expect(await client.column('SELECT V FROM V')).toEqual([]);
  });
});

describe('UPSERT', () => {
  it('changes the row with the same key, keeping the columns that it does not name, and inserts any other', async () => {
    const client = await openTable();
    await client.run("INSERT INTO T VALUES (1, 'old', 1)");

    expect(await client.run("UPSERT T (ID, NAME) VALUES (1, 'new') WITH PRIMARY KEY")).toEqual([1]);
    await client.run("REPLACE INTO T (ID, NAME) VALUES (2, 'two') WITH PRIMARY KEY");
    await client.run("UPSERT T SELECT ID + 1, 'sel', 5 FROM T");

    expect(await client.rows('SELECT * FROM T ORDER BY ID')).toEqual([
      ['1', 'new', '1'],
      ['2', 'sel', '5'],
      ['3', 'sel', '5'],
    ]);
  });

  it('keeps the last of several rows with one key', async () => {
    const client = await openTable();

    await client.run('UPSERT T (ID, NAME) VALUES (?, ?) WITH PRIMARY KEY', [1, 'a'], [2, 'b'], [1, 'c']);

    expect(await client.rows('SELECT ID, NAME FROM T ORDER BY ID')).toEqual([
      ['1', 'c'],
      ['2', 'b'],
    ]);
  });

  it('with a condition updates what meets it, else inserts', async () => {
    const client = await openTable();
    await client.run("INSERT INTO T VALUES (1, 'old', 1)");

    await client.run('UPSERT T (ID, NAME) VALUES (?, ?) WHERE ID = ?', [1, 'new', 1]);
    await client.run("UPSERT T (ID, NAME) VALUES (2, 'ins') WHERE ID = 2");

    expect(await client.rows('SELECT ID, NAME FROM T ORDER BY ID')).toEqual([
      ['1', 'new'],
      ['2', 'ins'],
    ]);
  });

  it('inserts into a table without primary key, as HANA does', async () => {
    const client = await openClient();
    await client.run('CREATE TABLE K (A INTEGER)');

    await client.run('UPSERT K VALUES (1) WITH PRIMARY KEY');
    await client.run('UPSERT K SELECT 1 FROM DUMMY');

    expect(await client.column('SELECT A FROM K')).toEqual(['1', '1']);
  });

  it('of a table that is nothing but key changes nothing twice', async () => {
    const client = await openClient();
    await client.run('CREATE TABLE K (A INTEGER, B INTEGER, PRIMARY KEY (A, B))');

    await client.run('UPSERT K VALUES (?, ?) WITH PRIMARY KEY', [1, 1], [1, 1], [1, 2]);

    expect(await client.column('SELECT COUNT(*) FROM K')).toEqual(['2']);
  });
});

describe('UPDATE, DELETE and MERGE', () => {
  it('change the rows that meet the condition and count them', async () => {
    const client = await openTable();
    await client.run('INSERT INTO T (ID, N) VALUES (?, ?)', [1, 1], [2, 2], [3, 3]);

    expect(await client.run("UPDATE T SET NAME = 'u' || TO_VARCHAR(ID), N = N + 1 WHERE N >= ?", [2])).toEqual([2]);
    expect(await client.run('UPDATE T X SET N = DEFAULT WHERE X.ID = (SELECT MIN(ID) FROM T)')).toEqual([1]);
    expect(await client.run('DELETE FROM T WHERE ID = ?', [3], [9])).toEqual([1, 0]);

    expect(await client.rows('SELECT * FROM T ORDER BY ID')).toEqual([
      ['1', 'none', '7'],
      ['2', 'u2', '3'],
    ]);
    expect(await client.run('DELETE FROM "T"')).toEqual([2]);
  });

  it('merge matched and unmatched rows', async () => {
    const client = await openTable();
    await client.run('INSERT INTO T (ID, N) VALUES (?, ?)', [1, 1], [2, 2]);

    const changed = await client.run(
      `MERGE INTO T AS A USING (SELECT 1 AS K, 10 AS V FROM DUMMY UNION ALL SELECT 2, 20 FROM DUMMY UNION ALL SELECT 3, 30 FROM DUMMY) AS B ON A.ID = B.K
       WHEN MATCHED AND B.V > 15 THEN DELETE WHEN MATCHED THEN UPDATE SET A.N = B.V WHEN NOT MATCHED THEN INSERT (ID, N) VALUES (B.K, B.V)`,
    );

    expect(changed).toEqual([3]);
    expect(await client.rows('SELECT * FROM T ORDER BY ID')).toEqual([
      ['1', 'none', '10'],
      ['3', 'none', '30'],
    ]);
  });

  it.each([
    ["UPDATE T SET NAME = 'abcdef'", 274],
    ['UPDATE T SET N = NULL', 287],
    ['UPDATE T SET ID = 1', 301],
    ['UPDATE T SET NOPE = 1', 260],
    ['UPDATE T SET N = 1, N = 2', 272],
    ['UPDATE T SET N = 1 FROM T, DUMMY', 7],
    ['UPDATE T SET (N) = (SELECT 1 FROM DUMMY)', 7],
    ['DELETE FROM NOPE', 259],
    ['DELETE T', 257],
    ["MERGE INTO T USING DUMMY ON 1 = 1 WHEN MATCHED THEN UPDATE SET NAME = 'abcdef'", 274],
    ['MERGE DELTA OF T', 7],
  ])('refuse %s with %i', async (sql, code) => {
    const client = await openTable();
    await client.run('INSERT INTO T (ID) VALUES (?)', [1], [2]);

    expect(await client.code(sql)).toBe(code);
    expect(await client.rows('SELECT * FROM T ORDER BY ID')).toEqual([
      ['1', 'none', '7'],
      ['2', 'none', '7'],
    ]);
  });
});

describe('a batch', () => {
  it('writes a hundred thousand rows of ten columns in one statement', async () => {
    const client = await openClient();
    await client.run(
      'CREATE TABLE W (A INTEGER PRIMARY KEY, B BIGINT, C DECIMAL(15,2), D DOUBLE, E NVARCHAR(20), F VARCHAR(10), G DATE, H TIMESTAMP, I BOOLEAN, J NVARCHAR(10))',
    );
    const rows = Array.from({ length: 100_000 }, (_, i) => [
      i,
      BigInt(i) * 1000n,
      { kind: 'decimal' as const, unscaled: BigInt(i), scale: 2 },
      i / 4,
      `name ${i}`,
      'xyz',
      { kind: 'date' as const, days: i % 20_000 },
      { kind: 'timestamp' as const, micros: BigInt(i) * 1_000_000n },
      i % 2 === 0,
      i % 10 === 0 ? null : `k${i}`,
    ]);

    const changed = await client.run(
      'INSERT INTO W (A, B, C, D, E, F, G, H, I, J) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ...rows,
    );

    expect(changed).toHaveLength(100_000);
    expect(await client.rows('SELECT COUNT(*), SUM(A), SUM(C), COUNT(J), MAX(E) FROM W')).toEqual([
      ['100000', '4999950000', '49999500.00', '90000', 'name 99999'],
    ]);
    expect(await client.rows('SELECT * FROM W WHERE A = 99999')).toEqual([
      [
        '99999',
        '99999000',
        '999.99',
        '24999.75',
        'name 99999',
        'xyz',
        '2024-10-03',
        '1970-01-02 03:46:39',
        'false',
        'k99999',
      ],
    ]);
  });

  it('writes nothing when its third row is too long, NULL or a duplicate', async () => {
    const client = await openTable();
    const insert = 'INSERT INTO T (NAME, ID, N) VALUES (?, ?, ?)';

    expect(await client.code(insert, ['a', 1, 1], ['b', 2, 1], ['abcdef', 3, 1])).toBe(274);
    expect(await client.code(insert, ['a', 1, 1], ['b', 2, 1], ['c', 3, null])).toBe(287);
    expect(await client.code(insert, ['a', 1, 1], ['b', 2, 1], ['c', 1, 1])).toBe(301);
    expect(await client.code(insert, ['a', 1, 1], ['b', 2, 1], ['c', 'x', 1])).toBe(339);
    expect(await client.code(insert, ['a', 1, 1], ['b', 2])).toBe(270);

    expect(await client.column('SELECT COUNT(*) FROM T')).toEqual(['0']);
  });

  it('says which row could not be converted or written', async () => {
    const client = await openTable();
    const failedRow = async (sql: string, ...rows: HanaValue[][]) =>
      client.run(sql, ...rows).then(
        () => undefined,
        (error) => error.failedRow,
      );

    expect(await failedRow('INSERT INTO T (ID) VALUES (?)', [1], [2], ['x'])).toBe(2);
    expect(await failedRow('UPDATE T SET N = 1 / ?', [1], [0])).toBeUndefined();
    await client.run('INSERT INTO T (ID) VALUES (1)');
    expect(await failedRow('UPDATE T SET N = 1 / ?', [1], [0])).toBe(1);
  });

  it('evaluates expressions, constants and defaults for every row', async () => {
    const client = await openTable();

    await client.run('INSERT INTO T (ID, NAME) VALUES (? + 1, UPPER(?))', [1, 'a'], [2, 'b']);

    expect(await client.rows('SELECT * FROM T ORDER BY ID')).toEqual([
      ['2', 'A', '7'],
      ['3', 'B', '7'],
    ]);
  });

  it('keeps the order of its rows', async () => {
    const client = await openClient();
    await client.run('CREATE TABLE O (A INTEGER)');

    await client.run('INSERT INTO O VALUES (?)', ...Array.from({ length: 10_000 }, (_, index) => [9_999 - index]));

    expect((await client.column('SELECT A FROM O')).slice(0, 3)).toEqual(['9999', '9998', '9997']);
  });
});
