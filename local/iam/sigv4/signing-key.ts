import { createHmac, timingSafeEqual } from 'node:crypto';
import { boundedCache } from '../bounded-cache.ts';
import type { Authorization } from './authorization.ts';

const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text, 'latin1').digest();

const keys = boundedCache<Buffer>(2_000);

/** The key that a secret gives for one day, region and service. Deriving it costs as much as the rest of the verification. */
export const signingKey = (secretAccessKey: string, { day, region, service, end }: Authorization['scope']): Buffer =>
  keys(`${secretAccessKey}/${day}/${region}/${service}`, () =>
    [region, service, end].reduce((key, text) => hmac(key, text), hmac(`AWS4${secretAccessKey}`, day)),
  );

export const sign = (key: Buffer, text: string): string => hmac(key, text).toString('hex');

/** Compares in a time that doesn't tell where the texts differ. */
export const equalTexts = (expected: string, given: string): boolean => {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
};
