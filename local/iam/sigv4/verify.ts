import type { IncomingMessage } from 'node:http';
import type { Account } from '#local/stand-in.ts';
import { SignatureError } from '../errors.ts';
import type { Principal } from '../iam.ts';
import type { Sessions } from '../sessions.ts';
import { type Authorization, readAuthorization } from './authorization.ts';
import { canonicalRequest, stringToSign } from './canonical-request.ts';
import { checkClock } from './clock.ts';
import { headerOf, partsOf, type Query } from './request-parts.ts';
import { equalTexts, sign, signingKey } from './signing-key.ts';
import { wordsOf } from './words.ts';

export interface Verifier {
  readonly account: Account;
  readonly sessions: Sessions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Verified {
  readonly principal: Principal;
  readonly authorization: Authorization;
  readonly key: Buffer;
  /** The body's digest, or the word that stands for it, as it was signed. */
  readonly payloadHash: string;
}

/**
 * Finds out who signed a request, by AWS Signature Version 4.
 *
 * @param bodySha256 answers for requests that don't declare their body's digest.
 * @throws SignatureError
 */
export const verify = (
  { account, sessions, now }: Verifier,
  request: IncomingMessage,
  service: string,
  bodySha256: () => string,
): Verified => {
  const parts = partsOf(request);
  const authorization = readAuthorization(request, parts.query, service);
  const { presigned } = authorization;
  checkScope(authorization, service, account.region);
  const owner = sessions.find(authorization.accessKeyId, authorization.sessionToken);
  const words = wordsOf(service);
  if (owner === undefined) {
    const details = { AWSAccessKeyId: authorization.accessKeyId };
    throw new SignatureError('unknown-key', words.unknownKey, { presigned, details });
  }
  if (owner === 'wrong-token') throw new SignatureError('token', words.token, { presigned });
  checkClock(authorization, now());
  checkSignedHeaders(request, authorization, words.unsignedHeaders);
  const payloadHash = declaredPayload(request, parts.query, authorization) ?? bodySha256();
  const canonical = canonicalRequest(request, parts, authorization, payloadHash);
  const text = stringToSign(authorization, canonical);
  const key = signingKey(owner.secretAccessKey, authorization.scope);
  if (!equalTexts(sign(key, text), authorization.signature)) {
    throw new SignatureError('signature', words.signature, {
      presigned,
      details: {
        AWSAccessKeyId: authorization.accessKeyId,
        StringToSign: text,
        SignatureProvided: authorization.signature,
        CanonicalRequest: canonical,
      },
    });
  }
  return { principal: owner.principal, authorization, key, payloadHash };
};

/** Of a presigned URL it may stand in the query. */
const declaredPayload = (
  request: IncomingMessage,
  query: Query,
  { presigned, scope }: Authorization,
): string | undefined => {
  const inQuery = presigned ? query['X-Amz-Content-Sha256'] : undefined;
  if (typeof inQuery === 'string') return inQuery;
  return (
    headerOf(request, 'x-amz-content-sha256') ?? (presigned && scope.service === 's3' ? 'UNSIGNED-PAYLOAD' : undefined)
  );
};

/** These are signed in whatever region the client thinks of. */
const GLOBAL_SERVICES = new Set(['iam', 'sts']);

const checkScope = ({ presigned, date, scope }: Authorization, service: string, region: string): void => {
  const wrong = (message: string, details: Record<string, string> = {}): SignatureError =>
    new SignatureError('scope', message, { presigned, details });
  if (scope.day !== date.slice(0, 8)) {
    throw wrong(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scope.day}' != '${date.slice(0, 8)}', from '${date}'.`,
    );
  }
  if (scope.region !== region && !(GLOBAL_SERVICES.has(service) && scope.region === 'us-east-1')) {
    throw wrong(
      service === 's3'
        ? `${presigned ? 'Error parsing the X-Amz-Credential parameter' : 'The authorization header is malformed'}; the region '${scope.region}' is wrong; expecting '${region}'`
        : `Credential should be scoped to a valid region, not '${scope.region}'.`,
      { Region: region },
    );
  }
  if (scope.service !== service) throw wrong(`Credential should be scoped to correct service: '${service}'.`);
  if (scope.end !== 'aws4_request') {
    throw wrong(`Credential should be scoped with a valid terminator: 'aws4_request', not '${scope.end}'.`);
  }
};

const checkSignedHeaders = (
  { headers }: IncomingMessage,
  { presigned, signedHeaders }: Authorization,
  message: string,
): void => {
  const notSigned = Object.keys(headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  );
  if (notSigned.length === 0) return;
  throw new SignatureError('unsigned-headers', message, {
    presigned,
    details: { HeadersNotSigned: notSigned.join(', ') },
  });
};
