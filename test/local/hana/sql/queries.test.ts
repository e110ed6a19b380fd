import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LaptopHanaEngine, openHanaEngine } from '#local/hana/sql/engine.ts';
import { Client } from './warehouse.ts';

let engine: LaptopHanaEngine;
let client: Client;

beforeAll(async () => {
  engine = await openHanaEngine({ databaseFile: ':memory:', users: [{ name: 'TESTER', password: 'x' }] });
  client = new Client(await engine.openSession('TESTER'));
  await client.run(
    'CREATE COLUMN TABLE ORDERS (ID INTEGER PRIMARY KEY, CUSTOMER NVARCHAR(10), AMOUNT DECIMAL(10,2), DAY DATE)',
  );
  await client.run(
    'INSERT INTO ORDERS VALUES (?, ?, ?, ?)',
    [1, 'A', '10.50', '2024-01-01'],
    [2, 'B', '20.00', '2024-01-02'],
    [3, 'A', null, null],
    [4, null, '5.25', '2024-02-29'],
  );
  await client.run('CREATE TABLE CUSTOMERS (NAME NVARCHAR(10), CITY NVARCHAR(20))');
  await client.run('INSERT INTO CUSTOMERS VALUES (?, ?)', ['A', 'Berlin'], ['C', 'Paris']);
});

afterAll(() => engine.close());

