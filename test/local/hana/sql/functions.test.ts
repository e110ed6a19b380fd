import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LaptopHanaEngine, openHanaEngine } from '#local/hana/sql/engine.ts';
import { FUNCTIONS } from '#local/hana/sql/functions/functions.ts';
import { Client } from './warehouse.ts';

let engine: LaptopHanaEngine;
let client: Client;

beforeAll(async () => {
  engine = await openHanaEngine({ databaseFile: ':memory:', users: [{ name: 'TESTER', password: 'x' }] });
  client = new Client(await engine.openSession('TESTER'));
  await client.run('CREATE TABLE N (I INTEGER, S SMALLINT, L BIGINT, D DECIMAL(10,2), F DOUBLE, T NVARCHAR(20))');
  await client.run(
    'INSERT INTO N VALUES (?, ?, ?, ?, ?, ?)',
    [1, 1, 10n, '1.50', 0.5, 'b'],
    [2, 2, 20n, '2.50', 1.5, 'a'],
    [3, 3, 30n, null, null, null],
    [4, 4, 40n, '4.25', 2.5, 'c'],
  );
});

afterAll(() => engine.close());

/** Expression over DUMMY, its value as text, and its type where that matters. */
const VALUES: readonly (readonly [expression: string, value: string | null, type?: string])[] = [
  // arithmetic
  ['1 + 2 * 3 - 4', '3', 'INTEGER(10,0)'],
  ['7 / 2', '3.500000', 'DECIMAL(38,6)'],
  ['1 / 3', '0.333333'],
  ['-5', '-5'],
  ['- (2 - 5)', '3'],
  ['1.5 + 1', '2.5'],
  ['1.5 * 1.25', '1.875', 'DECIMAL(5,3)'],
  ['9.99 / 3', '3.330000'],
  ['1e2 + 1', '101', 'DOUBLE(15,0)'],
  ['9223372036854775807', '9223372036854775807', 'BIGINT(19,0)'],
  ['2147483648', '2147483648', 'BIGINT(19,0)'],
  ["'3' + 1", '4.0000000000'],
  ["DATE'2024-02-28' + 1", '2024-02-29', 'DATE(10,0)'],
  ["DATE'2024-03-01' - 1", '2024-02-29', 'DATE(10,0)'],
  ["DATE'2024-03-01' - DATE'2024-02-01'", '29', 'INTEGER(10,0)'],
  ['NULL + 1', null],
  // strings
  ["'a' || 'b' || 1", 'ab1'],
  ["'a' || NULL", null],
  ["CONCAT('a', 'b')", 'ab', 'NVARCHAR(2,0)'],
  ["CONCAT('a', 1)", 'a1'],
  ["ASCII('A')", '65'],
  ['CHAR(65)', 'A'],
  ['NCHAR(8364)', '€'],
  ["UNICODE('€')", '8364'],
  ["INITCAP('hello wORLD-x1')", 'Hello World-X1'],
  ["LOWER('ÄB')", 'äb'],
  ["LCASE('AB')", 'ab'],
  ["UPPER('äb')", 'ÄB'],
  ["UCASE('ab')", 'AB'],
  ["LEFT('hello', 2)", 'he'],
  ["LEFT('hello', -1)", ''],
  ["RIGHT('hello', 2)", 'lo'],
  ["LENGTH('hello')", '5', 'INTEGER(10,0)'],
  ["LENGTH('ä')", '1'],
  ["LENGTH('a😀')", '3'],
  ["LENGTH('')", '0'],
  ["LOCATE('hello', 'l')", '3'],
  ["LOCATE('hello', 'x')", '0'],
  ["LOCATE('hello', 'l', 4)", '4'],
  ["LPAD('a', 3)", '  a'],
  ["LPAD('a', 3, '*')", '**a'],
  ["RPAD('a', 3, '*')", 'a**'],
  ["LTRIM('  a')", 'a'],
  ["LTRIM('xya', 'xy')", 'a'],
  ["RTRIM('a  ')", 'a'],
  ["TRIM('  a ')", 'a'],
  ["TRIM(BOTH 'x' FROM 'xax')", 'a'],
  ["TRIM(LEADING 'x' FROM 'xax')", 'ax'],
  ["TRIM(TRAILING FROM 'a ')", 'a'],
  ["REPLACE('abcabc', 'b', 'X')", 'aXcaXc'],
  ["SUBSTRING('hello', 2, 3)", 'ell'],
  ["SUBSTRING('hello', 2)", 'ello'],
  ["SUBSTR('hello', 0, 2)", 'he'],
  ["SUBSTR_BEFORE('a=b=c', '=')", 'a'],
  ["SUBSTR_AFTER('a=b=c', '=')", 'b=c'],
  ["SUBSTR_AFTER('abc', '=')", ''],
  ["HAMMING_DISTANCE('abc', 'abd')", '1'],
  ["REPLACE_REGEXPR('[0-9]+' IN 'a1b22' WITH '#' OCCURRENCE ALL)", 'a#b#'],
  ["REPLACE_REGEXPR('(a)(b)' IN 'ab' WITH '\\2\\1')", 'ba'],
  ["REPLACE_REGEXPR('B' FLAG 'i' IN 'abc' WITH '')", 'ac'],
  ["SUBSTR_REGEXPR('[0-9]+' IN 'a12b')", '12'],
  ["SUBSTRING_REGEXPR('(a)([0-9])' IN 'a1' GROUP 2)", '1'],
  ["SUBSTR_REGEXPR('z' IN 'a')", null],
  ["OCCURRENCES_REGEXPR('a' IN 'banana')", '3'],
  // numbers
  ['ABS(-1.5)', '1.5', 'DECIMAL(2,1)'],
  ['CEIL(1.2)', '2'],
  ['FLOOR(-1.2)', '-2'],
  ['ROUND(2.567, 2)', '2.570', 'DECIMAL(4,3)'],
  ['ROUND(2.5)', '3'],
  ['ROUND(1234, -2)', '1200'],
  ['ROUND(TO_DOUBLE(2.345), 1)', '2.3'],
  ['SIGN(-3)', '-1'],
  ['MOD(7, 3)', '1', 'INTEGER(10,0)'],
  ['MOD(-7, 3)', '-1'],
  ['MOD(7.5, 2)', '1.5'],
  ['POWER(2, 10)', '1024'],
  ['SQRT(9)', '3'],
  ['EXP(0)', '1'],
  ['LN(1)', '0'],
  ['LOG(10, 1000)', '2.9999999999999996'],
  ['SIN(0)', '0'],
  ['COS(0)', '1'],
  ['ATAN2(0, 1)', '0'],
  ['BITAND(6, 3)', '2'],
  ['BITOR(6, 3)', '7'],
  ['BITXOR(6, 3)', '5'],
  ['BITCOUNT(7)', '3'],
  ['GREATEST(1, 3, 2)', '3'],
  ['LEAST(1.5, 3)', '1.5'],
  ['GREATEST(1, NULL)', null],
  ['NDIV0(1, 0)', '0'],
  ['UMINUS(2)', '-2'],
  ['ACOS(1)', '0'],
  ['ASIN(0)', '0'],
  ['COSH(0)', '1'],
  ['ROUND(COT(1), 3)', '0.642'],
  ['SINH(0)', '0'],
  ['TANH(0)', '0'],
  ['FLOOR(RAND() + RAND_SECURE() * 0)', '0'],
  // conditional
  ["IFNULL(NULL, 'x')", 'x'],
  ["COALESCE(NULL, NULL, 'y')", 'y'],
  ['NULLIF(1, 1)', null],
  ['NULLIF(2, 1)', '2'],
  ["MAP(2, 1, 'one', 2, 'two', 'other')", 'two'],
  ["MAP(3, 1, 'one', 2, 'two', 'other')", 'other'],
  ["MAP(3, 1, 'one')", null],
  // dates
  ["TO_DATE('2024-02-29')", '2024-02-29', 'DATE(10,0)'],
  ["TO_DATE('20240229')", '2024-02-29'],
  ["TO_DATE('29.02.2024', 'DD.MM.YYYY')", '2024-02-29'],
  ["TO_TIME('10:11:12')", '10:11:12', 'TIME(8,0)'],
  ["TO_TIMESTAMP('2024-02-29 10:11:12.123456')", '2024-02-29 10:11:12.123456', 'TIMESTAMP(27,0)'],
  ["TO_TIMESTAMP('2024-02-29')", '2024-02-29 00:00:00'],
  ["TO_TIMESTAMP('29/02/2024 23:59', 'DD/MM/YYYY HH24:MI')", '2024-02-29 23:59:00'],
  ["TO_SECONDDATE('2024-02-29 10:11:12.9')", '2024-02-29 10:11:12', 'SECONDDATE(19,0)'],
  ["TO_DATS('2024-02-29')", '20240229'],
  ["ADD_DAYS('2024-02-28', 2)", '2024-03-01', 'DATE(10,0)'],
  ["ADD_DAYS(TO_TIMESTAMP('2024-02-28 10:00:00'), 1)", '2024-02-29 10:00:00', 'TIMESTAMP(27,0)'],
  ["ADD_MONTHS(TO_DATE('2024-01-31'), 1)", '2024-02-29', 'DATE(10,0)'],
  ["ADD_YEARS(TO_DATE('2024-02-29'), 1)", '2025-02-28'],
  ["ADD_SECONDS(TO_TIMESTAMP('2024-01-01 00:00:00'), 90)", '2024-01-01 00:01:30'],
  ["DAYS_BETWEEN('2024-01-01', '2024-03-01')", '60', 'INTEGER(10,0)'],
  ["MONTHS_BETWEEN('2024-01-31', '2024-03-01')", '1'],
  ["YEARS_BETWEEN('2020-06-01', '2024-05-31')", '3'],
  ["SECONDS_BETWEEN('2024-01-01 00:00:00', '2024-01-01 00:01:00')", '60', 'BIGINT(19,0)'],
  ["NANO100_BETWEEN('2024-01-01 00:00:00', '2024-01-01 00:00:01')", '10000000'],
  ["WEEKDAY('2024-01-01')", '0'],
  ["WEEKDAY('2024-01-07')", '6'],
  ["DAYNAME('2024-01-01')", 'MONDAY'],
  ["MONTHNAME('2024-01-01')", 'JANUARY'],
  ["WEEK('2011-05-30')", '23'],
  ["ISOWEEK('2011-05-30')", '2011-W22'],
  ["QUARTER('2012-05-01')", '2012-Q2'],
  ["QUARTER('2012-01-01', 2)", '2011-Q4'],
  ["YEAR('2024-02-29')", '2024', 'INTEGER(10,0)'],
  ["MONTH('2024-02-29')", '2'],
  ["DAYOFMONTH('2024-02-29')", '29'],
  ["DAYOFYEAR('2024-02-29')", '60'],
  ["HOUR('2024-02-29 10:11:12')", '10'],
  ["MINUTE('2024-02-29 10:11:12')", '11'],
  ["SECOND('2024-02-29 10:11:12')", '12'],
  ["EXTRACT(YEAR FROM TO_DATE('2024-02-29'))", '2024'],
  ["EXTRACT(MINUTE FROM TO_TIMESTAMP('2024-02-29 10:11:12'))", '11'],
  ["LAST_DAY('2024-02-01')", '2024-02-29'],
  ["NEXT_DAY('2024-02-28')", '2024-02-29'],
  ["DATE'2024-02-29'", '2024-02-29'],
  ["TIMESTAMP'2024-02-29 10:11:12'", '2024-02-29 10:11:12'],
  ["TIME'10:11:12'", '10:11:12'],
  // conversions
  ["TO_VARCHAR(TO_DATE('2024-02-29'), 'DD.MM.YYYY')", '29.02.2024'],
  ["TO_VARCHAR(TO_TIMESTAMP('2024-02-09 08:07:06.5'), 'YYYYMMDD HH24:MI:SS.FF7')", '20240209 08:07:06.5000000'],
  ["TO_NVARCHAR(TO_DATE('2024-02-29'), 'MON DD, YYYY')", 'FEB 29, 2024'],
  ["TO_VARCHAR(TO_TIMESTAMP('2024-02-09 20:00:00'), 'HH12:MI AM')", '08:00 PM'],
  ["TO_VARCHAR(TO_TIMESTAMP('2024-02-09 20:00:00'))", '2024-02-09 20:00:00.0000000'],
  ["TO_VARCHAR(TO_DATE('2024-02-09'))", '2024-02-09', 'VARCHAR(10,0)'],
  ['TO_VARCHAR(12)', '12', 'VARCHAR(12,0)'],
  ['TO_VARCHAR(1.50)', '1.50'],
  ['TO_VARCHAR(TO_DOUBLE(1))', '1'],
  ['TO_VARCHAR(TRUE)', 'TRUE'],
  ["TO_NVARCHAR('x')", 'x', 'NVARCHAR(1,0)'],
  ["TO_INTEGER('12')", '12', 'INTEGER(10,0)'],
  ['TO_INT(3.7)', '3'],
  ["TO_INTEGER(' -3.7 ')", '-3'],
  ["TO_BIGINT('9223372036854775807')", '9223372036854775807', 'BIGINT(19,0)'],
  ['TO_SMALLINT(7)', '7', 'SMALLINT(5,0)'],
  ['TO_TINYINT(255)', '255', 'TINYINT(3,0)'],
  ["TO_DECIMAL('1.239', 5, 2)", '1.24', 'DECIMAL(5,2)'],
  ['TO_DECIMAL(7, 10, 3)', '7.000'],
  ["TO_DOUBLE('1.5')", '1.5', 'DOUBLE(15,0)'],
  ['TO_REAL(1.5)', '1.5', 'REAL(7,0)'],
  ["TO_BOOLEAN('true')", 'true', 'BOOLEAN(1,0)'],
  ["CAST('12' AS INTEGER)", '12'],
  ["CAST('hello' AS NVARCHAR(3))", 'hel', 'NVARCHAR(3,0)'],
  ['CAST(3.7 AS INTEGER)', '3'],
  ["CAST('2024-02-29' AS DATE)", '2024-02-29'],
  ['CAST(NULL AS DECIMAL(5,1))', null, 'DECIMAL(5,1)'],
  ["BINTOHEX(TO_BINARY('AB'))", '4142', 'VARCHAR(12,0)'],
  ["BINTOSTR(HEXTOBIN('4142'))", 'AB'],
  ["BINTOHEX(X'0AFF')", '0AFF'],
  ["BINTOHEX(STRTOBIN('é', 'UTF-8'))", 'C3A9'],
  ["BINTOHEX(HASH_MD5(TO_BINARY('a')))", '0CC175B9C0F1B6A831C399E269772661'],
  ["BINTOHEX(HASH_SHA256(TO_BINARY('abc')))", 'BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD'],
  [
    "BINTOHEX(HASH_SHA256(TO_BINARY('ab'), TO_BINARY('c')))",
    'BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD',
  ],
  ["LENGTH(HASH_SHA256(TO_BINARY('abc')))", '32'],
  // a bucket from a hash, in functions that HANA has: the first hexadecimal digits as a number
  ["LOCATE('0123456789ABCDEF', SUBSTR(BINTOHEX(HASH_SHA256(TO_BINARY('abc'))), 1, 1)) - 1", '11'],
  ["BINTOHEX(TO_BLOB('A'))", '41'],
  ["TO_CLOB('x')", 'x', 'CLOB(2147483647,0)'],
  ["TO_NCLOB('x')", 'x', 'NCLOB(2147483647,0)'],
  ["BINTONHEX(TO_VARBINARY('A'))", '41', 'NVARCHAR(6,0)'],
  // the moment
  ['DAYS_BETWEEN(NOW(), CURRENT_TIMESTAMP)', '0'],
  ['SECONDS_BETWEEN(CURRENT_UTCTIMESTAMP, NOW())', '0'],
  ['DAYS_BETWEEN(CURRENT_DATE, CURRENT_UTCDATE)', '0', 'INTEGER(10,0)'],
  ['MAP(CURRENT_TIME, CURRENT_UTCTIME, 1, 0)', '1'],
  // session
  ['CURRENT_USER', 'TESTER'],
  ['SESSION_USER', 'TESTER'],
  ['CURRENT_SCHEMA', 'TESTER'],
  ['CURRENT_TRANSACTION_ISOLATION_LEVEL', 'READ COMMITTED'],
  ["SESSION_CONTEXT('NOPE')", null],
  ['LENGTH(SYSUUID)', '16'],
  ['SIGN(CURRENT_CONNECTION)', '1'],
];

