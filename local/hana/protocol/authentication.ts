import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { HANA_ERRORS } from './errors.ts';
import { encodeFields, parseFields } from './field-list.ts';
import { ProtocolError } from './protocol-error.ts';

/** A log-on between its two messages. */
export interface Challenge {
  /** As HANA keeps it: upper case, unless the client quoted it. */
  readonly user: string;
  readonly method: ScramMethod;
  readonly clientChallenge: Buffer;
  readonly salt: Buffer;
  readonly serverChallenge: Buffer;
}

export type ScramMethod = keyof typeof METHODS;

/**
 * Takes the AUTHENTICATE request's fields: the user, then pairs of a method and the client's challenge.
 *
 * @param salt 16 bytes, the same for the same user, whether there is such a user or not
 * @throws HanaError 10 when the client offers no method of ours.
 */
export const readChallenge = (data: Buffer, saltOf: (user: string) => Buffer): Challenge => {
  const [user, ...offers] = parseFields(data);
  if (!user) throw new ProtocolError('AUTHENTICATION names no user');
  const offered = new Map<string, Buffer>();
  for (let index = 0; index + 1 < offers.length; index += 2) {
    offered.set((offers[index] as Buffer).toString('latin1'), offers[index + 1] as Buffer);
  }
  const method = (Object.keys(METHODS) as ScramMethod[]).find((name) => offered.has(name));
  if (!method) throw HANA_ERRORS.authenticationFailed();
  const clientChallenge = offered.get(method) as Buffer;
  if (clientChallenge.length !== CLIENT_CHALLENGE_BYTES) throw new ProtocolError('a client challenge has 64 bytes');
  const name = foldUser(user.toString('utf8'));
  return { user: name, method, clientChallenge, salt: saltOf(name), serverChallenge: randomBytes(48) };
};

/** The AUTHENTICATION data that answers the first message. */
export const challengeFields = ({ method, salt, serverChallenge }: Challenge): Buffer =>
  encodeFields([Buffer.from(method), encodeFields([salt, serverChallenge, ...METHODS[method].extraFields])]);

/**
 * Checks the CONNECT request's proof in constant time, and gives the AUTHENTICATION data with the server's own.
 *
 * @param password undefined for a user that doesn't exist: the same work is done, the answer is the same
 * @throws HanaError 10 when the proof is not that of the password.
 */
export const verifyProof = async (
  data: Buffer,
  challenge: Challenge,
  password: string | undefined,
): Promise<Buffer> => {
  const [user, method, proofField] = parseFields(data);
  const { salt, serverChallenge, clientChallenge } = challenge;
  const salted = await METHODS[challenge.method].saltedPassword(password ?? NO_PASSWORD, salt);
  const expected = clientProof(salted, { salt, serverChallenge, clientChallenge });
  const matches =
    proofField?.length === PROOF_HEADER.length + PROOF_BYTES &&
    timingSafeEqual(proofField.subarray(PROOF_HEADER.length), expected);
  const sameLogon =
    foldUser(user?.toString('utf8') ?? '') === challenge.user && method?.toString('latin1') === challenge.method;
  if (!matches || !sameLogon || password === undefined) throw HANA_ERRORS.authenticationFailed();
  return encodeFields([
    Buffer.from(challenge.method),
    Buffer.concat([PROOF_HEADER, serverProof(salted, { salt, serverChallenge, clientChallenge })]),
  ]);
};

interface ScramChallenges {
  readonly salt: Buffer;
  readonly serverChallenge: Buffer;
  readonly clientChallenge: Buffer;
}

/** key XOR HMAC(SHA256(key), salt | server challenge | client challenge), where key = SHA256(salted password). */
export const clientProof = (salted: Buffer, { salt, serverChallenge, clientChallenge }: ScramChallenges): Buffer => {
  const key = sha256(salted);
  const signature = hmac(sha256(key), salt, serverChallenge, clientChallenge);
  return Buffer.from(key.map((byte, index) => byte ^ (signature[index] as number)));
};

/** HMAC(HMAC(salted password, salt), client challenge | salt | server challenge). */
export const serverProof = (salted: Buffer, { salt, serverChallenge, clientChallenge }: ScramChallenges): Buffer =>
  hmac(hmac(salted, salt), clientChallenge, salt, serverChallenge);

const hmac = (key: Buffer, ...pieces: readonly Buffer[]): Buffer => {
  const digest = createHmac('sha256', key);
  for (const piece of pieces) digest.update(piece);
  return digest.digest();
};

const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest();

/** HANA's own number of rounds. */
export const PBKDF2_ITERATIONS = 15_000;

const PROOF_BYTES = 32;

const bigEndian32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** The methods answered, best first. */
const METHODS = {
  SCRAMPBKDF2SHA256: {
    saltedPassword: (password: string, salt: Buffer): Promise<Buffer> =>
      promisify(pbkdf2)(password, salt, PBKDF2_ITERATIONS, PROOF_BYTES, 'sha256'),
    extraFields: [bigEndian32(PBKDF2_ITERATIONS)],
  },
  SCRAMSHA256: {
    saltedPassword: async (password: string, salt: Buffer): Promise<Buffer> => hmac(Buffer.from(password), salt),
    extraFields: [],
  },
};

const CLIENT_CHALLENGE_BYTES = 64;

/** One value, at offset 0, of 32 bytes. */
const PROOF_HEADER = Buffer.from([1, 0, PROOF_BYTES]);

/** Takes the place of the password of a user that doesn't exist; what it gives is never accepted. */
const NO_PASSWORD = '';

const foldUser = (typed: string): string =>
  typed.length > 2 && typed.startsWith('"') && typed.endsWith('"')
    ? typed.slice(1, -1).replaceAll('""', '"')
    : typed.toUpperCase();
