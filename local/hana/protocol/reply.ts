import {
  BIG_ARGUMENT_COUNT,
  MESSAGE_HEADER_BYTES,
  PART_HEADER_BYTES,
  padding,
  SEGMENT_HEADER_BYTES,
} from './framing.ts';

export interface Reply {
  readonly functionCode: number;
  readonly parts: readonly ReplyPart[];
  /** An error segment; its ERROR part comes last. */
  readonly isError?: boolean;
}

export interface ReplyPart {
  readonly kind: number;
  readonly attributes?: number;
  readonly argumentCount: number;
  readonly data: Buffer;
}

/** The bytes of a reply, in pieces, so that a megabyte of rows is not copied to stand behind its header. */
export const encodeReply = (
  { functionCode, parts, isError = false }: Reply,
  { sessionId, packetCount }: { readonly sessionId: bigint; readonly packetCount: number },
): Buffer[] => {
  const segmentBytes = parts.reduce((sum, { data }) => sum + partBytes(data), SEGMENT_HEADER_BYTES);
  const header = Buffer.alloc(MESSAGE_HEADER_BYTES + SEGMENT_HEADER_BYTES);
  header.writeBigInt64LE(sessionId, 0);
  header.writeInt32LE(packetCount, 8);
  header.writeUInt32LE(segmentBytes, 12);
  header.writeUInt32LE(Math.max(segmentBytes, PACKET_BYTES), 16);
  header.writeInt16LE(1, 20);
  header.writeInt32LE(segmentBytes, 32);
  header.writeInt16LE(parts.length, 40);
  header.writeInt16LE(1, 42);
  header.writeInt8(isError ? ERROR_SEGMENT : REPLY_SEGMENT, 44);
  header.writeInt16LE(functionCode, 46);

  const pieces: Buffer[] = [header];
  let room = Math.max(segmentBytes, PACKET_BYTES) - SEGMENT_HEADER_BYTES;
  for (const part of parts) {
    pieces.push(partHeader(part, room), part.data);
    if (padding(part.data.length) > 0) pieces.push(ZEROS.subarray(0, padding(part.data.length)));
    room -= partBytes(part.data);
  }
  return pieces;
};

/** What the reply's size field says at least; HANA's own packets are that large. */
const PACKET_BYTES = 0x20000;

const REPLY_SEGMENT = 2;
const ERROR_SEGMENT = 5;

/** A part's i16 argument count can't say more. */
const MAX_SHORT_COUNT = 0x7fff;

const ZEROS = Buffer.alloc(8);

const partBytes = (data: Buffer): number => PART_HEADER_BYTES + data.length + padding(data.length);

const partHeader = ({ kind, attributes = 0, argumentCount, data }: ReplyPart, room: number): Buffer => {
  const header = Buffer.alloc(PART_HEADER_BYTES);
  const isBig = argumentCount > MAX_SHORT_COUNT;
  header.writeUInt8(kind, 0);
  header.writeUInt8(attributes, 1);
  header.writeInt16LE(isBig ? BIG_ARGUMENT_COUNT : argumentCount, 2);
  header.writeInt32LE(isBig ? argumentCount : 0, 4);
  header.writeInt32LE(data.length, 8);
  header.writeInt32LE(room, 12);
  return header;
};
