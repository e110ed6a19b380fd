import type { IncomingMessage } from 'node:http';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { jwtAuthorizer } from '#local/http-api/authorizers/jwt.ts';

const ISSUER = { issuer: 'https://idp.example.com', audience: ['api'] };

/** What an authorizer says of a right token whose issuer has one key. */
const verdictOn = async (algorithm: string, header: JWTHeaderParameters) => {
  const { privateKey, publicKey } = await generateKeyPair(algorithm);
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one' }];
  const claims = { iss: ISSUER.issuer, aud: 'api', exp: Math.floor(Date.now() / 1000) + 60 };
  const token = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
  const request = { headers: { authorization: `Bearer ${token}` } } as IncomingMessage;
  const authorizer = jwtAuthorizer({ ...ISSUER, jwks: { keys } }, () => new Date());
  const route = { method: 'GET', path: '/', functionName: 'f' };
  return authorizer.authorize({ request, route, path: '/', readBody: async () => Buffer.alloc(0) });
};

it.each(['RS256', 'RS384', 'RS512'])('takes a token signed by %s', async (alg) => {
  expect(await verdictOn(alg, { alg, kid: 'one' })).toMatchObject({ isAllowed: true });
});

it.each(['ES256', 'PS256', 'EdDSA'])('refuses %s, which API Gateway does not know', async (alg) => {
  expect(await verdictOn(alg, { alg, kid: 'one' })).toMatchObject({ isAllowed: false });
});

it('refuses a token that does not name its key', async () => {
  expect(await verdictOn('RS256', { alg: 'RS256' })).toMatchObject({ isAllowed: false });
});
