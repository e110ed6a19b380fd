import { createReadStream } from 'node:fs';
import type { Checksum } from './checksum.ts';
import { compositeChecksum, createDigest } from './checksum.ts';
import type { DataFiles } from './data-files.ts';
import type { MultipartUpload, Part } from './upload-index.ts';

/** Streams parts into one new data file, with the checksum that the upload asked for. */
export const joinParts = async (
  files: DataFiles,
  parts: readonly Part[],
  { checksumAlgorithm, checksumType }: MultipartUpload,
): Promise<{ file: string; checksum: Checksum | undefined }> => {
  const digest = checksumAlgorithm && checksumType === 'FULL_OBJECT' ? createDigest(checksumAlgorithm) : undefined;
  async function* bytes(): AsyncGenerator<Buffer> {
    for (const { file, sizeBytes } of parts) {
      const fd = files.open(file, sizeBytes);
      for await (const chunk of createReadStream('', { fd, highWaterMark: JOIN_BUFFER_BYTES })) {
        digest?.update(chunk);
        yield chunk;
      }
    }
  }
  const file = await files.write(bytes());
  if (!checksumAlgorithm) return { file, checksum: undefined };
  const checksum: Checksum = digest
    ? { algorithm: checksumAlgorithm, type: 'FULL_OBJECT', value: digest.digest().toString('base64') }
    : compositeChecksum(
        checksumAlgorithm,
        parts.map((part) => part.checksum?.value ?? ''),
      );
  return { file, checksum };
};

const JOIN_BUFFER_BYTES = 1024 * 1024;
