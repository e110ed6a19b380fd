import { describe, expect, it } from 'vitest';
import { Client, openClient, openWarehouse } from './warehouse.ts';

describe('CREATE TABLE', () => {
  it.each([
    ['INTEGER', 'INTEGER', '10', null],
    ['INT', 'INTEGER', '10', null],
    ['TINYINT', 'TINYINT', '3', null],
    ['SMALLINT', 'SMALLINT', '5', null],
    ['BIGINT', 'BIGINT', '19', null],
    ['DECIMAL(12,3)', 'DECIMAL', '12', '3'],
    ['NUMERIC(5)', 'DECIMAL', '5', '0'],
    ['DECIMAL', 'DECIMAL', '34', null],
    ['SMALLDECIMAL', 'SMALLDECIMAL', '16', null],
    ['REAL', 'REAL', '7', null],
    ['FLOAT', 'DOUBLE', '15', null],
    ['FLOAT(10)', 'REAL', '7', null],
    ['DOUBLE', 'DOUBLE', '15', null],
    ['VARCHAR(7)', 'VARCHAR', '7', null],
    ['NVARCHAR(3)', 'NVARCHAR', '3', null],
    ['NVARCHAR', 'NVARCHAR', '1', null],
    ['ALPHANUM(9)', 'ALPHANUM', '9', null],
    ['SHORTTEXT(30)', 'NVARCHAR', '30', null],
    ['CHAR(2)', 'CHAR', '2', null],
    ['VARBINARY(16)', 'VARBINARY', '16', null],
    ['BOOLEAN', 'BOOLEAN', '1', null],
    ['DATE', 'DATE', '10', null],
    ['TIME', 'TIME', '8', null],
    ['SECONDDATE', 'SECONDDATE', '19', null],
    ['TIMESTAMP', 'TIMESTAMP', '27', null],
    ['LONGDATE', 'TIMESTAMP', '27', null],
    ['NCLOB', 'NCLOB', '2147483647', null],
    ['CLOB', 'CLOB', '2147483647', null],
    ['BLOB', 'BLOB', '2147483647', null],
  ])('declares %s', async (type, name, length, scale) => {
    const client = await openClient();

    await client.run(`CREATE COLUMN TABLE T (C ${type})`);

    expect(await client.rows("SELECT DATA_TYPE_NAME, LENGTH, SCALE FROM TABLE_COLUMNS WHERE TABLE_NAME = 'T'")).toEqual(
      [[name, length, scale]],
    );
  });

  it.each([
    ['CREATE TABLE T (A NOPE)', 7],
    ['CREATE TABLE T (A ST_POINT)', 7],
    ['CREATE TABLE T (A NVARCHAR(5001))', 264],
    ['CREATE TABLE T (A DECIMAL(39,2))', 264],
    ['CREATE TABLE T (A INTEGER(3))', 264],
    ['CREATE TABLE T (A INTEGER, A INTEGER)', 272],
    ['CREATE TABLE T (A INTEGER, PRIMARY KEY (B))', 260],
    ['CREATE TABLE T (A INTEGER PRIMARY KEY, B INTEGER PRIMARY KEY)', 257],
    ['CREATE TABLE T (A INTEGER CHECK (A > 1))', 7],
    ['CREATE TABLE T (A INTEGER, FOREIGN KEY (A) REFERENCES X (A))', 7],
    ['CREATE TABLE T (A INTEGER GENERATED ALWAYS AS IDENTITY)', 7],
    ["CREATE TABLE T (A INTEGER DEFAULT 'x')", 339],
    ['CREATE TABLE T (A INTEGER) PARTITION BY HASH (A) PARTITIONS 4', 7],
    ['CREATE TABLE OLD (A INTEGER)', 288],
    ['CREATE TABLE NOPE.T (A INTEGER)', 362],
    ['CREATE TABLE #T (A INTEGER', 257],
    ['CREATE LOCAL TEMPORARY TABLE T (A INTEGER)', 397],
    ['CREATE TABLE T LIKE NOPE', 259],
    [`CREATE TABLE "${'x'.repeat(128)}" (A INTEGER)`, 286],
    ['CREATE OR REPLACE TABLE T (A INTEGER)', 7],
    ['DROP TABLE NOPE', 259],
    ['DROP TABLE OLD CASCADE', 7],
    ['DROP VIEW OLD', 321],
    ['DROP INDEX NOPE', 261],
    ['ALTER TABLE OLD ADD (A INTEGER)', 308],
    ['ALTER TABLE OLD DROP (NOPE)', 260],
    ['ALTER TABLE OLD ENABLE PERSISTENT MERGE', 7],
    ['ALTER TABLE OLD ADD PARTITION 1', 7],
    ['RENAME TABLE NOPE TO X', 259],
    ['RENAME COLUMN OLD.NOPE TO X', 260],
    ['CREATE SCHEMA S', 258],
    ['CREATE USER X PASSWORD "y"', 258],
    ['DROP SCHEMA NOPE', 362],
  ])('refuses %s with %i', async (sql, code) => {
    const client = await openClient();
    await client.run('CREATE TABLE OLD (A INTEGER)');

    expect(await client.code(sql)).toBe(code);
  });

  it('copies the definition of another table, and its rows when asked', async () => {
    const client = await openClient();
    await client.run("CREATE TABLE A (ID INTEGER PRIMARY KEY, S NVARCHAR(4) DEFAULT 'x' NOT NULL)");
    await client.run('INSERT INTO A (ID) VALUES (1)');

    await client.run('CREATE TABLE B LIKE A');
    await client.run('CREATE TABLE C LIKE A WITH DATA');
    await client.run('INSERT INTO B (ID) VALUES (2)');

    expect(await client.rows('SELECT * FROM B UNION ALL SELECT * FROM C ORDER BY 1')).toEqual([
      ['1', 'x'],
      ['2', 'x'],
    ]);
    expect(await client.code('INSERT INTO B (ID) VALUES (2)')).toBe(301);
  });

  it('is filled from a query and has the types of its columns', async () => {
    const client = await openClient();

    await client.run("CREATE COLUMN TABLE Q AS (SELECT 1 AS ID, 'abc' AS S, 1.5 * 2 AS D FROM DUMMY)");
    await client.run('CREATE TABLE R (A, B) AS (SELECT ID, S FROM Q) WITH NO DATA');

    expect(await client.shape('SELECT * FROM Q')).toEqual(['ID INTEGER(10,0)!', 'S VARCHAR(3,0)!', 'D DECIMAL(12,1)!']);
    expect(await client.rows('SELECT * FROM Q')).toEqual([['1', 'abc', '3.0']]);
    expect(await client.shape('SELECT * FROM R')).toEqual(['A INTEGER(10,0)!', 'B VARCHAR(3,0)!']);
    expect(await client.rows('SELECT * FROM R')).toEqual([]);
  });

  it("runs FedML's own shape, with INSERTED_AT appended and one row at a time", async () => {
    const client = await openClient();
    await client.run(
      'CREATE TABLE PREDICTIONS (ID INTEGER PRIMARY KEY, Label Varchar(20), INSERTED_AT TIMESTAMP NOT NULL)',
    );

    await client.run('INSERT INTO "PREDICTIONS"  (id, label, INSERTED_AT) VALUES (:id, :label, :INSERTED_AT)', [
      1,
      'late',
      '2024-02-29 10:11:12',
    ]);
    await client.run(`UPDATE "PREDICTIONS"  SET label = 'early' WHERE id = 1`);
    await client.run('ALTER TABLE "PREDICTIONS" ADD (SCORE DOUBLE)');

    expect(await client.rows('SELECT * FROM PREDICTIONS')).toEqual([['1', 'early', '2024-02-29 10:11:12', null]]);
    await client.run('DELETE FROM "PREDICTIONS" WHERE ID = 1');
    await client.run('DROP TABLE "PREDICTIONS"');
  });

  it('numbers an identity column, and a sequence by name', async () => {
    const client = await openClient();
    await client.run(
      'CREATE TABLE I (ID BIGINT GENERATED BY DEFAULT AS IDENTITY (START WITH 10 INCREMENT BY 5), V NVARCHAR(3))',
    );
    await client.run('CREATE SEQUENCE S START WITH 3');

    await client.run('INSERT INTO I (V) VALUES (?)', ['a'], ['b']);
    await client.run('INSERT INTO I (ID, V) SELECT S.NEXTVAL, TO_VARCHAR(S.CURRVAL) FROM DUMMY');

    expect(await client.rows('SELECT * FROM I ORDER BY ID')).toEqual([
      ['3', '3'],
      ['10', 'a'],
      ['15', 'b'],
    ]);
    await client.run('DROP SEQUENCE S');
    await client.run('DROP TABLE I');
    expect(await client.code('SELECT S.NEXTVAL FROM DUMMY')).toBe(313);
  });
});

