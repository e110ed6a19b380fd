import { ByteReader } from './byte-reader.ts';
import { encodeCesu8 } from './cesu8.ts';
import type { ClientSession } from './client-session.ts';
import { FUNCTION_CODE, PART_KIND } from './codes.ts';
import { HANA_ERRORS } from './errors.ts';
import { type Request, requirePart } from './framing.ts';
import { LOB_OPTION } from './lob-column.ts';
import type { Reply, ReplyPart } from './reply.ts';
import { abandonSplitBatch, runPacket } from './run-statement.ts';

/** A piece of a LOB that a result set has named. Offset and length count UTF-16 units of text, or bytes. */
export const readLob = async (request: Request, session: ClientSession): Promise<Reply> => {
  const reader = new ByteReader(requirePart(request, PART_KIND.READ_LOB_REQUEST, 'READ_LOB_REQUEST').data);
  const locator = reader.i64();
  const offset = Number(reader.i64()) - 1;
  const length = reader.i32();
  const content = session.lobs.content(locator);
  if (offset < 0 || length < 0) throw HANA_ERRORS.parsingProtocol('invalid lob offset or length');
  const end = Math.min(offset + Math.min(length, MAX_PIECE), content.length);
  const data = typeof content === 'string' ? encodeCesu8(content.slice(offset, end)) : content.subarray(offset, end);
  const head = Buffer.alloc(16);
  head.writeBigInt64LE(locator, 0);
  head.writeUInt8(LOB_OPTION.DATA | (end >= content.length ? LOB_OPTION.LAST : 0), 8);
  head.writeInt32LE(data.length, 9);
  return {
    functionCode: FUNCTION_CODE.READ_LOB,
    parts: [{ kind: PART_KIND.READ_LOB_REPLY, argumentCount: 1, data: Buffer.concat([head, data]) }],
  };
};

/** The rest of an insert's LOBs; with the last piece the insert is executed. */
export const writeLob = async (request: Request, session: ClientSession): Promise<Reply> => {
  const part = requirePart(request, PART_KIND.WRITE_LOB_REQUEST, 'WRITE_LOB_REQUEST');
  const pending = session.pendingInsert;
  if (!pending) throw HANA_ERRORS.parsingProtocol('no LOB is being written');
  try {
    const reader = new ByteReader(part.data);
    for (let count = part.argumentCount; count > 0; count--) takePiece(reader, pending.lobs);
  } catch (error) {
    session.pendingInsert = undefined;
    await abandonSplitBatch(session);
    throw error;
  }
  const written: Reply = { functionCode: FUNCTION_CODE.WRITE_LOB, parts: [writeLobReplyPart([])] };
  if (pending.lobs.size > 0) return written;
  session.pendingInsert = undefined;
  await runPacket(session, pending.packet);
  return written;
};

/** The locators under which the client sends what is missing. */
export const writeLobReplyPart = (locators: readonly bigint[]): ReplyPart => {
  const data = Buffer.alloc(8 * locators.length);
  locators.forEach((locator, index) => {
    data.writeBigInt64LE(locator, 8 * index);
  });
  return { kind: PART_KIND.WRITE_LOB_REPLY, argumentCount: locators.length, data };
};

/** Characters or bytes of a LOB that one reply carries at most; the client asks for the rest. */
const MAX_PIECE = 4 * 1024 * 1024;

const takePiece = (reader: ByteReader, lobs: Map<bigint, { append(piece: Buffer): void; finish(): void }>): void => {
  const locator = reader.i64();
  const options = reader.u8();
  const offset = reader.i64();
  const length = reader.i32();
  const lob = lobs.get(locator);
  if (!lob) throw HANA_ERRORS.parsingProtocol('invalid lob locator id');
  if (!APPEND.has(offset)) throw HANA_ERRORS.notSupported('writing a LOB at an offset');
  if (length < 0 || length > reader.remaining) {
    throw HANA_ERRORS.parsingProtocol(
      `WRITE_LOB announces ${length} bytes and carries ${reader.remaining}: the client lost a piece of this LOB. ` +
        "SAP's client does so for an NCLOB of more than 1 MiB with characters outside of the Basic Multilingual Plane; write it as a BLOB.",
    );
  }
  lob.append(reader.take(length));
  if (options & LOB_OPTION.LAST) {
    lob.finish();
    lobs.delete(locator);
  }
};

/** The native client says -1, hdb 0. */
const APPEND: ReadonlySet<bigint> = new Set([-1n, 0n]);
