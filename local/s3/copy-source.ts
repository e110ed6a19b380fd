import { decode } from './decode.ts';
import type { ObjectName, S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';

/**
 * The object that `x-amz-copy-source` names: `bucket/key` or `/bucket/key`, percent-encoded; a version may follow a literal
 * question mark.
 *
 * @throws S3Error InvalidArgument, NotImplemented for a version.
 */
export const copySourceOf = ({ headers }: S3Request): ObjectName => {
  const header = headers['x-amz-copy-source'] ?? '';
  const [, bucket, key, version] = /^\/?([^/?]+)\/([^?]+)(\?.*)?$/.exec(header) ?? [];
  if (bucket === undefined || key === undefined) {
    throw new S3Error('InvalidArgument', {
      message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      details: { ArgumentName: 'x-amz-copy-source', ArgumentValue: header },
    });
  }
  if (version !== undefined) {
    throw new S3Error('NotImplemented', {
      message: 'Versions are not implemented: x-amz-copy-source may not name one.',
      details: { Header: 'x-amz-copy-source' },
    });
  }
  return { bucket: decode(bucket), key: decode(key) };
};
