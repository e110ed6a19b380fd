import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MAX_STAGE_LENGTH } from '../../scripts/deployment/check-stages.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const KnownParameters = createRequire(import.meta.url)('../../resources/plugins/known-parameters.cjs') as new (
  serverless: unknown,
  options?: { stage?: string },
) => unknown;

type Params = Record<string, Record<string, unknown>>;
const { params: PARAMS } = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8'), { logLevel: 'silent' }) as {
  params: Params;
};

/** What a command line, and the params of serverless.yml, are told. */
const refusal = (given: string[], { stage, params = {} }: { stage?: string; params?: Params } = {}): string => {
  const serverless = {
    configurationInput: { params: { ...PARAMS, ...params } },
    processedInput: { options: { param: given } },
    classes: { Error },
  };
  try {
    new KnownParameters(serverless, stage === undefined ? {} : { stage });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the parameters of a deployment', () => {
  it.each([
    [[]],
    [['network=created', 'vpcCidr=10.0.0.0/16', 'warehousePort=30015']],
    [['network=existing', 'subnetIds=subnet-0a1b2c3d,subnet-0123456789abcdef0', 'securityGroupIds=sg-0a1b2c3d']],
    [['warehouseSecretArn=arn:aws:secretsmanager:eu-central-1:123456789012:secret:dwc-a1b2c3']],
    [['kmsKeyArn=arn:aws-cn:kms:cn-north-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab']],
    [
      [
        'trainingRoleArn=arn:aws:iam::123456789012:role/path/training',
        'alarmTopicArn=arn:aws:sns:eu-west-1:123456789012:ops',
      ],
    ],
    [['apiJwtIssuer=https://login.example.com/a=b', 'apiJwtAudience=fedml, other']],
    [['allowedPrivateNetworks=10.0.0.0/8,fd00::/8', 'logLevel=DEBUG', 'logRetentionDays=3653']],
  ])('may be %j', (given) => {
    expect(refusal(given)).toBe('');
  });

  it.each([
    ['ntwork=created', 'There is no parameter "ntwork". Did you mean "network"?'],
    ['zzzzzzzzzzzz=1', /^There is no parameter "zzzzzzzzzzzz"\. There are: region, architecture, network, /],
    ['network=ctreated', 'The parameter network must be one of public, existing, created, not "ctreated".'],
    ['architecture=arm', 'The parameter architecture must be one of arm64, x86_64, not "arm".'],
    ['region=Frankfurt', 'The parameter region must be a region such as eu-central-1, not "Frankfurt".'],
    ['vpcCidr=10.0.0.0/25', /^The parameter vpcCidr must be a block such as 10\.42\.0\.0\/24, from \/16 to \/24, not/],
    ['vpcCidr=10.0.0.300/24', /^The parameter vpcCidr must be/],
    ['warehousePort=443000', 'The parameter warehousePort must be a whole number from 1 to 65535, not "443000".'],
    ['warehouseSecretArn=dwc', /^The parameter warehouseSecretArn must be empty or an ARN of secretsmanager/],
    ['kmsKeyArn=arn:aws:kms:eu-central-1:123456789012:alias/mine', /^The parameter kmsKeyArn must be/],
    ['logRetentionDays=31', /^The parameter logRetentionDays must be one of 1, 3, 5, 7, 14, 30, /],
    ['stagedDataDays=0', 'The parameter stagedDataDays must be a whole number from 1 to 3650, not "0".'],
    ['logLevel=loud', /^The parameter logLevel must be one of TRACE, /],
    ['apiJwtIssuer=https://login.example.com', /^The parameters apiJwtIssuer and apiJwtAudience need each other/],
    ['subnetIds=subnet-0a1b2c3d', 'The parameter subnetIds counts for network=existing only, and network is "public".'],
    ['securityGroupIds=sg-0a1b', /^The parameter securityGroupIds must be empty or a sg-…, or several/],
    ['tags=a', 'The parameter tags must be a map of names to values, in serverless.yml, not "a".'],
  ])('may not be %s', (given, expected) => {
    expect(refusal([given])).toMatch(expected);
  });

  it('are refused all at once', () => {
    expect(refusal(['network=existing', 'apiBurst=-1'], { stage: 'Dev' }).split('\n')).toEqual([
      'The stage "Dev" must be of lower-case letters, digits and single hyphens, and begin with a letter.',
      'The parameter apiBurst must be a whole number from 1 to 5000, not "-1".',
      'The parameter network=existing needs subnetIds.',
      'The parameter network=existing needs securityGroupIds.',
    ]);
  });

  it('are refused in serverless.yml too, for whichever stage', () => {
    expect(refusal([], { params: { prod: { netwrok: 'created' } } })).toBe(
      'There is no parameter "netwrok", but params.prod of serverless.yml sets it. Did you mean "network"?',
    );
    expect(refusal([], { stage: 'prod', params: { prod: { network: 'own' } } })).toMatch(
      /^The parameter network must be/,
    );
  });

  it('have rules for their values, all of them', () => {
    expect(refusal([], { params: { default: { ...PARAMS.default, colour: 'red' } } })).toBe(
      "known-parameters.cjs doesn't say what values colour takes. Add it there.",
    );
  });
});

describe('the name of a stage', () => {
  it.each(['dev', 'dev-eu', 'prod2', 's'.repeat(MAX_STAGE_LENGTH)])('may be %s', (stage) => {
    expect(refusal([], { stage })).toBe('');
  });

  it.each([
    ['dev_eu', /must be of lower-case letters/],
    ['dev--eu', /must be of lower-case letters/],
    ['-dev', /must be of lower-case letters/],
    ['2dev', /must be of lower-case letters/],
    ['s'.repeat(MAX_STAGE_LENGTH + 1), /has 21 letters, and at most 20 fit into the names of its resources/],
    ['dev-deploy', /must not end in "deploy"/],
  ])('may not be %s', (stage, expected) => {
    expect(refusal([], { stage })).toMatch(expected);
  });
});
