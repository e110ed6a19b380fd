import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What ECR gives a client to fetch a layer from S3. */
const LIFETIME_SECONDS = 3_600;

/** URLs of single blobs that need no credentials: each is good for one digest, for an hour, and for this process. */
export const blobUrls = (now: () => number) => {
  const key = randomBytes(32);
  const sign = (digest: string, expires: string): string =>
    createHmac('sha256', key).update(`${digest}\n${expires}`).digest('hex');
  return {
    /** A path with its query. */
    sign(digest: string): string {
      const expires = String(Math.floor(now() / 1000) + LIFETIME_SECONDS);
      return `/${digest}?Expires=${expires}&X-Amz-Signature=${sign(digest, expires)}`;
    },
    /** The digest that a URL is good for. */
    verify(url: string): string | undefined {
      const [, digest, expires, signature] =
        /^\/(sha256:[0-9a-f]{64})\?Expires=(\d+)&X-Amz-Signature=([0-9a-f]{64})$/.exec(url) ?? [];
      if (digest === undefined || expires === undefined || signature === undefined) return undefined;
      const isSigned = timingSafeEqual(Buffer.from(signature), Buffer.from(sign(digest, expires)));
      return isSigned && Number(expires) * 1000 > now() ? digest : undefined;
    },
  };
};

export type BlobUrls = ReturnType<typeof blobUrls>;
