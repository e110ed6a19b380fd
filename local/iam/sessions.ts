import { createHmac, randomBytes } from 'node:crypto';
import type { KeyPair, Principal } from './iam.ts';
import { equalTexts } from './sigv4/signing-key.ts';

/** Gives out keys and knows whose they are. */
export interface Sessions {
  readonly personKeys: KeyPair;
  /** The same principal gets the same keys. */
  keysOf(principal: Principal): KeyPair;
  /** Whose a key is, and its secret; undefined for a key that wasn't given out here. */
  find(
    accessKeyId: string,
    sessionToken: string | undefined,
  ): { readonly principal: Principal; readonly secretAccessKey: string } | 'wrong-token' | undefined;
}

/**
 * A session's token says whose it is and is sealed with a secret of this process, as are the keys that go with it. So nothing
 * has to be kept for a session, and thousands of them cost no memory.
 */
export const openSessions = (person: Principal, personKeys: KeyPair = newPersonKeys()): Sessions => {
  const processSecret = randomBytes(32);
  const seal = (purpose: string, text: string): Buffer =>
    createHmac('sha256', processSecret).update(`${purpose}\n${text}`).digest();
  const accessKeyIdOf = (claims: string): string => `ASIA${base32(seal('id', claims), 16)}`;
  const tokenOf = (claims: string): string => `${claims}.${seal('token', claims).toString('base64url')}`;
  const secretOf = (claims: string): string => seal('secret', claims).toString('base64');

  return {
    personKeys,
    keysOf: (principal) => {
      const claims = Buffer.from(JSON.stringify(principal)).toString('base64url');
      return {
        accessKeyId: accessKeyIdOf(claims),
        secretAccessKey: secretOf(claims),
        sessionToken: tokenOf(claims),
      };
    },
    find: (accessKeyId, sessionToken) => {
      if (accessKeyId === personKeys.accessKeyId) {
        if (sessionToken !== personKeys.sessionToken) return 'wrong-token';
        return { principal: person, secretAccessKey: personKeys.secretAccessKey };
      }
      // Without its token a session's key is as unknown as any other.
      if (sessionToken === undefined) return undefined;
      const claims = sessionToken.slice(0, sessionToken.indexOf('.'));
      if (!equalTexts(tokenOf(claims), sessionToken)) return 'wrong-token';
      if (accessKeyIdOf(claims) !== accessKeyId) return 'wrong-token';
      const principal = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Principal;
      return { principal, secretAccessKey: secretOf(claims) };
    },
  };
};

const newPersonKeys = (): KeyPair => ({
  accessKeyId: `AKIA${base32(randomBytes(16), 16)}`,
  secretAccessKey: randomBytes(30).toString('base64'),
});

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const base32 = (bytes: Buffer, length: number): string =>
  Array.from(bytes.subarray(0, length), (byte) => LETTERS[byte & 31]).join('');
