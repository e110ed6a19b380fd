import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LaptopHanaEngine, openHanaEngine } from '#local/hana/sql/engine.ts';
import { Client, openWarehouse } from './warehouse.ts';

/** A space as in Datasphere: its tables are its own, one of its views is exposed to the technical user FLIGHTS#FEDML. */
const openSpace = async (): Promise<Space> => fillSpace(await openWarehouse(SPACE_OPTIONS));

interface Space {
  readonly space: Client;
  readonly fedml: Client;
  readonly system: Client;
}

const SPACE_OPTIONS = {
  databaseFile: ':memory:',
  users: [
    { name: 'FLIGHTS#FEDML', password: 'x' },
    { name: 'SYSTEM', password: 'y' },
  ],
};

async function fillSpace(engine: LaptopHanaEngine): Promise<Space> {
  await engine.administration.ensureSpace('FLIGHTS');
  const system = new Client(await engine.openSession('SYSTEM'));
  const space = new Client(await engine.openSession('FLIGHTS'));
  await space.run('CREATE TABLE BASE (ID INTEGER PRIMARY KEY, SECRET NVARCHAR(10))');
  await space.run("INSERT INTO BASE VALUES (1, 'hidden')");
  await space.run('CREATE VIEW EXPOSED AS SELECT ID FROM BASE');
  await space.run('CREATE VIEW PRIVATE AS SELECT SECRET FROM BASE');
  await space.run('CREATE SEQUENCE NUMBERS');
  await space.run('GRANT SELECT ON EXPOSED TO "FLIGHTS#FEDML"');
  return { system, space, fedml: new Client(await engine.openSession('FLIGHTS#FEDML')) };
}

/** For statements that are refused and so change nothing. */
let shared: ReturnType<typeof openSpace>;
let refusing: LaptopHanaEngine;

beforeAll(async () => {
  refusing = await openHanaEngine(SPACE_OPTIONS);
  shared = fillSpace(refusing);
  await (await shared).fedml.run('CREATE TABLE MINE (A INTEGER PRIMARY KEY)');
  await (await shared).fedml.run('CREATE TABLE T (A INTEGER)');
});

afterAll(() => refusing.close());