/** Aggregates over table N. */
const AGGREGATES: readonly (readonly [expression: string, value: string | null, type?: string])[] = [
  ['COUNT(*)', '4', 'BIGINT(19,0)'],
  ['COUNT(D)', '3'],

  ['COUNT(DISTINCT S)', '4'],
  ['SUM(I)', '10', 'BIGINT(19,0)'],
  ['SUM(L)', '100', 'BIGINT(19,0)'],
  ['SUM(D)', '8.25', 'DECIMAL(38,2)'],
  ['SUM(F)', '4.5', 'DOUBLE(15,0)'],
  ['AVG(I)', '2.500000', 'DECIMAL(38,6)'],
  ['AVG(D)', '2.750000'],
  ['AVG(F)', '1.5', 'DOUBLE(15,0)'],
  ['MIN(D)', '1.50', 'DECIMAL(10,2)'],
  ['MAX(T)', 'c', 'NVARCHAR(20,0)'],
  ['MEDIAN(F)', '1.5'],
  ['STDDEV(I)', '1.2909944487358056'],
  ['STDDEV_SAMP(I)', '1.2909944487358056'],
  ['STDDEV_POP(I)', '1.118033988749895'],
  ['VAR(I)', '1.6666666666666667'],
  ['VAR_SAMP(I)', '1.6666666666666667'],
  ['VAR_POP(I)', '1.25'],
  ['ROUND(CORR(I, L), 9)', '1'],
  ["STRING_AGG(T, ',' ORDER BY T)", 'a,b,c'],
  ["STRING_AGG(T, ';' ORDER BY I DESC)", 'c;a;b'],
  ['FIRST_VALUE(T ORDER BY I)', 'b'],
  ['LAST_VALUE(T ORDER BY I)', 'c'],
  ['PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY I)', '2.5'],
  ['PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY I DESC)', '3.25'],
  ['PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY I)', '2'],
];

