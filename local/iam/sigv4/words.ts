/** How S3 puts what it refuses, and how the other services do. */
interface Words {
  readonly missing: string;
  readonly unknownKey: string;
  readonly token: string;
  readonly signature: string;
  readonly payload: string;
  readonly unsignedHeaders: string;
}

export const S3_WORDS: Words = {
  missing: 'Access Denied',
  unknownKey: 'The AWS Access Key Id you provided does not exist in our records.',
  token: 'The provided token is malformed or otherwise invalid.',
  signature:
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  payload: "The provided 'x-amz-content-sha256' header does not match what was computed.",
  unsignedHeaders: 'There were headers present in the request which were not signed',
};

const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

const OTHERS_WORDS: Words = {
  missing: 'Missing Authentication Token',
  unknownKey: 'The security token included in the request is invalid.',
  token: 'The security token included in the request is invalid.',
  signature: MISMATCH,
  payload: MISMATCH,
  unsignedHeaders: "'Host' and all 'X-Amz-' headers must be a 'SignedHeader' in the AWS Authorization.",
};

export const wordsOf = (service: string): Words => (service === 's3' ? S3_WORDS : OTHERS_WORDS);
