import { ByteReader } from './byte-reader.ts';
import { TYPE_CODE } from './codes.ts';
import { ProtocolError } from './protocol-error.ts';
import type { ReplyPart } from './reply.ts';

/** Options by their id, as CONNECT_OPTIONS, DB_CONNECT_INFO and TRANSACTION_FLAGS carry them: an integer, a boolean or text. */
export type Options = Readonly<Record<number, number | boolean | string>>;

/** A part of this kind that carries the options in ascending order of their ids. */
export const optionsPart = (kind: number, options: Options): ReplyPart => {
  const entries = Object.entries(options).map(([id, value]) => encodeOption(Number(id), value));
  return { kind, argumentCount: entries.length, data: Buffer.concat(entries) };
};

/** @throws ProtocolError for an option type that has no known length. */
export const parseOptions = (data: Buffer, count: number): Options => {
  const reader = new ByteReader(data);
  const options: Record<number, number | boolean | string> = {};
  for (let index = 0; index < count; index++) {
    const id = reader.u8();
    const type = reader.u8();
    const read = READERS[type];
    if (!read) throw new ProtocolError(`option ${id} has the unknown type ${type}`);
    options[id] = read(reader);
  }
  return options;
};

const encodeOption = (id: number, value: number | boolean | string): Buffer => {
  if (typeof value === 'boolean') return Buffer.from([id, TYPE_CODE.BOOLEAN, value ? 1 : 0]);
  if (typeof value === 'number') {
    const option = Buffer.from([id, TYPE_CODE.INT, 0, 0, 0, 0]);
    option.writeInt32LE(value, 2);
    return option;
  }
  const text = Buffer.from(value, 'utf8');
  const head = Buffer.from([id, TYPE_CODE.STRING, 0, 0]);
  head.writeInt16LE(text.length, 2);
  return Buffer.concat([head, text]);
};

const text = (reader: ByteReader): string => reader.take(reader.u16()).toString('utf8');

const READERS: Readonly<Record<number, (reader: ByteReader) => number | boolean | string>> = {
  [TYPE_CODE.BOOLEAN]: (reader) => reader.u8() !== 0,
  [TYPE_CODE.INT]: (reader) => reader.i32(),
  [TYPE_CODE.BIGINT]: (reader) => Number(reader.i64()),
  [TYPE_CODE.DOUBLE]: (reader) => reader.f64(),
  [TYPE_CODE.STRING]: text,
  [TYPE_CODE.NSTRING]: text,
  [TYPE_CODE.BSTRING]: text,
};