describe('temporary tables', () => {
  it('are seen by their own session only and are gone with it', async () => {
    const engine = await openWarehouse();
    const [first, second] = [
      new Client(await engine.openSession('TESTER')),
      new Client(await engine.openSession('TESTER')),
    ];
    await first.run('CREATE LOCAL TEMPORARY COLUMN TABLE #T (A INTEGER, B NVARCHAR(2))');

    await first.within('INSERT INTO #T VALUES (?, ?)', [1, 'x'], [2, 'y']);

    expect(await first.column('SELECT A FROM #T ORDER BY A', [], false)).toEqual(['1', '2']);
    expect(await second.code('SELECT * FROM #T')).toBe(259);
    expect(await first.code("INSERT INTO #T VALUES (3, 'long')")).toBe(274);
    await first.run('DROP TABLE #T');
    expect(await first.code('SELECT * FROM #T')).toBe(259);
  });

  it('that are global have one definition and rows of each session', async () => {
    const engine = await openWarehouse();
    const [first, second] = [
      new Client(await engine.openSession('TESTER')),
      new Client(await engine.openSession('TESTER')),
    ];
    await first.run('CREATE GLOBAL TEMPORARY TABLE G (A INTEGER)');

    await first.run('INSERT INTO G VALUES (1)');
    await second.run('INSERT INTO G VALUES (2)');

    expect([await first.column('SELECT A FROM G'), await second.column('SELECT A FROM G')]).toEqual([['1'], ['2']]);
  });
});

