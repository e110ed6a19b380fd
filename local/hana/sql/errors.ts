import { HanaError } from '../engine.ts';

/** SQLSTATE and the fixed first part of HANA's text, by error code. */
const ERRORS: Readonly<Record<number, readonly [sqlState: string, text: string]>> = {
  7: ['0A000', 'feature not supported'],
  128: ['25006', 'transaction error'],
  129: ['HY000', 'transaction rolled back by an internal error'],
  131: ['HY000', 'transaction rolled back by lock wait timeout'],
  133: ['40001', 'transaction rolled back by detected deadlock'],
  139: ['HY008', 'current operation cancelled by request and transaction rolled back'],
  146: ['HY000', 'resource busy and acquire with NOWAIT specified'],
  257: ['42000', 'sql syntax error'],
  258: ['42501', 'insufficient privilege'],
  259: ['42S02', 'invalid table name'],
  260: ['42S22', 'invalid column name'],
  261: ['42S12', 'invalid index name'],
  264: ['HY000', 'invalid datatype'],
  266: ['HY000', 'inconsistent datatype'],
  268: ['HY000', 'column ambiguously defined'],
  269: ['HY000', 'too many values'],
  270: ['HY000', 'not enough values'],
  272: ['HY000', 'duplicate column name in creation'],
  274: ['HY000', 'inserted value too large for column'],
  275: ['HY000', 'aggregate function not allowed'],
  277: ['HY000', 'not a GROUP BY expression'],
  280: ['HY000', 'ORDER BY item must be the number of a SELECT-list expression'],
  286: ['HY000', 'identifier is too long'],
  287: ['23000', 'cannot insert NULL or update to NULL'],
  288: ['42S01', 'cannot use duplicate table name'],
  289: ['42S11', 'cannot use duplicate index name'],
  301: ['23000', 'unique constraint violated'],
  303: ['HY000', 'invalid DATE, TIME or TIMESTAMP value'],
  304: ['HY000', 'division by zero undefined'],
  305: ['21000', 'single-row query returns more than one row'],
  308: ['HY000', 'column name already exists'],
  313: ['HY000', 'invalid sequence'],
  314: ['HY000', 'numeric overflow'],
  319: ['HY000', 'function or argument not allowed here'],
  320: ['HY000', 'invalid sequence name'],
  321: ['HY000', 'invalid view name'],
  322: ['HY000', 'cannot use duplicate sequence name'],
  328: ['42000', 'invalid name of function or procedure'],
  331: ['HY000', 'user name already exists'],
  332: ['HY000', 'invalid user name'],
  339: ['22018', 'invalid number'],
  362: ['HY000', 'invalid schema name'],
  383: ['HY000', 'invalid identifier'],
  386: ['HY000', 'cannot use duplicate schema name'],
  391: ['HY000', 'invalidated view'],
  397: ['HY000', 'invalid object name'],
  609: ['HY000', 'invalid CESU-8 string'],
  1036: ['HY000', 'invalid session'],
  2048: ['HY000', 'column store error'],
};

/** A HANA error by code: `<HANA's own text>: <detail>`. */
export function hanaError(code: number, detail: string, cause?: unknown): HanaError {
  const [sqlState, text] = ERRORS[code] ?? ['HY000', 'general error'];
  return new HanaError(code, sqlState, `${text}: ${detail}`, cause === undefined ? undefined : { cause });
}

/** The same error, with the parameter row that caused it. */
export const atRow = ({ code, sqlState, message, cause }: HanaError, failedRow: number): HanaError =>
  new HanaError(code, sqlState, message, { cause, failedRow });

/** 257 with the place in the statement, in the words of HANA. */
export const sqlSyntaxError = (sql: string, position: number, near: string, hint?: string): HanaError =>
  hanaError(257, `incorrect syntax near "${near}"${hint ? ` (${hint})` : ''}: ${place(sql, position)}`);

/** 7, naming what was asked for. */
export const notSupported = (what: string): HanaError => hanaError(7, what);

/** `line 1 col 8 (at pos 8)`, all counted from 1. */
export function place(sql: string, position: number): string {
  const before = sql.slice(0, position);
  const line = before.split('\n').length;
  const column = position - before.lastIndexOf('\n');
  return `line ${line} col ${column} (at pos ${position + 1})`;
}

/** DuckDB SQL that raises a HANA error while a statement runs; `detail` is a DuckDB expression of text. */
export const raise = (code: number, detail: string): string => `error('${MARK}${code}|' || ${detail})`;

const MARK = 'HANA|';

/** Texts of DuckDB's errors, the code each of them is in HANA; the first that matches counts. */
const TRANSLATIONS: readonly (readonly [text: string, code: number])[] = [
  ['INTERRUPT Error', 139],
  ['Could not convert string', 339],
  ['out of range for the destination type', 314],
  ['value is out of range', 314],
  ['Failed to cast decimal value', 314],
  ['Overflow', 314],
  ['overflow', 314],
  ['Out of Range', 314],
  ['date field value', 303],
  ['timestamp field value', 303],
  ['time field value', 303],
  ['invalid timestamp field', 303],
  ['invalid date field', 303],
  ['Date out of range', 303],
  ['Could not parse string', 303],
  ['Could not convert', 339],
  ['More than one row returned by a subquery', 305],
  ['must appear in the GROUP BY clause', 277],
  ['cannot contain aggregates', 275],
  ['Conversion Error', 339],
];

const UNIQUE_TEXTS = [
  'contains duplicates',
  'PRIMARY KEY or UNIQUE constraint',
  'Duplicate key',
  'unique constraint',
  'primary key constraint',
];
const CONFLICT_TEXTS = [
  'TransactionContext Error',
  'Conflict on',
  'write-write conflict',
  'Catalog write-write conflict',
];

/** Whether DuckDB refused a change because another transaction changes the same rows or tables. */
export const isConflict = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof HanaError) &&
  CONFLICT_TEXTS.some((text) => error.message.includes(text)) &&
  !error.message.includes('Current transaction is aborted');

/** What DuckDB reported, as the error HANA would have given. */
export function fromDuckDb(error: unknown): HanaError {
  if (error instanceof HanaError) return error;
  const message = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
  const marked = message.indexOf(MARK);
  if (marked >= 0) {
    const [code, ...detail] = message.slice(marked + MARK.length).split('|');
    return hanaError(Number(code), detail.join('|'), error);
  }
  if (isConflict(error)) return hanaError(133, message, error);
  if (UNIQUE_TEXTS.some((text) => message.includes(text)))
    return hanaError(301, `duplicate key ${message.split('"')[1] ?? ''}`, error);
  const translation = TRANSLATIONS.find(([text]) => message.includes(text));
  return hanaError(translation?.[1] ?? 2048, message, error);
}
