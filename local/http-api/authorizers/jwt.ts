import { createLocalJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Issuer } from '../issuer.ts';
import type { Authorizer, Verdict } from './authorizer.ts';

/**
 * API Gateway's JWT authorizer with `$request.header.Authorization` as its source. It knows RSA's algorithms only, and wants
 * the issuer, the audience (`aud`, or `client_id` where there is no `aud`), the times and the `kid` of one of the issuer's keys.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
 */
export const jwtAuthorizer = (
  { issuer, audience, jwks }: Pick<Issuer, 'issuer' | 'audience' | 'jwks'>,
  now: () => Date,
): Authorizer => {
  const keys = createLocalJWKSet(jwks);
  const keyOf: JWTVerifyGetKey = (header, token) => {
    if (!header.kid) throw new errors.JWKSNoMatchingKey('The token names no key.');
    return keys(header, token);
  };
  return {
    takes: () => true,
    async authorize({ request }) {
      const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
      if (token === '') return unauthorized('Bearer');
      try {
        const { payload } = await jwtVerify(token, keyOf, {
          algorithms: ['RS256', 'RS384', 'RS512'],
          issuer,
          requiredClaims: ['exp'],
          currentDate: now(),
        });
        assertTimes(payload, now());
        assertAudience(payload, audience);
        return { isAllowed: true, context: { jwt: { claims: asTexts(payload), scopes: null } } };
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error;
        return unauthorized(`Bearer scope="" error="invalid_token" error_description="${describe(error)}"`);
      }
    },
  };
};

const assertTimes = ({ iat }: JWTPayload, now: Date): void => {
  if (iat !== undefined && iat > now.getTime() / 1000)
    throw new errors.JWTInvalid('the token was issued in the future');
};

const assertAudience = ({ aud = [], client_id: clientId }: JWTPayload, audience: readonly string[]): void => {
  const named = [aud].flat();
  const offered = named.length > 0 ? named : [clientId];
  if (!offered.some((each) => audience.includes(String(each)))) throw new errors.JWTInvalid('invalid audience');
};

const unauthorized = (challenge: string): Verdict => ({
  isAllowed: false,
  refusal: { statusCode: 401, message: 'Unauthorized', headers: { 'www-authenticate': challenge } },
});

const describe = (error: errors.JOSEError): string =>
  error instanceof errors.JWTExpired ? 'the token has expired' : error.message.replaceAll('"', "'");

/** API Gateway hands every claim over as text; a list is `[a b]`. */
const asTexts = (claims: JWTPayload): Record<string, string> =>
  Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      Array.isArray(value) ? `[${value.join(' ')}]` : typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  );