describe('a technical user', () => {
  it('reads an exposed view with the rights of its owner', async () => {
    const { fedml } = await openSpace();

    expect(await fedml.rows('SELECT * FROM "FLIGHTS"."EXPOSED"')).toEqual([['1']]);
    expect(await fedml.rows('SELECT TOP 1 * FROM FLIGHTS.EXPOSED E WHERE E.ID = ?', [1])).toEqual([['1']]);
  });

  it('owns the schema of its name and writes there', async () => {
    const { fedml } = await openSpace();

    await fedml.run('CREATE TABLE PREDICTIONS (ID INTEGER PRIMARY KEY)');
    await fedml.run('INSERT INTO PREDICTIONS SELECT ID FROM FLIGHTS.EXPOSED');

    expect(await fedml.rows('SELECT * FROM "FLIGHTS#FEDML"."PREDICTIONS"')).toEqual([['1']]);
  });

  it('is told what it lacks, and on what', async () => {
    const { fedml } = await openSpace();

    expect(await fedml.message('SELECT * FROM FLIGHTS.BASE')).toBe(
      'insufficient privilege: Not authorized: user FLIGHTS#FEDML lacks SELECT on "FLIGHTS"."BASE"',
    );
  });

  it.each([
    'SELECT * FROM FLIGHTS.BASE',
    'SELECT * FROM "FLIGHTS"."PRIVATE"',
    'SELECT (SELECT MAX(SECRET) FROM FLIGHTS.BASE) FROM DUMMY',
    'SELECT 1 FROM DUMMY WHERE EXISTS (SELECT 1 FROM FLIGHTS.BASE)',
    'SELECT 1 FROM DUMMY WHERE 1 IN (SELECT ID FROM FLIGHTS.BASE)',
    'SELECT 1 FROM DUMMY WHERE 1 = ANY (SELECT ID FROM FLIGHTS.BASE)',
    'SELECT * FROM (SELECT * FROM FLIGHTS.BASE)',
    'SELECT * FROM FLIGHTS.EXPOSED UNION ALL SELECT ID FROM FLIGHTS.BASE',
    'SELECT * FROM FLIGHTS.EXPOSED E JOIN FLIGHTS.BASE B ON E.ID = B.ID',
    'SELECT * FROM FLIGHTS.EXPOSED, FLIGHTS.BASE',
    'WITH BASE AS (SELECT * FROM FLIGHTS.BASE) SELECT * FROM BASE',
    'SELECT FLIGHTS.NUMBERS.NEXTVAL FROM DUMMY',
    'WITH X AS (SELECT 1 AS A FROM DUMMY) SELECT * FROM X, FLIGHTS.BASE',
    'SELECT 1 FROM DUMMY ORDER BY (SELECT ID FROM FLIGHTS.BASE)',
    'SELECT 1 FROM DUMMY GROUP BY DUMMY HAVING MAX(DUMMY) = (SELECT SECRET FROM FLIGHTS.BASE)',
    'SELECT CASE WHEN 1 = 1 THEN (SELECT SECRET FROM FLIGHTS.BASE) END FROM DUMMY',
    'INSERT INTO MINE SELECT ID FROM FLIGHTS.BASE',
    'INSERT INTO MINE VALUES ((SELECT ID FROM FLIGHTS.BASE))',
    'UPSERT MINE SELECT ID FROM FLIGHTS.BASE',
    'UPDATE MINE SET A = (SELECT ID FROM FLIGHTS.BASE)',
    'DELETE FROM MINE WHERE A IN (SELECT ID FROM FLIGHTS.BASE)',
    'MERGE INTO MINE USING FLIGHTS.BASE B ON A = B.ID WHEN MATCHED THEN DELETE',
    'MERGE INTO MINE USING DUMMY ON 1 = (SELECT ID FROM FLIGHTS.BASE) WHEN MATCHED THEN DELETE',
    'CREATE TABLE COPY AS (SELECT * FROM FLIGHTS.BASE)',
    'CREATE TABLE COPY LIKE FLIGHTS.BASE WITH DATA',
    'CREATE TABLE #COPY LIKE FLIGHTS.BASE WITH DATA',
    'CREATE VIEW COPY AS SELECT * FROM FLIGHTS.BASE',
    'INSERT INTO FLIGHTS.BASE VALUES (2, NULL)',
    'UPDATE FLIGHTS.BASE SET ID = 2',
    'DELETE FROM FLIGHTS.BASE',
    'UPSERT FLIGHTS.BASE VALUES (1, NULL) WITH PRIMARY KEY',
    'MERGE INTO FLIGHTS.BASE USING DUMMY ON 1 = 1 WHEN MATCHED THEN DELETE',
    'TRUNCATE TABLE FLIGHTS.BASE',
    'LOCK TABLE FLIGHTS.BASE IN EXCLUSIVE MODE',
    'CREATE TABLE FLIGHTS.T (A INTEGER)',
    'CREATE VIEW FLIGHTS.V AS SELECT SECRET FROM FLIGHTS.BASE',
    'CREATE OR REPLACE VIEW FLIGHTS.EXPOSED AS SELECT SECRET AS ID FROM FLIGHTS.BASE',
    'CREATE SEQUENCE FLIGHTS.S',
    'CREATE INDEX I ON FLIGHTS.BASE (SECRET)',
    'DROP TABLE FLIGHTS.BASE',
    'DROP VIEW FLIGHTS.EXPOSED',
    'DROP SEQUENCE FLIGHTS.NUMBERS',
    'ALTER TABLE FLIGHTS.BASE ADD (X INTEGER)',
    'RENAME TABLE FLIGHTS.BASE TO B2',
    'RENAME COLUMN FLIGHTS.BASE.SECRET TO S',
    "COMMENT ON TABLE FLIGHTS.BASE IS 'x'",
    'GRANT SELECT ON FLIGHTS.BASE TO "FLIGHTS#FEDML"',
    'GRANT SELECT ON FLIGHTS.EXPOSED TO PUBLIC',
    'GRANT SELECT ON SCHEMA FLIGHTS TO "FLIGHTS#FEDML"',
    'REVOKE SELECT ON FLIGHTS.EXPOSED FROM "FLIGHTS#FEDML"',
    'DROP SCHEMA FLIGHTS CASCADE',
    'CREATE SCHEMA X',
    'CREATE USER X PASSWORD "y"',
    'ALTER USER SYSTEM PASSWORD "y"',
    'DROP USER FLIGHTS CASCADE',
    'INSERT INTO SYS.TABLES SELECT * FROM SYS.TABLES',
    'DELETE FROM DUMMY',
  ])('is refused with 258: %s', async (sql) => {
    const { fedml, space } = await shared;

    expect(await fedml.code(sql)).toBe(258);

    expect(await space.rows('SELECT * FROM BASE')).toEqual([['1', 'hidden']]);
    expect(await fedml.rows('SELECT * FROM MINE')).toEqual([]);
  });

  it('reaches a common table expression, not the table of that name', async () => {
    const { fedml } = await openSpace();
    await fedml.run('SET SCHEMA FLIGHTS');

    expect(await fedml.code('SELECT * FROM BASE')).toBe(258);
    expect(await fedml.rows('WITH BASE AS (SELECT 7 AS A FROM DUMMY) SELECT * FROM BASE')).toEqual([['7']]);
    expect(await fedml.code('WITH BASE AS (SELECT * FROM BASE) SELECT * FROM BASE')).toBe(258);
    expect(await fedml.code('SELECT * FROM (WITH BASE AS (SELECT 7 AS A FROM DUMMY) SELECT * FROM BASE), BASE')).toBe(
      258,
    );
  });

  it('can pass a privilege on only WITH GRANT OPTION, and loses what is revoked', async () => {
    const { fedml, space, system } = await openSpace();
    await system.run('CREATE USER OTHER PASSWORD "x"');
    expect(await fedml.code('GRANT SELECT ON FLIGHTS.EXPOSED TO OTHER')).toBe(258);

    await space.run('GRANT SELECT ON EXPOSED TO "FLIGHTS#FEDML" WITH GRANT OPTION');
    await fedml.run('GRANT SELECT ON FLIGHTS.EXPOSED TO OTHER');
    const statement = await fedml.session.prepare('SELECT * FROM FLIGHTS.EXPOSED');
    await space.run('REVOKE SELECT ON EXPOSED FROM "FLIGHTS#FEDML"');

    expect(await fedml.code('SELECT * FROM FLIGHTS.EXPOSED')).toBe(258);
    await expect(statement.execute([[]], { autocommit: true })).rejects.toMatchObject({ code: 258 });
  });

  it('may do in a foreign schema what is granted on the schema', async () => {
    const { fedml, space } = await openSpace();
    await space.run('GRANT SELECT, INSERT, CREATE ANY ON SCHEMA FLIGHTS TO "FLIGHTS#FEDML"');

    await fedml.run("INSERT INTO FLIGHTS.BASE VALUES (2, 'n')");
    await fedml.run('CREATE TABLE FLIGHTS.NEW (A INTEGER)');

    expect(await fedml.rows('SELECT ID FROM FLIGHTS.BASE ORDER BY 1')).toEqual([['1'], ['2']]);
    expect(await fedml.code('DELETE FROM FLIGHTS.BASE')).toBe(258);
  });

  it('who may create objects in a space gets no rights of its owner by a view', async () => {
    const { fedml, space } = await openSpace();
    await space.run('GRANT CREATE ANY ON SCHEMA FLIGHTS TO "FLIGHTS#FEDML"');

    expect(await fedml.code('CREATE VIEW FLIGHTS.MINE AS SELECT SECRET FROM FLIGHTS.BASE')).toBe(258);
    expect(await fedml.code('CREATE OR REPLACE VIEW FLIGHTS.EXPOSED AS SELECT ID + 1 AS ID FROM FLIGHTS.EXPOSED')).toBe(
      258,
    );
    expect(await fedml.code('CREATE VIEW FLIGHTS.MINE AS SELECT ID FROM FLIGHTS.EXPOSED')).toBe(0);
  });

  it("loses a view's rows when the view's owner loses them", async () => {
    const { fedml, space, system } = await openSpace();
    await system.run('CREATE USER OWNER PASSWORD "x"');
    await system.run('CREATE TABLE OWNER.T (A INTEGER)');
    await system.run('GRANT SELECT ON OWNER.T TO FLIGHTS');
    await space.run('CREATE VIEW OVER_T AS SELECT A FROM OWNER.T');
    await space.run('GRANT SELECT ON OVER_T TO "FLIGHTS#FEDML"');
    expect(await fedml.code('SELECT * FROM FLIGHTS.OVER_T')).toBe(0);

    await system.run('REVOKE SELECT ON OWNER.T FROM FLIGHTS');

    expect(await fedml.code('SELECT * FROM FLIGHTS.OVER_T')).toBe(258);
  });

  it('sees in the system views only what it may see', async () => {
    const { fedml } = await openSpace();
    await fedml.run('CREATE TABLE MINE (A INTEGER)');

    expect(await fedml.rows('SELECT SCHEMA_NAME, TABLE_NAME FROM TABLES')).toEqual([['FLIGHTS#FEDML', 'MINE']]);
    expect(await fedml.rows('SELECT SCHEMA_NAME, VIEW_NAME FROM SYS.VIEWS')).toEqual([['FLIGHTS', 'EXPOSED']]);
    expect(await fedml.column('SELECT SCHEMA_NAME FROM SCHEMAS ORDER BY 1')).toEqual(['FLIGHTS', 'FLIGHTS#FEDML']);
    expect(await fedml.column('SELECT DISTINCT TABLE_NAME FROM TABLE_COLUMNS')).toEqual(['MINE']);
    expect(await fedml.column('SELECT USER_NAME FROM USERS')).toEqual(['FLIGHTS#FEDML']);
    expect(
      await fedml.rows(
        "SELECT PRIVILEGE, OBJECT_NAME FROM EFFECTIVE_PRIVILEGES WHERE USER_NAME = 'FLIGHTS#FEDML' AND SCHEMA_NAME = 'FLIGHTS'",
      ),
    ).toEqual([['SELECT', 'EXPOSED']]);
    expect(await fedml.rows('SELECT GRANTEE, GRANTOR, OBJECT_NAME FROM GRANTED_PRIVILEGES')).toEqual([
      ['FLIGHTS#FEDML', 'FLIGHTS', 'EXPOSED'],
    ]);
  });
});