describe('ALTER, RENAME, TRUNCATE and COMMENT', () => {
  it('change a table that has rows', async () => {
    const client = await openClient();
    await client.run('CREATE TABLE T (ID INTEGER PRIMARY KEY, S NVARCHAR(3), N INTEGER)');
    await client.run("INSERT INTO T VALUES (1, 'abc', 5)");

    await client.run("ALTER TABLE T ADD (D NVARCHAR(3) DEFAULT 'd' NOT NULL, E DOUBLE)");
    await client.run('ALTER TABLE T ALTER (S NVARCHAR(10) NOT NULL)');
    await client.run('ALTER TABLE T ALTER (N BIGINT)');
    await client.run('ALTER TABLE T DROP (E)');
    await client.run('RENAME COLUMN T.D TO F');
    await client.run('RENAME TABLE T TO "t"');
    await client.run(`COMMENT ON TABLE "t" IS 'it''s t'`);
    await client.run(`COMMENT ON COLUMN "t".F IS 'column f'`);

    expect(await client.shape('SELECT * FROM "t"')).toEqual([
      'ID INTEGER(10,0)!',
      'S NVARCHAR(10,0)!',
      'N BIGINT(19,0)',
      'F NVARCHAR(3,0)!',
    ]);
    expect(await client.rows('SELECT * FROM "t"')).toEqual([['1', 'abc', '5', 'd']]);
    expect(await client.column("SELECT COMMENTS FROM TABLES WHERE TABLE_NAME = 't'")).toEqual(["it's t"]);
    expect(await client.column("SELECT COMMENTS FROM TABLE_COLUMNS WHERE COLUMN_NAME = 'F'")).toEqual(['column f']);
    expect(await client.code('INSERT INTO "t" (ID, S) VALUES (2, NULL)')).toBe(287);
    await client.run('TRUNCATE TABLE "t"');
    expect(await client.rows('SELECT * FROM "t"')).toEqual([]);
  });

  it('refuse what the rows do not fit', async () => {
    const client = await openClient();
    await client.run('CREATE TABLE T (ID INTEGER, S NVARCHAR(9))');
    await client.run('INSERT INTO T VALUES (?, ?)', [1, 'abcdef'], [1, null]);

    expect(await client.code('ALTER TABLE T ALTER (S NVARCHAR(3))')).toBe(274);
    expect(await client.code('ALTER TABLE T ALTER (S NVARCHAR(9) NOT NULL)')).toBe(287);
    expect(await client.code('ALTER TABLE T ALTER (S INTEGER)')).toBe(339);
    expect(await client.code('ALTER TABLE T ADD (N INTEGER NOT NULL)')).toBe(287);
    expect(await client.code('ALTER TABLE T ADD PRIMARY KEY (ID)')).toBe(301);
    expect(await client.shape('SELECT * FROM T')).toEqual(['ID INTEGER(10,0)', 'S NVARCHAR(9,0)']);
  });

  it('add keys and unique indexes that hold from then on', async () => {
    const client = await openClient();
    await client.run('CREATE TABLE T (ID INTEGER, S NVARCHAR(9))');

    await client.run('ALTER TABLE T ADD CONSTRAINT PK PRIMARY KEY (ID)');
    await client.run('CREATE UNIQUE INDEX IX ON T (S)');
    await client.run("INSERT INTO T VALUES (1, 'a')");

    expect(await client.code("INSERT INTO T VALUES (1, 'b')")).toBe(301);
    expect(await client.code("INSERT INTO T VALUES (2, 'a')")).toBe(301);
    expect(await client.rows("SELECT INDEX_NAME, CONSTRAINT FROM INDEXES WHERE TABLE_NAME = 'T'")).toEqual([
      ['PK', 'PRIMARY KEY'],
      ['IX', 'UNIQUE'],
    ]);
    await client.run('DROP INDEX IX');
    expect(await client.code("INSERT INTO T VALUES (2, 'a')")).toBe(0);
  });
});

