import { S3Error } from './s3-error.ts';

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `Range` header against a size. A header that isn't a byte range is ignored, as RFC 9110 asks.
 *
 * @throws S3Error InvalidRange when no byte is left; NotImplemented for several ranges.
 */
export const parseRange = (header: string | undefined, sizeBytes: number): ByteRange | undefined => {
  if (header === undefined) return undefined;
  if (/^bytes=[\d\s-]+,/.test(header)) {
    throw new S3Error('NotImplemented', {
      message: 'Several ranges in one request are not implemented, as on S3.',
      details: { Header: 'Range' },
    });
  }
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header.trim()) ?? [];
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (start > end) {
    throw new S3Error('InvalidRange', { details: { RangeRequested: header, ActualObjectSize: String(sizeBytes) } });
  }
  return { start, end };
};
