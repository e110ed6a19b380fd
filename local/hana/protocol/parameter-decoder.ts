import type { HanaDecimal, HanaParameter, HanaValue } from '#local/hana/engine.ts';
import { HanaError } from '#local/hana/engine.ts';
import { ByteReader } from './byte-reader.ts';
import { TYPE_CODE } from './codes.ts';
import { HANA_ERRORS } from './errors.ts';
import type { RequestPart } from './framing.ts';
import { IncomingLob } from './incoming-lob.ts';
import { LOB_OPTION } from './lob-column.ts';
import { normalDecimal, VALUE_READERS } from './parameter-values.ts';
import { ProtocolError } from './protocol-error.ts';

export interface DecodedParameters {
  readonly rows: HanaValue[][];
  /** LOBs whose data has not all come with the rows, in the order in which they stand there. */
  readonly openLobs: readonly IncomingLob[];
}

/**
 * The rows of a PARAMETERS part. Values are read by the type each one names, which need not be the parameter's.
 *
 * @throws ProtocolError for bytes that are no such rows
 * @throws HanaError, with the row, for a value that HANA has and this database can't hold
 */
export const decodeParameters = (part: RequestPart, parameters: readonly HanaParameter[]): DecodedParameters => {
  if (parameters.length === 0 && part.data.length > 0) throw new ProtocolError('parameters of a statement without any');
  const reader = new ByteReader(part.data);
  const rows: HanaValue[][] = [];
  const openLobs: IncomingLob[] = [];
  const rowCount = parameters.length === 0 ? Math.min(part.argumentCount, 1) : part.argumentCount;
  for (let row = 0; row < rowCount; row++) {
    try {
      rows.push(decodeRow(reader, parameters, openLobs));
    } catch (error) {
      throw error instanceof HanaError
        ? new HanaError(error.code, error.sqlState, error.message, { cause: error, failedRow: row })
        : error;
    }
  }
  if (reader.remaining > 0) throw new ProtocolError(`${reader.remaining} bytes follow the last row of parameters`);
  return { rows, openLobs };
};

const decodeRow = (reader: ByteReader, parameters: readonly HanaParameter[], openLobs: IncomingLob[]): HanaValue[] => {
  const values: HanaValue[] = [];
  let lobs: LobInRow[] | undefined;
  for (let column = 0; column < parameters.length; column++) {
    const typeByte = reader.u8();
    const typeCode = typeByte & ~NULL_FLAG;
    if (typeByte & NULL_FLAG) values.push(null);
    else if (LOB_TYPES.has(typeCode)) {
      lobs ??= [];
      lobs.push(lobHeader(reader, typeCode, column));
      values.push(null);
    } else values.push(decodeValue(reader, typeCode, parameters[column] as HanaParameter));
  }
  for (const lob of lobs ?? []) takeLob(reader, lob, values, openLobs);
  return values;
};

const decodeValue = (reader: ByteReader, typeCode: number, { type }: HanaParameter): HanaValue => {
  const read = VALUE_READERS[typeCode];
  if (!read) throw new ProtocolError(`a parameter has the unknown type ${typeCode}`);
  const value = read(reader, type.scale);
  // The forms that older data formats use for these types: TINYINT, and text.
  if (type.name === 'BOOLEAN' && typeof value === 'bigint') return value !== 0n;
  if (type.name === 'DECIMAL' && typeof value === 'string') return decimalOfText(value);
  return value;
};

/** @throws HanaError 339 for text that is no number. */
const decimalOfText = (text: string): HanaDecimal => {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(text.trim()) ?? [];
  if (whole + fraction === '') throw HANA_ERRORS.invalidNumber(text);
  return normalDecimal(BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`), Number(exponent) - fraction.length);
};

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

interface LobInRow {
  readonly column: number;
  readonly typeCode: number;
  readonly options: number;
  readonly length: number;
}

const lobHeader = (reader: ByteReader, typeCode: number, column: number): LobInRow => {
  const options = reader.u8();
  const length = reader.i32();
  reader.advance(4); // the position, which clients count from 0 or from 1
  return { column, typeCode, options, length };
};

/** The data stands behind the row's fixed part. */
const takeLob = (
  reader: ByteReader,
  { column, typeCode, options, length }: LobInRow,
  row: HanaValue[],
  openLobs: IncomingLob[],
): void => {
  if (options & LOB_OPTION.NULL) return;
  const lob = new IncomingLob(typeCode === TYPE_CODE.BLOB ? 'bytes' : 'text', (value) => {
    row[column] = value;
  });
  if (options & LOB_OPTION.DATA) lob.append(reader.take(length));
  if (options & LOB_OPTION.LAST) lob.finish();
  else openLobs.push(lob);
};

const NULL_FLAG = 0x80;
const LOB_TYPES: ReadonlySet<number> = new Set([TYPE_CODE.CLOB, TYPE_CODE.NCLOB, TYPE_CODE.BLOB]);