describe('views', () => {
  it('keep declared lengths, are replaced, and are invalid without their table', async () => {
    const client = await openClient();
    await client.run('CREATE TABLE T (ID INTEGER PRIMARY KEY, S NVARCHAR(3), D DECIMAL(10,2))');
    await client.run("INSERT INTO T VALUES (1, 'abc', 2.5)");
    await client.run('CREATE VIEW V AS SELECT ID, S AS NAME, D * 2 AS TWICE FROM T');
    await client.run('CREATE VIEW W (A, B) AS SELECT ID, NAME FROM V WHERE TWICE > 1');

    expect(await client.rows('SELECT V.NAME, W.* FROM V JOIN W ON V.ID = W.A')).toEqual([['abc', '1', 'abc']]);
    expect(
      await client.rows(
        "SELECT COLUMN_NAME, DATA_TYPE_NAME, LENGTH, SCALE FROM VIEW_COLUMNS WHERE VIEW_NAME = 'V' ORDER BY POSITION",
      ),
    ).toEqual([
      ['ID', 'INTEGER', '10', null],
      ['NAME', 'NVARCHAR', '3', null],
      ['TWICE', 'DECIMAL', '20', '2'],
    ]);
    expect(await client.code('CREATE VIEW V AS SELECT 1 AS A FROM DUMMY')).toBe(288);
    await client.run('CREATE OR REPLACE VIEW V AS SELECT ID, S AS NAME, 5 AS TWICE FROM T');
    expect(await client.rows('SELECT TWICE FROM V')).toEqual([['5']]);
    await client.run('DROP TABLE T');
    expect(await client.code('SELECT * FROM W')).toBe(391);
    await client.run('DROP VIEW W');
    expect(await client.code('SELECT * FROM W')).toBe(259);
  });

  it.each([
    ['CREATE VIEW V AS SELECT 1 AS A, 2 AS A FROM DUMMY', 272],
    ['CREATE VIEW V (A, B) AS SELECT 1 FROM DUMMY', 269],
    ['CREATE VIEW V AS SELECT ? AS A FROM DUMMY', 7],
    ['CREATE VIEW V AS SELECT A FROM NOPE', 259],
    ['CREATE VIEW V AS SELECT 1 AS A FROM DUMMY WITH CHECK OPTION', 7],
    ['INSERT INTO OK VALUES (1)', 7],
  ])('refuse %s with %i', async (sql, code) => {
    const client = await openClient();
    await client.run('CREATE VIEW OK AS SELECT 1 AS A FROM DUMMY');

    expect(await client.code(sql)).toBe(code);
  });

  it('can be nested only so deep', async () => {
    const client = await openClient();
    await client.run('CREATE VIEW V0 AS SELECT 1 AS A FROM DUMMY');
    for (let depth = 1; depth < 70; depth += 1) {
      const code = await client.code(`CREATE VIEW V${depth} AS SELECT A FROM V${depth - 1}`);
      if (code !== 0) {
        expect([depth > 50, code]).toEqual([true, 7]);
        return;
      }
    }
    throw new Error('views were nested without end');
  });
});
