import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'SHA1' | 'SHA256';
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** A checksum as S3 stores and returns it; `value` is base64, with `-<parts>` behind it when composite. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  readonly value: string;
}

/** Takes bytes piece by piece. */
export interface Digest {
  update(chunk: Uint8Array): void;
  /** Ends the digest. */
  digest(): Buffer;
}

export const createDigest = (algorithm: ChecksumAlgorithm | 'MD5'): Digest => DIGESTS[algorithm]();

export const isChecksumAlgorithm = (name: string): name is ChecksumAlgorithm =>
  name !== 'MD5' && Object.hasOwn(DIGESTS, name);

/** The header, and the member of `x-amz-trailer`, that carries a checksum. */
export const checksumHeader = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;

/** A checksum in the headers of an answer. */
export const checksumHeaders = (checksum: Checksum | undefined): Record<string, string> =>
  checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type } : {};

/** A checksum in the XML of an answer. */
export const checksumElements = (checksum: Checksum | undefined): Record<string, string> =>
  checksum ? { [checksumElement(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type } : {};

/** The checksum's element in XML, such as `ChecksumCRC32`. */
export const checksumElement = (algorithm: ChecksumAlgorithm): string => `Checksum${algorithm}`;

/** The checksum of an object of parts: the checksum over the parts' checksums, and their number. */
export const compositeChecksum = (algorithm: ChecksumAlgorithm, partValues: readonly string[]): Checksum => {
  const digest = createDigest(algorithm);
  for (const value of partValues) digest.update(Buffer.from(value, 'base64'));
  return { algorithm, type: 'COMPOSITE', value: `${digest.digest().toString('base64')}-${partValues.length}` };
};

const nodeDigest = (name: string) => (): Digest => createHash(name);

const crcDigest = (step: (chunk: Uint8Array, crc: number) => number) => (): Digest => {
  let crc = 0;
  return {
    update(chunk) {
      crc = step(chunk, crc);
    },
    digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc);
      return bytes;
    },
  };
};

/** CRC-32C (Castagnoli), reflected polynomial of RFC 3720; zlib has only the other one. */
const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

const crc32c = (chunk: Uint8Array, previous: number): number => {
  let crc = ~previous;
  for (const byte of chunk) crc = CRC32C_TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
};

const DIGESTS: Readonly<Record<ChecksumAlgorithm | 'MD5', () => Digest>> = {
  MD5: nodeDigest('md5'),
  SHA1: nodeDigest('sha1'),
  SHA256: nodeDigest('sha256'),
  CRC32: crcDigest(crc32),
  CRC32C: crcDigest(crc32c),
};
