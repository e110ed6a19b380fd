import { S3Error } from './s3-error.ts';

/** @throws S3Error InvalidURI for percent signs that encode no UTF-8. */
export const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new S3Error('InvalidURI', { cause });
  }
};
