/** The requests this server answers. */
export const MESSAGE_TYPE = {
  EXECUTE_DIRECT: 2,
  PREPARE: 3,
  EXECUTE: 13,
  READ_LOB: 16,
  WRITE_LOB: 17,
  PING: 25,
  AUTHENTICATE: 65,
  CONNECT: 66,
  COMMIT: 67,
  ROLLBACK: 68,
  CLOSE_RESULT_SET: 69,
  DROP_STATEMENT_ID: 70,
  FETCH_NEXT: 71,
  DISCONNECT: 77,
  DB_CONNECT_INFO: 82,
  CLIENT_PING: 94,
} as const;

/** Names of requests that are refused, so that the refusal can say what was asked. */
const REFUSED_MESSAGE_TYPE: Readonly<Record<number, string>> = {
  4: 'ABAP_STREAM',
  5: 'XA_START',
  6: 'XA_JOIN',
  18: 'FIND_LOB',
  72: 'FETCH_ABSOLUTE',
  73: 'FETCH_RELATIVE',
  74: 'FETCH_FIRST',
  75: 'FETCH_LAST',
};

export const messageTypeName = (code: number): string =>
  Object.entries(MESSAGE_TYPE).find(([, value]) => value === code)?.[0] ??
  REFUSED_MESSAGE_TYPE[code] ??
  `message type ${code}`;

/** What a reply's segment says was done. */
export const FUNCTION_CODE = {
  NONE: 0,
  DDL: 1,
  INSERT: 2,
  UPDATE: 3,
  DELETE: 4,
  SELECT: 5,
  FETCH: 10,
  COMMIT: 11,
  ROLLBACK: 12,
  CONNECT: 14,
  WRITE_LOB: 15,
  READ_LOB: 16,
  DISCONNECT: 18,
  CLOSE_CURSOR: 19,
} as const;

export const PART_KIND = {
  COMMAND: 3,
  RESULT_SET: 5,
  ERROR: 6,
  STATEMENT_ID: 10,
  ROWS_AFFECTED: 12,
  RESULT_SET_ID: 13,
  READ_LOB_REQUEST: 17,
  READ_LOB_REPLY: 18,
  WRITE_LOB_REQUEST: 28,
  WRITE_LOB_REPLY: 30,
  PARAMETERS: 32,
  AUTHENTICATION: 33,
  CONNECT_OPTIONS: 42,
  FETCH_SIZE: 45,
  PARAMETER_METADATA: 47,
  RESULT_SET_METADATA: 48,
  CLIENT_INFO: 57,
  TRANSACTION_FLAGS: 64,
  DB_CONNECT_INFO: 67,
} as const;

/** Bits of a part's attributes. */
export const PART_ATTRIBUTE = { LAST: 0x01, NEXT: 0x02, FIRST: 0x04, ROW_NOT_FOUND: 0x08, CLOSED: 0x10 } as const;

/** SQL types as the wire numbers them. */
export const TYPE_CODE = {
  TINYINT: 1,
  SMALLINT: 2,
  INT: 3,
  BIGINT: 4,
  DECIMAL: 5,
  REAL: 6,
  DOUBLE: 7,
  CHAR: 8,
  VARCHAR: 9,
  NCHAR: 10,
  NVARCHAR: 11,
  BINARY: 12,
  VARBINARY: 13,
  DATE: 14,
  TIME: 15,
  TIMESTAMP: 16,
  CLOB: 25,
  NCLOB: 26,
  BLOB: 27,
  BOOLEAN: 28,
  STRING: 29,
  NSTRING: 30,
  BSTRING: 33,
  LONGDATE: 61,
  SECONDDATE: 62,
  DAYDATE: 63,
  SECONDTIME: 64,
  FIXED16: 76,
  FIXED8: 81,
  FIXED12: 82,
} as const;
