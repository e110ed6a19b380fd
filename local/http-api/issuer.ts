import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** Stands for the identity provider that a stage names as `apiJwtIssuer`. */
export interface Issuer {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly jwks: { readonly keys: JWK[] };
  /** A token for the API; `claims` replace those that make it a right one. */
  sign(claims?: Readonly<Record<string, unknown>>): Promise<string>;
}

const ALGORITHM = 'RS256';
const KEY_ID = 'local';
const LIFETIME_SECONDS = 30 * 24 * 3600;

/** An issuer whose key lives as long as this process, and its tokens with it. */
export const openIssuer = async (now: () => Date = () => new Date()): Promise<Issuer> => {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
  const issuer = 'https://issuer.local';
  const audience = 'fedml-serverless';
  return {
    issuer,
    audience: [audience],
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: KEY_ID, alg: ALGORITHM, use: 'sig' }] },
    sign(claims = {}) {
      const iat = Math.floor(now().getTime() / 1000);
      const payload = { iss: issuer, aud: audience, sub: 'local', iat, exp: iat + LIFETIME_SECONDS, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID, typ: 'JWT' }).sign(privateKey);
    },
  };
};
