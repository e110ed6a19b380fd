import type { DuckDBConnection } from '@duckdb/node-api';

/** Functions of HANA that need more than one of DuckDB's. They live in schema _sys, which no statement can name. */
const MACROS: readonly string[] = [
  // LENGTH counts UTF-16 units: a character outside the basic plane is two.
  `utf16_length(s) AS CAST(CASE WHEN strlen(s) = length(s) THEN strlen(s) ELSE length(regexp_replace(s, '[\\x{10000}-\\x{10FFFF}]', 'xx', 'g')) END AS INTEGER)`,
  // 1.0 is 1
  `float_text(s) AS CASE WHEN s LIKE '%.0' THEN left(s, length(s) - 2) ELSE s END`,
  `text_date(s) AS CASE WHEN length(trim(s)) = 8 AND regexp_full_match(trim(s), '\\d{8}') THEN CAST(strptime(trim(s), '%Y%m%d') AS DATE) ELSE CAST(replace(trim(s), '/', '-') AS DATE) END`,
  `text_timestamp(s) AS CASE WHEN length(trim(s)) = 8 AND regexp_full_match(trim(s), '\\d{8}') THEN CAST(strptime(trim(s), '%Y%m%d') AS TIMESTAMP) ELSE CAST(replace(trim(s), '/', '-') AS TIMESTAMP) END`,
  `initcap(s) AS array_to_string(list_transform(regexp_extract_all(lower(s), '[\\pL\\pN]+|[^\\pL\\pN]+'), lambda w: upper(left(w, 1)) || substr(w, 2)), '')`,
];

/** Creates the macros; a database file of an earlier start gets today's. */
export async function createMacros(connection: DuckDBConnection): Promise<void> {
  for (const macro of MACROS) await connection.run(`CREATE OR REPLACE MACRO _sys.${macro}`);
}
