import { SFNClient } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { awsProblemOf } from '#cli/aws/aws-error.ts';
import { examine } from '#cli/doctor/finding.ts';
import { messageOf } from '#cli/error-message.ts';

const named = (name: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });

beforeEach(() => {
  vi.stubEnv('AWS_PROFILE', 'work');
});
afterEach(() => vi.unstubAllEnvs());

describe('a failure of the way to AWS', () => {
  it.each<[string, Error, RegExp, RegExp]>([
    [
      'no credentials',
      named('CredentialsProviderError', 'Could not load credentials from any providers'),
      /no credentials of AWS \(profile work\)/,
      /AWS_PROFILE/,
    ],
    [
      'an ended session of SSO',
      named('TokenProviderError', 'The SSO session has expired'),
      /SSO session of profile work has ended/,
      /aws sso login --profile work/,
    ],
    [
      'an ended session',
      named('ExpiredTokenException', 'The security token included in the request is expired'),
      /session of profile work has expired/,
      /aws sso login/,
    ],
    [
      'keys that nobody has',
      named('UnrecognizedClientException', 'The security token is invalid'),
      /doesn't know the access key of profile work/,
      /AWS_PROFILE/,
    ],
    ['no region', named('Error', 'Region is missing'), /no region is named/, /AWS_REGION/],
    [
      'an unknown host',
      named('Error', 'getaddrinfo', { code: 'ENOTFOUND', hostname: 's3.eu-x.amazonaws.com' }),
      /s3\.eu-x\.amazonaws\.com can't be looked up/,
      /--region/,
    ],
    [
      'no route',
      named('Error', 'connect ETIMEDOUT 10.1.2.3:443', { code: 'ETIMEDOUT', address: '10.1.2.3', port: 443 }),
      /no connection: connect ETIMEDOUT 10\.1\.2\.3:443/,
      /proxy/,
    ],
    [
      'a proxy of one’s own',
      named('Error', 'self-signed certificate', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
      /can't be verified/,
      /NODE_EXTRA_CA_CERTS/,
    ],
    [
      'what is wrapped',
      new Error('outer', { cause: new AggregateError([named('Error', 'x', { code: 'ENOTFOUND', hostname: 'h' })]) }),
      /h can't be looked up/,
      /network/,
    ],
  ])('is told with what to do: %s', (_, error, detail, fix) => {
    expect(awsProblemOf(error)).toMatchObject({
      detail: expect.stringMatching(detail),
      remedy: expect.stringMatching(fix),
    });
    const { text, exitCode } = messageOf(error);
    expect(text).toMatch(detail);
    expect(text).not.toMatch(/bug of fedml|\n\s+at /);
    expect(exitCode).toBe(1);
  });

  it('is not the local cloud that has ended, nor a mistake of ours', () => {
    const ended = named('Error', 'connect', { code: 'ECONNREFUSED', address: '127.0.0.1', port: 4566 });

    expect(awsProblemOf(ended)).toBeUndefined();
    expect(messageOf(ended).text).toMatch(/has ended meanwhile/);
    expect(awsProblemOf(new TypeError('x is not a function'))).toBeUndefined();
  });

  it('is what the SDK throws for a profile that nobody has', async () => {
    vi.stubEnv('AWS_PROFILE', 'nosuch');
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');

    const error = await new SFNClient({ region: 'eu-central-1' }).config
      .credentials()
      .catch((thrown: unknown) => thrown);

    expect(awsProblemOf(error)?.detail).toMatch(/no credentials of AWS \(profile nosuch\)/);
  });
});

it('is a finding of the doctor, with the way out', async () => {
  const found = await examine('store', 'Create the bucket.', () =>
    Promise.reject(named('CredentialsProviderError', 'Could not load credentials from any providers')),
  );

  expect(found).toMatchObject({
    status: 'problem',
    detail: expect.stringMatching(/no credentials of AWS/),
    remedy: expect.stringMatching(/AWS_PROFILE/),
  });
});
