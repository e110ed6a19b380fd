import { PipelineError } from '#shared/errors.ts';

/** An error that AWS, its SDK or the way there ended a call with, in words for a person. */
export interface AwsProblem {
  /** `login`: nothing can be asked. `network`: nothing could be reached. `denied`: this call isn't allowed. `busy`: asked too often. */
  readonly kind: 'login' | 'network' | 'denied' | 'busy';
  readonly detail: string;
  readonly remedy: string;
}

/** What an error of a call to AWS means; undefined for one that is about the thing that was asked for. */
export const awsProblemOf = (error: unknown): AwsProblem | undefined => {
  // Ours are about the warehouse, the cluster or an input, and say themselves what to do.
  if (error instanceof PipelineError) return undefined;
  const chain = causesOf(error).filter((each) => !isOfLocalCloud(each));
  for (const { matches, problem } of PROBLEMS) {
    const found = chain.find(matches);
    if (found) return problem(found);
  }
  return undefined;
};

interface CallError extends Error {
  readonly code?: string;
  readonly hostname?: string;
  readonly address?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The error, what is wrapped in it, and the attempts over IPv4 and IPv6. */
const causesOf = (error: unknown): CallError[] => {
  if (!(error instanceof Error)) return [];
  const attempts = error instanceof AggregateError ? error.errors : [];
  return [error, ...[error.cause, ...attempts].flatMap(causesOf)];
};

/** What refuses on the loopback address is the local cloud, which has ended. */
const isOfLocalCloud = ({ address }: CallError): boolean => address === '127.0.0.1' || address === '::1';

const named =
  (...names: readonly string[]) =>
  ({ name, code = '' }: CallError): boolean =>
    names.includes(name) || names.includes(code);

const profile = (): string => (process.env.AWS_PROFILE ? `profile ${process.env.AWS_PROFILE}` : 'default credentials');

const login = () => `aws sso login${process.env.AWS_PROFILE ? ` --profile ${process.env.AWS_PROFILE}` : ''}`;

const isCredentialsError = named('CredentialsProviderError', 'TokenProviderError');

/** https://docs.aws.amazon.com/sdkref/latest/guide/understanding-sso.html; the SDK tells what is wrong in its message only. */
const SSO = /\bSSO\b|sso login/i;

interface Rule {
  readonly matches: (error: CallError) => boolean;
  readonly problem: (error: CallError) => AwsProblem;
}

const PROBLEMS: readonly Rule[] = [
  {
    matches: (error) => isCredentialsError(error) && SSO.test(error.message),
    problem: ({ message }) => ({
      kind: 'login',
      detail: `the SSO session of ${profile()} has ended: ${firstLine(message)}`,
      remedy: `Log in again: ${login()}`,
    }),
  },
  {
    matches: isCredentialsError,
    problem: ({ message }) => ({
      kind: 'login',
      detail: `there are no credentials of AWS (${profile()}): ${firstLine(message)}`,
      remedy:
        'Name a profile in AWS_PROFILE. `aws configure list-profiles` lists them, `aws sts get-caller-identity` tries one.',
    }),
  },
  {
    matches: named('ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'RequestExpired'),
    problem: () => ({
      kind: 'login',
      detail: `the session of ${profile()} has expired`,
      remedy: `Log in again (${login()}), or fetch new temporary credentials.`,
    }),
  },
  {
    matches: named('UnrecognizedClientException', 'InvalidClientTokenId', 'InvalidAccessKeyId', 'InvalidToken'),
    problem: () => ({
      kind: 'login',
      detail: `AWS doesn't know the access key of ${profile()}`,
      remedy: 'Look whether it was deleted (`aws sts get-caller-identity`), and name another profile in AWS_PROFILE.',
    }),
  },
  {
    matches: named('SignatureDoesNotMatch', 'InvalidSignatureException', 'RequestTimeTooSkewed', 'AuthFailure'),
    problem: ({ message }) => ({
      kind: 'login',
      detail: `AWS refuses the signature of ${profile()}: ${firstLine(message)}`,
      remedy: "Compare the secret key with the one that was handed out, and this computer's clock with the real time.",
    }),
  },
  {
    matches: ({ message }) => /^Region is missing|invalid hostname component|region not accepted/i.test(message),
    problem: () => ({
      kind: 'network',
      detail: 'no region is named, or none that there is',
      remedy: 'Name it: --region eu-central-1, AWS_REGION, or params.<stage>.region in serverless.yml.',
    }),
  },
  {
    matches: named('ENOTFOUND', 'EAI_AGAIN'),
    problem: ({ hostname, message }) => ({
      kind: 'network',
      detail: `${hostname ?? firstLine(message)} can't be looked up`,
      remedy:
        'Check the spelling of the region (--region), that the service exists there, and your network or its proxy.',
    }),
  },
  {
    matches: named('ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'TimeoutError'),
    problem: ({ message, code, name }) => ({
      kind: 'network',
      detail: `no connection: ${firstLine(message) || code || name}`,
      remedy: 'Check your network, its proxy, and AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_… if they are set.',
    }),
  },
  {
    matches: ({ code = '' }) => /^(SELF_SIGNED_CERT|UNABLE_TO_|CERT_|DEPTH_ZERO|ERR_TLS)/.test(code),
    problem: ({ message }) => ({
      kind: 'network',
      detail: `the certificate of AWS can't be verified: ${firstLine(message)}`,
      remedy: "A proxy may answer in its place. Name the proxy's authority in NODE_EXTRA_CA_CERTS.",
    }),
  },
  {
    matches: (error) =>
      named('AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'Forbidden', 'NotAuthorized')(error) ||
      error.$metadata?.httpStatusCode === 403,
    problem: ({ message, name }) => ({
      kind: 'denied',
      detail: `${name}: ${firstLine(message)}`,
      remedy: allowing(message),
    }),
  },
  {
    matches: named('ThrottlingException', 'Throttling', 'TooManyRequestsException', 'RequestLimitExceeded', 'SlowDown'),
    problem: () => ({
      kind: 'busy',
      detail: 'AWS was asked too often',
      remedy: 'Try again in a minute.',
    }),
  },
];

const firstLine = (text: string): string => text.split('\n')[0]!.replace(/\.$/, '');

/** `User: <ARN> is not authorized to perform: <action> on resource: <ARN> because …` */
const allowing = (message: string): string => {
  const [, principal, action, resource] =
    /User: (\S+) is not authorized to perform: (\S+?)(?: on resource: (\S+))?(?: |$|\.)/.exec(message) ?? [];
  if (!action) return '';
  const why = /service control policy|permissions boundary|explicit deny/.exec(message)?.[0];
  const told = `${action}${resource ? ` on ${resource}` : ''}`;
  return why
    ? `Something denies ${principal} the call ${told} (${why}): an Allow won't help, ask whoever wrote it.`
    : `Let ${principal} call ${told}.`;
};