/** Query, then the rows it must yield. */
const QUERIES: readonly (readonly [sql: string, rows: readonly (readonly (string | null)[])[]])[] = [
  ['SELECT * FROM DUMMY', [['X']]],
  ['select dummy from sys.dummy;', [['X']]],
  ['SELECT TOP 2 ID FROM ORDERS ORDER BY ID', [['1'], ['2']]],
  ['SELECT TOP 0 * FROM ORDERS', []],
  ['SELECT ID FROM ORDERS ORDER BY ID LIMIT 1 OFFSET 2', [['3']]],
  ['SELECT COUNT(*) FROM (SELECT TOP 3 * FROM ORDERS)', [['3']]],
  ['SELECT * FROM (SELECT TOP 1 ID FROM ORDERS ORDER BY ID DESC) X', [['4']]],
  ['SELECT COUNT(*) FROM "TESTER"."ORDERS"', [['4']]],
  ['SELECT ORDERS.ID FROM ORDERS WHERE TESTER.ORDERS.ID = 1', [['1']]],
  ['SELECT O.* FROM ORDERS AS O WHERE O.ID = 2', [['2', 'B', '20.00', '2024-01-02']]],
  ['SELECT DISTINCT CUSTOMER FROM ORDERS ORDER BY CUSTOMER', [[null], ['A'], ['B']]],
  ['SELECT CUSTOMER FROM ORDERS ORDER BY CUSTOMER, ID', [[null], ['A'], ['A'], ['B']]],
  ['SELECT CUSTOMER FROM ORDERS ORDER BY CUSTOMER DESC, ID', [['B'], ['A'], ['A'], [null]]],
  ['SELECT CUSTOMER FROM ORDERS ORDER BY CUSTOMER ASC NULLS LAST, 1', [['A'], ['A'], ['B'], [null]]],
  ['SELECT ID * 2 AS ID FROM ORDERS ORDER BY ID DESC LIMIT 1', [['8']]],
  ['SELECT CUSTOMER, COUNT(*), SUM(AMOUNT) FROM ORDERS GROUP BY CUSTOMER HAVING COUNT(*) > 1', [['A', '2', '10.50']]],
  ['SELECT YEAR(DAY), COUNT(*) FROM ORDERS WHERE DAY IS NOT NULL GROUP BY YEAR(DAY)', [['2024', '3']]],
  [
    'SELECT CUSTOMER, COUNT(*) FROM ORDERS GROUP BY ROLLUP(CUSTOMER) ORDER BY 2, 1',
    [
      [null, '1'],
      ['B', '1'],
      ['A', '2'],
      [null, '4'],
    ],
  ],
  [
    'SELECT CUSTOMER, GROUPING(CUSTOMER) G FROM ORDERS GROUP BY GROUPING SETS ((CUSTOMER), ()) ORDER BY 2 DESC, 1 LIMIT 1',
    [[null, '1']],
  ],
  [
    'SELECT ID, CITY FROM ORDERS O LEFT OUTER JOIN CUSTOMERS C ON O.CUSTOMER = C.NAME ORDER BY ID',
    [
      ['1', 'Berlin'],
      ['2', null],
      ['3', 'Berlin'],
      ['4', null],
    ],
  ],
  [
    'SELECT ID FROM ORDERS O LEFT OUTER MANY TO ONE JOIN CUSTOMERS C ON O.CUSTOMER = C.NAME WHERE CITY IS NULL ORDER BY 1',
    [['2'], ['4']],
  ],
  ['SELECT ID FROM ORDERS INNER MANY TO EXACT ONE JOIN CUSTOMERS ON CUSTOMER = NAME ORDER BY ID', [['1'], ['3']]],
  [
    'SELECT ID, NAME FROM ORDERS FULL OUTER JOIN CUSTOMERS ON CUSTOMER = NAME WHERE ID IS NULL OR NAME IS NULL ORDER BY ID',
    [
      [null, 'C'],
      ['2', null],
      ['4', null],
    ],
  ],
  ['SELECT COUNT(*) FROM ORDERS, CUSTOMERS', [['8']]],
  ['SELECT COUNT(*) FROM ORDERS CROSS JOIN CUSTOMERS', [['8']]],
  [
    'SELECT A.ID FROM ORDERS A JOIN (ORDERS B JOIN CUSTOMERS C ON B.CUSTOMER = C.NAME) ON A.ID = B.ID ORDER BY 1',
    [['1'], ['3']],
  ],
  ['SELECT 1 FROM DUMMY UNION SELECT 1 FROM DUMMY', [['1']]],
  ['SELECT 1 FROM DUMMY UNION ALL SELECT 2.5 FROM DUMMY ORDER BY 1 DESC', [['2.5'], ['1.0']]],
  ["SELECT 'a' AS X FROM DUMMY UNION ALL SELECT NULL FROM DUMMY ORDER BY X", [[null], ['a']]],
  ['SELECT ID FROM ORDERS MINUS SELECT 2 FROM DUMMY ORDER BY 1', [['1'], ['3'], ['4']]],
  ['SELECT ID FROM ORDERS EXCEPT SELECT ID FROM ORDERS WHERE ID < 4', [['4']]],
  ['SELECT ID FROM ORDERS INTERSECT SELECT 3 FROM DUMMY', [['3']]],
  ['(SELECT 1 AS A FROM DUMMY) UNION ALL (SELECT 2 FROM DUMMY) ORDER BY A DESC LIMIT 1', [['2']]],
  ['WITH X AS (SELECT ID FROM ORDERS WHERE ID > 2), Y (N) AS (SELECT COUNT(*) FROM X) SELECT N FROM Y', [['2']]],
  ['WITH ORDERS AS (SELECT 42 AS ID FROM DUMMY) SELECT ID FROM ORDERS', [['42']]],
  ['SELECT ID FROM ORDERS WHERE ID IN (SELECT MAX(ID) FROM ORDERS)', [['4']]],
  ['SELECT ID FROM ORDERS WHERE (ID, CUSTOMER) IN (SELECT ID, CUSTOMER FROM ORDERS WHERE ID = 2)', [['2']]],
  ["SELECT ID FROM ORDERS WHERE (ID, CUSTOMER) IN ((1, 'A'), (2, 'A'))", [['1']]],
  ['SELECT ID FROM ORDERS O WHERE EXISTS (SELECT 1 FROM CUSTOMERS WHERE NAME = O.CUSTOMER) ORDER BY 1', [['1'], ['3']]],
  ['SELECT (SELECT CITY FROM CUSTOMERS WHERE NAME = O.CUSTOMER) FROM ORDERS O WHERE ID = 1', [['Berlin']]],
  ['SELECT ID FROM ORDERS WHERE AMOUNT > ALL (SELECT AMOUNT FROM ORDERS WHERE ID = 4) ORDER BY 1', [['1'], ['2']]],
  ['SELECT ID FROM ORDERS WHERE AMOUNT = SOME (SELECT AMOUNT FROM ORDERS WHERE ID = 4)', [['4']]],
  ['SELECT ID FROM ORDERS WHERE NOT (ID BETWEEN 2 AND 3) AND ID NOT IN (4)', [['1']]],
  ["SELECT ID FROM ORDERS WHERE CUSTOMER LIKE 'a' OR CUSTOMER LIKE '_' ESCAPE '!' ORDER BY 1", [['1'], ['2'], ['3']]],
  ["SELECT ID FROM ORDERS WHERE CUSTOMER LIKE_REGEXPR '^[b]$' FLAG 'i'", [['2']]],
  ["SELECT ID FROM ORDERS WHERE DAY >= '2024-01-02' ORDER BY 1", [['2'], ['4']]],
  ["SELECT ID FROM ORDERS WHERE DAY BETWEEN '20240101' AND ADD_DAYS('2024-01-01', 1) ORDER BY 1", [['1'], ['2']]],
  ["SELECT ID FROM ORDERS WHERE ID = '3'", [['3']]],
  ['SELECT ID FROM ORDERS WHERE AMOUNT > 10 WITH HINT (NO_CS_JOIN, ROUTE_TO(1))', [['1'], ['2']]],
  ["SELECT CASE CUSTOMER WHEN 'A' THEN 1 WHEN 'B' THEN 2 END FROM ORDERS ORDER BY ID", [['1'], ['2'], ['1'], [null]]],
  [
    "SELECT CASE WHEN ID > 3 THEN 'late' ELSE CUSTOMER END FROM ORDERS WHERE ID IN (3, 4) ORDER BY ID",
    [['A'], ['late']],
  ],
  [
    'SELECT ROW_NUMBER() OVER (PARTITION BY CUSTOMER ORDER BY ID DESC) FROM ORDERS WHERE ID = 1 OR ID = 3 ORDER BY ID',
    [['2'], ['1']],
  ],
  [
    'SELECT ID, SUM(ID) OVER (ORDER BY ID ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM ORDERS ORDER BY ID',
    [
      ['1', '1'],
      ['2', '3'],
      ['3', '5'],
      ['4', '7'],
    ],
  ],
  [
    'SELECT ELEMENT_NUMBER, GENERATED_PERIOD_START FROM SERIES_GENERATE_INTEGER(2, 0, 5)',
    [
      ['1', '0'],
      ['2', '2'],
      ['3', '4'],
    ],
  ],
];

