import { pbkdf2Sync } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  challengeFields,
  clientProof,
  PBKDF2_ITERATIONS,
  readChallenge,
  serverProof,
  verifyProof,
} from '#local/hana/protocol/authentication.ts';
import { PART_KIND } from '#local/hana/protocol/codes.ts';
import { encodeFields, parseFields } from '#local/hana/protocol/field-list.ts';
import { parseRequest, requirePart } from '#local/hana/protocol/framing.ts';
import { SCRAM, VECTORS } from './vectors.ts';

const CHALLENGE = {
  user: 'TESTER',
  method: 'SCRAMPBKDF2SHA256',
  clientChallenge: SCRAM.clientChallenge,
  salt: SCRAM.salt,
  serverChallenge: SCRAM.serverChallenge,
} as const;

const PROOF = Buffer.concat([Buffer.from([1, 0, 32]), SCRAM.clientProof]);

const connectData = (fields: { user?: string; method?: string; proof?: Buffer } = {}): Buffer =>
  encodeFields([
    Buffer.from(fields.user ?? 'tester'),
    Buffer.from(fields.method ?? 'SCRAMPBKDF2SHA256'),
    fields.proof ?? PROOF,
  ]);

it('computes the proofs of a real log-on', () => {
  const salted = pbkdf2Sync('Secret123', SCRAM.salt, PBKDF2_ITERATIONS, 32, 'sha256');

  expect(salted).toEqual(SCRAM.saltedPassword);
  expect(clientProof(salted, SCRAM)).toEqual(SCRAM.clientProof);
  expect(serverProof(salted, SCRAM)).toEqual(SCRAM.serverProof);
});

it('reads the challenge of the native client, prefers PBKDF2 and folds the user', () => {
  const request = parseRequest(Buffer.from(VECTORS.authenticateRequest, 'hex'));

  const challenge = readChallenge(requirePart(request, PART_KIND.AUTHENTICATION, '').data, () => SCRAM.salt);

  expect(challenge).toMatchObject({
    user: 'TESTER',
    method: 'SCRAMPBKDF2SHA256',
    clientChallenge: SCRAM.clientChallenge,
  });
  expect(challenge.serverChallenge).toHaveLength(48);
});

it('keeps the case of a quoted user', () => {
  const data = encodeFields([Buffer.from('"Tester"'), Buffer.from('SCRAMSHA256'), SCRAM.clientChallenge]);

  expect(readChallenge(data, () => SCRAM.salt)).toMatchObject({ user: 'Tester', method: 'SCRAMSHA256' });
});

it('refuses a client that offers no method of ours', () => {
  const data = encodeFields([Buffer.from('tester'), Buffer.from('JWT'), Buffer.from('token')]);

  expect(() => readChallenge(data, () => SCRAM.salt)).toThrow(expect.objectContaining({ code: 10 }));
});

it('sends salt, challenge and the number of rounds', () => {
  const [method, sub] = parseFields(challengeFields(CHALLENGE));

  expect(String(method)).toBe('SCRAMPBKDF2SHA256');
  expect(parseFields(sub as Buffer)).toEqual([SCRAM.salt, SCRAM.serverChallenge, Buffer.from('00003a98', 'hex')]);
});

it('lets the right proof in and answers with its own', async () => {
  const [, field] = parseFields(await verifyProof(connectData(), CHALLENGE, 'Secret123'));

  expect(field).toEqual(Buffer.concat([Buffer.from([1, 0, 32]), SCRAM.serverProof]));
});

it.each([
  ['another password', connectData(), 'Secret124'],
  ['an unknown user', connectData(), undefined],
  ['another user than the challenge was for', connectData({ user: 'admin' }), 'Secret123'],
  ['another method', connectData({ method: 'SCRAMSHA256' }), 'Secret123'],
  ['a short proof', connectData({ proof: PROOF.subarray(0, 34) }), 'Secret123'],
  ['an empty proof', connectData({ proof: Buffer.alloc(0) }), 'Secret123'],
])('refuses %s with error 10', async (_, data, password) => {
  await expect(verifyProof(data, CHALLENGE, password)).rejects.toMatchObject({ code: 10, sqlState: '28000' });
});
