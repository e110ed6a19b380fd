import type { IncomingMessage } from 'node:http';
import { SignatureError } from '../errors.ts';
import { headerOf, type Query } from './request-parts.ts';
import { wordsOf } from './words.ts';

/** What a request says about its own signature. */
export interface Authorization {
  readonly presigned: boolean;
  readonly accessKeyId: string;
  readonly scope: { readonly day: string; readonly region: string; readonly service: string; readonly end: string };
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `20261130T101500Z`. */
  readonly date: string;
  /** Of a presigned URL. */
  readonly expiresSeconds?: number;
  readonly sessionToken?: string;
}

export const ALGORITHM = 'AWS4-HMAC-SHA256';

/** @throws SignatureError missing, malformed or unsupported. */
export const readAuthorization = (request: IncomingMessage, query: Query, service: string): Authorization => {
  const header = headerOf(request, 'authorization');
  const inQuery = 'X-Amz-Algorithm' in query || 'X-Amz-Signature' in query || 'X-Amz-Credential' in query;
  if (header !== undefined && inQuery) {
    throw new SignatureError(
      'malformed',
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    );
  }
  if (inQuery) return fromQuery(query);
  if (header === undefined) throw new SignatureError('missing', wordsOf(service).missing);
  return fromHeader(header, request);
};

const fromHeader = (header: string, request: IncomingMessage): Authorization => {
  const space = header.indexOf(' ');
  const algorithm = space < 0 ? header : header.slice(0, space);
  if (algorithm !== ALGORITHM) throw unsupported(algorithm, false);
  const fields = new Map<string, string>();
  for (const field of header.slice(space + 1).split(',')) {
    const equals = field.indexOf('=');
    const name = field.slice(0, equals).trim();
    if (equals < 0 || fields.has(name)) throw new SignatureError('malformed', `Authorization header has '${field}'.`);
    fields.set(name, field.slice(equals + 1).trim());
  }
  const date = headerOf(request, 'x-amz-date') ?? basicDate(headerOf(request, 'date'));
  const missing = ['Credential', 'Signature', 'SignedHeaders']
    .filter((name) => !fields.get(name))
    .map((name) => `Authorization header requires '${name}' parameter.`);
  if (!date) missing.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  if (missing.length > 0) {
    throw new SignatureError('malformed', `${missing.join(' ')} Authorization=${algorithm}`);
  }
  const sessionToken = headerOf(request, 'x-amz-security-token');
  return {
    presigned: false,
    ...credentialOf(fields.get('Credential')!, false),
    signedHeaders: fields.get('SignedHeaders')!.split(';'),
    signature: fields.get('Signature')!,
    date: checkedDate(date!, false),
    ...(sessionToken !== undefined && { sessionToken }),
  };
};

const fromQuery = (query: Query): Authorization => {
  const parameter = (name: string): string => {
    const value = query[name];
    if (typeof value !== 'string' || value === '') {
      throw new SignatureError(
        'malformed',
        'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
        { presigned: true },
      );
    }
    return value;
  };
  const algorithm = parameter('X-Amz-Algorithm');
  if (algorithm !== ALGORITHM) throw unsupported(algorithm, true);
  const sessionToken = 'X-Amz-Security-Token' in query ? parameter('X-Amz-Security-Token') : undefined;
  return {
    presigned: true,
    ...credentialOf(parameter('X-Amz-Credential'), true),
    signedHeaders: parameter('X-Amz-SignedHeaders').split(';'),
    signature: parameter('X-Amz-Signature'),
    date: checkedDate(parameter('X-Amz-Date'), true),
    expiresSeconds: expiresSecondsOf(parameter('X-Amz-Expires')),
    ...(sessionToken !== undefined && { sessionToken }),
  };
};

const credentialOf = (credential: string, presigned: boolean): Pick<Authorization, 'accessKeyId' | 'scope'> => {
  const parts = credential.split('/');
  if (parts.length !== 5 || parts.includes('')) {
    throw new SignatureError(
      'malformed',
      `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request" and not "${credential}"`,
      { presigned },
    );
  }
  const [accessKeyId, day, region, service, end] = parts as [string, string, string, string, string];
  return { accessKeyId, scope: { day, region, service, end } };
};

/** The span that AWS allows: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
const MAX_EXPIRES_SECONDS = 604_800;

const expiresSecondsOf = (text: string): number => {
  const seconds = /^-?\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  const wrong = (what: string): SignatureError => new SignatureError('malformed', what, { presigned: true });
  if (Number.isNaN(seconds)) throw wrong('X-Amz-Expires should be a number');
  if (seconds < 1) throw wrong('X-Amz-Expires must be greater than 0');
  if (seconds > MAX_EXPIRES_SECONDS) {
    throw wrong(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    );
  }
  return seconds;
};

const checkedDate = (date: string, presigned: boolean): string => {
  if (/^\d{8}T\d{6}Z$/.test(date) && !Number.isNaN(millisecondsOf(date))) return date;
  throw new SignatureError(
    'malformed',
    `Date must be in ISO-8601 'basic format'. Got '${date}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    { presigned },
  );
};

/** `20261130T101500Z` in milliseconds since 1970, or NaN. */
export const millisecondsOf = (date: string): number =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));

/** A moment, or the text of a `Date` header, as `20261130T101500Z`. */
export const basicDate = (date: string | number | undefined): string | undefined => {
  const moment = new Date(date ?? Number.NaN);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString().replace(/[-:]|\.\d{3}/g, '');
};

const unsupported = (algorithm: string, presigned: boolean): SignatureError =>
  new SignatureError(
    'unsupported',
    `The authorization mechanism you have provided (${algorithm}) is not supported. Please use ${ALGORITHM}.`,
    { presigned },
  );