describe('nothing but HANA', () => {
  it.each([
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM READ_TEXT('/etc/passwd')",
    "SELECT * FROM read_parquet('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "/etc/passwd"',
    'SELECT * FROM "x.parquet"',
    'SELECT * FROM duckdb_tables()',
    'SELECT * FROM duckdb_settings()',
    'SELECT * FROM duckdb_secrets()',
    'SELECT * FROM pragma_table_info(1)',
    'SELECT * FROM information_schema.tables',
    'SELECT * FROM "information_schema"."tables"',
    'SELECT * FROM pg_catalog.pg_class',
    'SELECT * FROM main.x',
    'SELECT * FROM "main"."x"',
    'SELECT * FROM _sys.catalog',
    'SELECT * FROM "_sys"."catalog"',
    'SELECT * FROM _SYS.CATALOG',
    'SELECT * FROM temp.x',
    'SELECT * FROM sqlite_master',
    'SELECT * FROM memory.main.x',
    'SELECT * FROM range(10)',
    'SELECT * FROM generate_series(1, 10)',
    "SELECT getenv('HOME') FROM DUMMY",
    "SELECT getvariable('x') FROM DUMMY",
    "SELECT current_setting('threads') FROM DUMMY",
    "SELECT query('SELECT 1') FROM DUMMY",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('x')",
    "SELECT error('x') FROM DUMMY",
    "SELECT nextval('x') FROM DUMMY",
    'SELECT version() FROM DUMMY',
    "SELECT _sys.initcap('x') FROM DUMMY",
    'SELECT columns(*) FROM DUMMY',
    'SELECT * EXCLUDE (DUMMY) FROM DUMMY',
    'SELECT * REPLACE (1 AS DUMMY) FROM DUMMY',
    'SELECT unnest([1]) FROM DUMMY',
    "SELECT {'a': 1} FROM DUMMY",
    'SELECT 1::INTEGER FROM DUMMY',
    'SELECT $1 FROM DUMMY',
    'SELECT $$x$$ FROM DUMMY',
    "SELECT E'\\x41' FROM DUMMY",
    'FROM DUMMY',
    'VALUES (1)',
    'TABLE DUMMY',
    'DESCRIBE DUMMY',
    'SHOW TABLES',
    'SUMMARIZE DUMMY',
    "ATTACH 'x.db'",
    "COPY T TO '/tmp/x'",
    "COPY T FROM '/tmp/x'",
    "EXPORT DATABASE '/tmp/x'",
    'INSTALL httpfs',
    'LOAD httpfs',
    'PRAGMA database_list',
    'SET enable_external_access = true',
    'SET lock_configuration = false',
    "SET SCHEMA 'x'; DROP TABLE T",
    'RESET threads',
    'CHECKPOINT',
    'VACUUM',
    'USE memory',
    'CREATE MACRO M() AS 1',
    'CREATE FUNCTION F() AS 1',
    'CREATE SECRET S (TYPE s3)',
    'CREATE TYPE X AS ENUM (1)',
    "SELECT 1 FROM DUMMY; COPY T TO '/tmp/x'",
    'SELECT 1 FROM DUMMY -- \n; DROP TABLE T',
    "SELECT 'x''; DROP TABLE T; --' FROM NOPE",
    'SELECT "x""; DROP TABLE T; --" FROM DUMMY',
    'SELECT 1 AS "a" FROM DUMMY WHERE 1 = 1) UNION (SELECT 2 FROM DUMMY',
    'CREATE TABLE X (A INTEGER DEFAULT (SELECT 1 FROM DUMMY))',
    "CREATE TABLE X (A NVARCHAR(9) DEFAULT read_text('/etc/passwd'))",
  ])('is understood: %s', async (sql) => {
    const { fedml } = await shared;

    expect([7, 257, 258, 259, 260, 328, 339, 362]).toContain(await fedml.code(sql));

    expect(await fedml.rows('SELECT * FROM T')).toEqual([]);
    expect(await fedml.column('SELECT TABLE_NAME FROM TABLES ORDER BY 1')).toEqual(['MINE', 'T']);
  });

  it.each([`x'; DROP TABLE T; --`, `'`, `"`, `\\`, `\\'; --`, '$1', '{{x}}', '%s', 'HANA|301|x', '\u2028', 'a\0b'])(
    'is done with the value %j',
    async (value) => {
      const engine = await openWarehouse();
      const client = new Client(await engine.openSession('TESTER'));
      await client.run('CREATE TABLE T (A NVARCHAR(50))');

      await client.run('INSERT INTO T VALUES (?)', [value]);
      await client.run(`INSERT INTO T VALUES ('${value.replaceAll("'", "''")}')`);

      expect(await client.column('SELECT A FROM T WHERE A = ?', [value])).toEqual([value, value]);
    },
  );
});