describe('queries', () => {
  it.each(QUERIES)('%s', async (sql, rows) => {
    expect(await client.rows(sql)).toEqual(rows);
  });

  it('takes parameters in every place that HANA takes them', async () => {
    const sql =
      'SELECT TOP ? ID, :v, ? + 1 FROM ORDERS WHERE CUSTOMER = ? AND ID IN (?, ?) AND :v IS NOT NULL ORDER BY ID LIMIT ?'.replace(
        'TOP ? ',
        '',
      );

    expect(await client.rows(sql, ['text', 4, 'A', 1, 3, 1])).toEqual([['1', 'text', '5']]);
    expect(await client.column('SELECT TOP ? ID FROM ORDERS ORDER BY ID', [2])).toEqual(['1', '2']);
  });

  it('tells clients the types of parameters', async () => {
    const statement = await client.session.prepare(
      'SELECT 1 FROM ORDERS WHERE DAY = ? AND AMOUNT > ? AND CUSTOMER = ? AND ID = ? AND ? = ?',
    );

    expect(statement.parameters.map(({ type }) => type.name)).toEqual([
      'DATE',
      'DECIMAL',
      'NVARCHAR',
      'INTEGER',
      'NVARCHAR',
      'NVARCHAR',
    ]);
  });

  it('names unnamed columns as HANA does', async () => {
    const columns = await client.columns(
      `select count( * ), id+ 1, "ID", upper('a b'), case when 1 = 1 then 'x' end, o.id as y from orders o group by id`,
    );

    expect(columns.map(({ name }) => name)).toEqual([
      'COUNT(*)',
      'ID+1',
      'ID',
      "UPPER('a b')",
      "CASE WHEN 1=1 THEN 'x' END",
      'Y',
    ]);
  });

  it('says for each column which table it comes from, its type and its true length', async () => {
    const columns = await client.columns('SELECT ID, CUSTOMER, AMOUNT, DAY FROM ORDERS');

    expect(columns[1]).toEqual({
      name: 'CUSTOMER',
      type: { name: 'NVARCHAR', length: 10, scale: 0 },
      nullable: true,
      schema: 'TESTER',
      table: 'ORDERS',
    });
    expect(await client.shape('SELECT ID, CUSTOMER, AMOUNT, DAY FROM ORDERS')).toEqual([
      'ID INTEGER(10,0)!',
      'CUSTOMER NVARCHAR(10,0)',
      'AMOUNT DECIMAL(10,2)',
      'DAY DATE(10,0)',
    ]);
  });

  it('carries lengths through derived tables, joins, unions and functions', async () => {
    const sql = `SELECT CUSTOMER, CUSTOMER || '-' || CITY, UPPER(CITY), COALESCE(CITY, 'none') FROM (SELECT CUSTOMER FROM ORDERS) LEFT JOIN CUSTOMERS ON NAME = CUSTOMER`;

    expect((await client.columns(sql)).map(({ type }) => `${type.name}(${type.length})`)).toEqual([
      'NVARCHAR(10)',
      'NVARCHAR(31)',
      'NVARCHAR(20)',
      'NVARCHAR(20)',
    ]);
    expect(await client.shape("SELECT CITY AS C FROM CUSTOMERS UNION SELECT 'x' FROM DUMMY")).toEqual([
      'C NVARCHAR(20,0)',
    ]);
  });

  it.each([
    ['SELECT * FORM DUMMY', 257],
    ['SELECT', 257],
    ['', 257],
    ['SELECT 1', 257],
    ['SELECT 1 = 1 FROM DUMMY', 257],
    ['SELECT ID FROM ORDERS WHERE ID', 257],
    ['SELECT ID FROM ORDERS WHERE (ID, 1)', 257],
    ['SELECT 1 FROM DUMMY; SELECT 2 FROM DUMMY', 7],
    ['SELECT NOPE FROM ORDERS', 260],
    ['SELECT X.ID FROM ORDERS', 260],
    ['SELECT X.* FROM ORDERS', 260],
    ['SELECT * FROM NOPE', 259],
    ['SELECT * FROM SYS.NOPE', 259],
    ['SELECT * FROM NOPE.NOPE', 362],
    ['SELECT ID FROM ORDERS A, ORDERS B', 268],
    ['SELECT NOPE(1) FROM DUMMY', 328],
    ['SELECT * FROM NOPE(1)', 328],
    ['SELECT UPPER() FROM DUMMY', 319],
    ['SELECT 1, 2 FROM DUMMY UNION SELECT 1 FROM DUMMY', 270],
    ['SELECT 1 FROM DUMMY UNION SELECT 1, 2 FROM DUMMY', 269],
    ['SELECT ID FROM ORDERS WHERE ID IN (SELECT ID, ID FROM ORDERS)', 269],
    ['SELECT (SELECT ID FROM ORDERS) FROM DUMMY', 305],
    ['SELECT ID FROM ORDERS ORDER BY 2', 280],
    ['SELECT DISTINCT ID FROM ORDERS ORDER BY AMOUNT', 280],
    ['SELECT CUSTOMER, COUNT(*) FROM ORDERS', 277],
    ['SELECT ID FROM ORDERS WHERE COUNT(*) > 1', 275],
    ['SELECT ID FROM ORDERS WHERE DAY = 1', 266],
    ["SELECT ID FROM ORDERS WHERE DAY = 'yesterday'", 303],
    ["SELECT ID FROM ORDERS WHERE ID = 'x'", 339],
    ['SELECT CAST(1 AS NOPE) FROM DUMMY', 264],
    ['SELECT 1/0 FROM DUMMY', 304],
    ['SELECT 2147483647 + 1 FROM DUMMY', 314],
    ['SELECT DEFAULT FROM DUMMY', 257],
    ['SELECT ID FROM ORDERS FOR UPDATE', 7],
    ['SELECT ID FROM ORDERS NATURAL JOIN CUSTOMERS', 7],
    ['SELECT ID FROM ORDERS JOIN CUSTOMERS USING (NAME)', 7],
    ['SELECT ID FROM ORDERS GROUP BY 1', 7],
    ["SELECT ID FROM ORDERS FOR SYSTEM_TIME AS OF '2024-01-01'", 7],
    ['SELECT ID FROM ORDERS TABLESAMPLE SYSTEM (10)', 7],
    ['WITH RECURSIVE X AS (SELECT 1 FROM DUMMY) SELECT * FROM X', 7],
    ['SELECT COUNT(*) FILTER (WHERE 1 = 1) FROM DUMMY', 7],
    ['SELECT SUM(ID ORDER BY ID) FROM ORDERS', 7],
    ['SELECT * FROM A.B.C', 7],
    ['EXPLAIN PLAN FOR SELECT 1 FROM DUMMY', 7],
    ['CALL X()', 7],
    ['{ CALL X(?) }', 7],
    ['DO BEGIN END', 7],
    ['CONNECT "U" PASSWORD "p"', 7],
    ['CREATE PROCEDURE P AS BEGIN END', 7],
    ['EXPORT X AS CSV', 7],
    ['SAVEPOINT A', 7],
  ])('refuses %s with %i', async (sql, code) => {
    expect(await client.code(sql)).toBe(code);
  });

  it('says where a statement is wrong', async () => {
    expect(await client.message('SELECT *\n  FORM DUMMY')).toBe(
      'sql syntax error: incorrect syntax near "FORM" (expected FROM): line 2 col 3 (at pos 12)',
    );
    expect(await client.message('SELECT * FROM NOPE')).toBe(
      'invalid table name: Could not find table/view NOPE in schema TESTER: line 1 col 15 (at pos 15)',
    );
    expect(await client.message('SELECT NOPE FROM DUMMY')).toBe('invalid column name: NOPE: line 1 col 8 (at pos 8)');
  });

  it('refuses an expression that is nested beyond all measure instead of falling over', async () => {
    expect(await client.code(`SELECT ${'('.repeat(50_000)}1${')'.repeat(50_000)} FROM DUMMY`)).toBe(7);
  });

  it.each([
    ['sum', `1${' + 1'.repeat(30_000)}`],
    ['minus signs', `${'- '.repeat(30_000)}1`],
    ['CASE', `${'CASE WHEN 1 = 1 THEN '.repeat(1000)}1${' END'.repeat(1000)}`],
  ])('refuses a %s without end', async (_name, expression) => {
    expect([7, 2048]).toContain(await client.code(`SELECT ${expression} FROM DUMMY`));
    expect(await client.column('SELECT 1 FROM DUMMY')).toEqual(['1']);
  });

  it('compares with all the digits of a parameter', async () => {
    expect(await client.column('SELECT ID FROM ORDERS WHERE AMOUNT < ?', ['10.499'])).toEqual(['4']);
    expect(await client.column('SELECT ID FROM ORDERS WHERE AMOUNT = ?', ['10.496'])).toEqual([]);
  });

  it('takes an IN list of 65,535 elements', async () => {
    const list = Array.from({ length: 65_535 }, (_, index) => index).join(',');

    expect(await client.column(`SELECT COUNT(*) FROM ORDERS WHERE ID IN (${list})`)).toEqual(['4']);
  });
});