/** Window functions over table N, by I. */
const WINDOWS: readonly (readonly [expression: string, values: readonly (string | null)[]])[] = [
  ['ROW_NUMBER() OVER (ORDER BY I DESC)', ['4', '3', '2', '1']],
  ['RANK() OVER (ORDER BY MOD(I, 2))', ['3', '1', '3', '1']],
  ['DENSE_RANK() OVER (ORDER BY MOD(I, 2))', ['2', '1', '2', '1']],
  ['NTILE(2) OVER (ORDER BY I)', ['1', '1', '2', '2']],
  ['LAG(I) OVER (ORDER BY I)', [null, '1', '2', '3']],
  ['LAG(I, 2, 0) OVER (ORDER BY I)', ['0', '0', '1', '2']],
  ['LEAD(I) OVER (ORDER BY I)', ['2', '3', '4', null]],
  ['FIRST_VALUE(I) OVER (PARTITION BY MOD(I, 2) ORDER BY I)', ['1', '2', '1', '2']],
  ['NTH_VALUE(I, 2) OVER (ORDER BY I ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)', ['2', '2', '2', '2']],
  ['CUME_DIST() OVER (ORDER BY I)', ['0.25', '0.5', '0.75', '1']],
  ['PERCENT_RANK() OVER (ORDER BY I)', ['0', '0.3333333333333333', '0.6666666666666666', '1']],
  ['SUM(I) OVER (PARTITION BY MOD(I, 2))', ['4', '6', '4', '6']],
  ['COUNT(*) OVER ()', ['4', '4', '4', '4']],
  ['PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY I) OVER (PARTITION BY MOD(I, 2))', ['2', '3', '2', '3']],
];

