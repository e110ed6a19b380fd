/** The rows that everything here reads: ten columns of the types that tables of a warehouse have, about 100 bytes as CSV. */
export const ROWS_DEFINITION = `"ID" INTEGER NOT NULL, "BIG" BIGINT NOT NULL, "AMOUNT" DECIMAL(15,2) NOT NULL, "RATIO" DOUBLE,
  "NAME" NVARCHAR(60) NOT NULL, "CITY" NVARCHAR(60) NOT NULL, "CODE" VARCHAR(20) NOT NULL, "DAY" DATE NOT NULL,
  "MOMENT" TIMESTAMP NOT NULL, "LATE" BOOLEAN NOT NULL`;

/** The view that is read again and again: see `stand-ins/remembered-answers.ts`. */
export const REPEATED = 'REPEATED';

/** A DuckDB query that makes them; the same number gives the same rows. A tenth of RATIO is NULL. */
export const rowsQuery = (rowCount: number): string => `SELECT
  range::INTEGER,
  range * 1000003,
  ((range * 7919) % 100000000 / 100)::DECIMAL(15, 2),
  CASE WHEN range % 10 = 3 THEN NULL ELSE sqrt(range) END,
  'Customer ' || (range % 5000),
  CASE range % 7 WHEN 0 THEN 'Müllheim' WHEN 1 THEN 'Karlsruhe Durlach' ELSE 'Heidelberg' END,
  'ORD' || range,
  DATE '2001-01-01' + (range % 8000)::INTEGER,
  TIMESTAMP '2001-01-01 00:00:00' + to_microseconds(range * 1234567),
  range % 3 = 0
  FROM range(${rowCount})`;

/** The columns in DuckDB's types, to read staged files back with. */
export const DUCKDB_COLUMNS: Readonly<Record<string, string>> = {
  ID: 'INTEGER',
  BIG: 'BIGINT',
  AMOUNT: 'DECIMAL(15,2)',
  RATIO: 'DOUBLE',
  NAME: 'VARCHAR',
  CITY: 'VARCHAR',
  CODE: 'VARCHAR',
  DAY: 'DATE',
  MOMENT: 'TIMESTAMP',
  LATE: 'BOOLEAN',
};
