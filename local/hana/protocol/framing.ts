import { ByteReader } from './byte-reader.ts';
import { ProtocolError } from './protocol-error.ts';

/** One request as the client sent it; this server takes one segment a message. */
export interface Request {
  readonly sessionId: bigint;
  readonly packetCount: number;
  readonly messageType: number;
  /** The client's autocommit: commit when this request succeeds. */
  readonly commit: boolean;
  readonly parts: readonly RequestPart[];
}

export interface RequestPart {
  readonly kind: number;
  readonly attributes: number;
  readonly argumentCount: number;
  readonly data: Buffer;
}

export const MESSAGE_HEADER_BYTES = 32;
export const SEGMENT_HEADER_BYTES = 24;
export const PART_HEADER_BYTES = 16;

/** Parts start at multiples of this. */
const PART_ALIGNMENT_BYTES = 8;

/** In a part's i16 argument count: the real one is in the i32 that follows. */
export const BIG_ARGUMENT_COUNT = -1;

/** The first 14 bytes on a socket (protocol versions and options), answered by 8 bytes, once. */
export const INFO_REQUEST_BYTES = 14;
export const INFO_REPLY = Buffer.from([4, 20, 0, 4, 1, 0, 0, 0]);

/** How many bytes the message that starts here has, its header included. */
export const messageBytes = (header: Buffer): number => MESSAGE_HEADER_BYTES + header.readUInt32LE(12);

/** @throws ProtocolError when lengths or counts do not fit the message. */
export const parseRequest = (message: Buffer): Request => {
  const header = new ByteReader(message);
  const sessionId = header.i64();
  const packetCount = header.i32();
  header.advance(8);
  const segmentCount = header.i16();
  const packetOptions = header.u8();
  header.advance(9);
  if (segmentCount !== 1) throw new ProtocolError(`a message of ${segmentCount} segments, 1 is supported`);
  if (packetOptions !== 0) throw new ProtocolError('a compressed message, which was not negotiated');

  const segment = new ByteReader(header.take(header.remaining));
  segment.advance(8);
  const partCount = segment.i16();
  segment.advance(2);
  const kind = segment.u8();
  const messageType = segment.u8();
  const commit = segment.u8() !== 0;
  segment.advance(9);
  if (kind !== REQUEST_SEGMENT) throw new ProtocolError(`a segment of kind ${kind}, a request is 1`);
  if (partCount < 0) throw new ProtocolError(`a segment of ${partCount} parts`);
  const parts: RequestPart[] = [];
  for (let index = 0; index < partCount; index++) parts.push(parsePart(segment));
  return { sessionId, packetCount, messageType, commit, parts };
};

/** The part of this kind, or undefined; the clients order parts differently. */
export const findPart = (request: Request, kind: number): RequestPart | undefined =>
  request.parts.find((part) => part.kind === kind);

/** @throws ProtocolError when the request lacks the part that it needs. */
export const requirePart = (request: Request, kind: number, name: string): RequestPart => {
  const part = findPart(request, kind);
  if (!part) throw new ProtocolError(`the request has no ${name} part`);
  return part;
};

const REQUEST_SEGMENT = 1;

const parsePart = (segment: ByteReader): RequestPart => {
  const kind = segment.u8();
  const attributes = segment.u8();
  const shortCount = segment.i16();
  const bigCount = segment.i32();
  const length = segment.i32();
  segment.advance(4);
  const data = segment.take(length);
  segment.advance(Math.min(padding(length), segment.remaining));
  const argumentCount = shortCount === BIG_ARGUMENT_COUNT ? bigCount : shortCount;
  if (argumentCount < 0) throw new ProtocolError(`a part of ${argumentCount} arguments`);
  return { kind, attributes, argumentCount, data };
};

export const padding = (length: number): number => -length & (PART_ALIGNMENT_BYTES - 1);