describe('functions', () => {
  it.each(VALUES)('%s is %s', async (expression, value, type) => {
    const sql = `SELECT ${expression} AS V FROM DUMMY`;

    expect(await client.column(sql)).toEqual([value]);
    if (type) expect((await client.shape(sql))[0]!.replace('!', '')).toBe(`V ${type}`);
  });

  it.each(AGGREGATES)('%s is %s', async (expression, value, type) => {
    const sql = `SELECT ${expression} AS V FROM N`;

    expect(await client.column(sql)).toEqual([value]);
    if (type) expect((await client.shape(sql))[0]!.replace('!', '')).toBe(`V ${type}`);
  });

  it.each(WINDOWS)('%s is %j', async (expression, values) => {
    expect(await client.column(`SELECT ${expression} FROM N ORDER BY N.I`)).toEqual(values);
  });

  it('converts text that stands in a column as it converts a literal', async () => {
    await client.run('CREATE TABLE TEXTS (D NVARCHAR(30), N NVARCHAR(30))');
    await client.run("INSERT INTO TEXTS VALUES ('20240229', ' 12.5 ')");

    const row = await client.rows(
      'SELECT TO_DATE(D), TO_TIMESTAMP(D), TO_INTEGER(N), TO_DOUBLE(N), TO_DECIMAL(N, 5, 1) FROM TEXTS',
    );

    expect(row).toEqual([['2024-02-29', '2024-02-29 00:00:00', '12', '12.5', '12.5']]);
  });

  it('gives one moment to all of a statement, in UTC', async () => {
    const before = Date.now();

    const [[now, timestamp, utc, date, equal]] = (await client.rows(
      'SELECT NOW(), CURRENT_TIMESTAMP, CURRENT_UTCTIMESTAMP, CURRENT_DATE, CURRENT_UTCDATE FROM DUMMY',
    )) as [[string, string, string, string, string]];

    expect([now, utc, date]).toEqual([timestamp, timestamp, equal]);
    expect(Math.abs(Date.parse(`${now.replace(' ', 'T')}Z`) - before)).toBeLessThan(5000);
  });

  it('draws another random number for every row', async () => {
    expect(new Set(await client.column('SELECT RAND() FROM N')).size).toBe(4);
  });

  it.each([
    ["TO_VARCHAR(1.5, '000.0')", 7],
    ["TO_VARCHAR(CURRENT_DATE, 'XYZ')", 7],
    ['TO_DATE(T, T) FROM N', 7],
    ['SESSION_CONTEXT(T) FROM N', 7],
    ["REPLACE_REGEXPR('a' IN 'b' WITH 'c' OCCURRENCE 2)", 7],
    ["REPLACE_REGEXPR('a' FLAG 'U' IN 'b' WITH 'c')", 7],
    ["LOCATE('a', 'b', 1, 2)", 7],
    ['RANK()', 257],
    ['PERCENTILE_CONT(0.5)', 257],
    ["TO_DATE('2024-13-01')", 303],
    ["TO_DATE('31.02.2024', 'DD.MM.YYYY')", 303],
    ["TO_INTEGER('x')", 339],
    ["TO_INTEGER('99999999999')", 314],
    ['TO_TINYINT(256)', 314],
    ["TO_DECIMAL('12345', 3, 0)", 314],
    ['MOD(1, 0)', 304],
    ['1.5 / 0', 304],
    ['TO_DOUBLE(1) / 0', 304],
    ["UPPER(X'00')", 266],
    ['SUM(9223372036854775807) FROM N GROUP BY N.NOPE', 260],
  ])('refuses %s with %i', async (expression, code) => {
    const sql = expression.includes(' FROM N') ? `SELECT ${expression}` : `SELECT ${expression} FROM DUMMY`;

    expect(await client.code(sql)).toBe(code);
  });

  it('overflows a sum of BIGINT as HANA does instead of answering with another type', async () => {
    expect(await client.code('SELECT SUM(L) FROM (SELECT 9223372036854775807 AS L FROM N)')).toBe(314);
  });

  it('has every function tested here', () => {
    const tested = [...VALUES, ...AGGREGATES, ...WINDOWS].map(([expression]) => expression).join(' ');
    // GROUPING needs GROUP BY; queries.test.ts has it.
    const untested = [...FUNCTIONS.keys()].filter((name) => !tested.includes(name) && name !== 'GROUPING');

    expect(untested).toEqual([]);
  });
});
