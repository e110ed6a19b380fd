/** A failure of the way to AWS, before AWS was asked anything: what it is, and what to do. */
export interface AwsProblem {
  readonly detail: string;
  readonly fix: string;
}

/**
 * What keeps a command from reaching AWS: no credentials, ended ones, no region, no network. Undefined for every other error.
 * The SDK says these in its own terms, by many names.
 */
export const awsProblem = (error: unknown): AwsProblem | undefined => {
  for (const each of chainOf(error)) {
    const problem = credentialsProblem(each) ?? regionProblem(each) ?? networkProblem(each);
    if (problem) return problem;
  }
  return undefined;
};

const SIGN_IN =
  'Sign in (aws sso login, with the profile), or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';

const ENDED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired']);
const REFUSED = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'AuthFailure',
]);
const PROVIDER_ERROR = /^(CredentialsProviderError|TokenProviderError|ProviderError)$/;

const credentialsProblem = ({ name, message }: Error): AwsProblem | undefined => {
  if (/region is missing/i.test(message)) return undefined;
  if (ENDED.has(name) || (PROVIDER_ERROR.test(name) && /expired|sso session|refresh/i.test(message))) {
    return { detail: `The AWS credentials${ofProfile()} have expired: ${message}`, fix: SIGN_IN };
  }
  if (REFUSED.has(name)) {
    return { detail: `AWS doesn't accept the credentials${ofProfile()}: ${message}`, fix: SIGN_IN };
  }
  if (PROVIDER_ERROR.test(name))
    return { detail: `There are no AWS credentials${ofProfile()}: ${message}`, fix: SIGN_IN };
  return undefined;
};

const ofProfile = (): string => (process.env.AWS_PROFILE ? ` of the profile ${process.env.AWS_PROFILE}` : '');

const regionProblem = ({ message }: Error): AwsProblem | undefined =>
  /region is missing|invalid hostname component|region not accepted/i.test(message)
    ? {
        detail: `There is no usable AWS region: ${message}`,
        fix: 'Set AWS_REGION, such as eu-central-1, or say --region.',
      }
    : undefined;

const UNREACHED: Readonly<Record<string, string>> = {
  ENOTFOUND: "can't be found",
  EAI_AGAIN: "can't be found now",
  ECONNREFUSED: 'refuses the connection',
  ECONNRESET: 'ended the connection',
  EPIPE: 'ended the connection',
  ETIMEDOUT: 'gives no answer',
  EHOSTUNREACH: "can't be reached",
  ENETUNREACH: "can't be reached",
};

/** Of TLS: a proxy that shows a certificate of its own. */
const CERTIFICATE = /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_.*|CERT_.*|ERR_TLS_CERT_.*)$/;

const networkProblem = (error: Error): AwsProblem | undefined => {
  const {
    name,
    code = '',
    hostname,
    address,
    port,
    message,
  } = error as NodeJS.ErrnoException & {
    readonly hostname?: string;
    readonly address?: string;
    readonly port?: number;
  };
  // Whatever refuses on the loopback address is the local cloud.
  if (address === '127.0.0.1' || address === '::1') return undefined;
  const host = hostname ?? (address && `${address}${port ? `:${port}` : ''}`) ?? 'The server';
  const fix = 'Check the network, a proxy (HTTPS_PROXY), AWS_REGION and AWS_ENDPOINT_URL.';
  if (CERTIFICATE.test(code)) {
    const ca = 'Name the certificate of your proxy in NODE_EXTRA_CA_CERTS, or leave the proxy out.';
    return { detail: `${host} shows a certificate that isn't trusted: ${message}`, fix: ca };
  }
  if (Object.hasOwn(UNREACHED, code) && (hostname ?? address) !== undefined) {
    return { detail: `${host} ${UNREACHED[code]} (${code}).`, fix };
  }
  if (name === 'TimeoutError') return { detail: `AWS gives no answer: ${message}`, fix };
  return undefined;
};

/** The error, the errors of several attempts, and what they were caused by. */
const chainOf = (error: unknown): Error[] => {
  if (!(error instanceof Error)) return [];
  const attempts: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error, ...[error.cause, ...attempts].flatMap(chainOf)];
};
