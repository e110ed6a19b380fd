import { createLocalJWKSet, type errors, jwtVerify } from 'jose';
import type { Rule } from '../controllers/api-rules.ts';
import type { Issuer } from './issuer.ts';

export interface Refusal {
  readonly code: 401 | 403;
  readonly body: string;
}

/** What Istio answers: 403 without a token, 401 for one that isn't valid, 403 for one without the right claims. */
export const refusalOf = async (
  { noAuth, jwt }: Rule,
  authorization: string | undefined,
  issuer: Issuer,
  now: Date,
): Promise<Refusal | undefined> => {
  if (noAuth) return undefined;
  const denied: Refusal = { code: 403, body: 'RBAC: access denied' };
  const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  if (!token) return denied;
  const known = jwt?.authentications?.find(
    ({ issuer: name, jwksUri }) => name === issuer.issuer && jwksUri === issuer.jwksUri,
  );
  // The gateway would fetch a foreign issuer's keys; the laptop goes nowhere.
  if (!known) return { code: 401, body: 'Jwks remote fetch is failed' };
  try {
    const options = { issuer: issuer.issuer, currentDate: now, algorithms: ['RS256'] };
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [...issuer.jwks.keys] }), options);
    const audiences = [payload.aud ?? []].flat();
    const scopes = [payload.scope ?? payload.scp ?? []].flat().flatMap((scope) => String(scope).split(' '));
    const { authorizations = [{}] } = jwt ?? {};
    const isAllowed = authorizations.some(
      ({ audiences: wanted = [], requiredScopes = [] }) =>
        wanted.every((audience) => audiences.includes(audience)) &&
        requiredScopes.every((scope) => scopes.includes(scope)),
    );
    return isAllowed ? undefined : denied;
  } catch (error) {
    return { code: 401, body: SENTENCES[(error as errors.JOSEError).code] ?? 'Jwt verification fails' };
  }
};

/** Envoy's own. */
const SENTENCES: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'Jwt is expired',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'Jwt issuer is not configured',
  ERR_JWS_INVALID: 'Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections',
};
