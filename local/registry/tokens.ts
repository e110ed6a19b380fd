import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Principal } from '#local/iam/iam.ts';

/** ECR's: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
const LIFETIME_MS = 12 * 60 * 60 * 1000;

/** Whose a token is. */
export type TokenVerdict = Principal | 'expired' | 'unknown';

interface Claims {
  readonly expiresAt: number;
  readonly principal: Principal;
}

/** Passwords of the user AWS: signed, with whoever asked for one in it, valid for 12 hours, and as good after a restart. */
export const openTokens = async (dataDir: string, now: () => number) => {
  const key = await signingKey(join(dataDir, 'token-key'));
  const sign = (payload: string): string => createHmac('sha256', key).update(payload).digest('base64url');
  const verdictOn = (password: string): TokenVerdict => {
    const [payload = '', signature = ''] = password.split('.');
    const [given, expected] = [Buffer.from(signature), Buffer.from(sign(payload))];
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'unknown';
    const { expiresAt, principal } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Partial<Claims>;
    // One of an earlier version says only when it ends.
    if (expiresAt === undefined || principal === undefined) return 'unknown';
    return expiresAt > now() ? principal : 'expired';
  };
  return {
    issue(principal: Principal) {
      const expiresAt = new Date(now() + LIFETIME_MS);
      const claims: Claims = { expiresAt: expiresAt.getTime(), principal };
      const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
      return { password: `${payload}.${sign(payload)}`, expiresAt };
    },
    /** Looks at an Authorization header: `Basic base64(AWS:<password>)`, or `Bearer` with either of the two. */
    check(header: string | undefined): TokenVerdict {
      const [scheme = '', credentials = ''] = (header ?? '').split(' ');
      const decoded = Buffer.from(credentials, 'base64').toString('utf8');
      const password = decoded.startsWith(USER) ? decoded.slice(USER.length) : undefined;
      if (scheme.toLowerCase() === 'basic') return verdictOn(password ?? '');
      if (scheme.toLowerCase() === 'bearer') return verdictOn(password ?? credentials);
      return 'unknown';
    },
  };
};

export type Tokens = Awaited<ReturnType<typeof openTokens>>;

const USER = 'AWS:';

const signingKey = async (file: string): Promise<Buffer> => {
  try {
    return await readFile(file);
  } catch {
    const key = randomBytes(32);
    await writeFile(file, key, { mode: 0o600 });
    return key;
  }
};
