// A plugin of Serverless: refuses stages' names, parameters and values that mean nothing. Serverless itself takes
// `--param ntwork=created` without a word and packages the default.

const { isIPv6 } = require('node:net');
const { didYouMean } = require('../../shared/nearest-names.ts');

/** Every name that the stack makes of it fits into its service's limit, the tightest of which is Lambda's 64 letters. */
const MAX_STAGE_LENGTH = 20;

class KnownParameters {
  constructor(serverless, { stage = 'dev' } = {}) {
    const { configurationInput, processedInput, classes } = serverless;
    const problems = [
      ...stageProblems(stage),
      ...parameterProblems(configurationInput.params, processedInput.options.param ?? [], stage),
    ];
    if (problems.length > 0) throw new classes.Error(problems.join('\n'), 'FEDML_PARAMETERS');
  }
}

const stageProblems = (stage) => {
  const name = JSON.stringify(stage);
  return [
    ...(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(stage)
      ? []
      : [`The stage ${name} must be of lower-case letters, digits and single hyphens, and begin with a letter.`]),
    ...(stage.length > MAX_STAGE_LENGTH
      ? [
          `The stage ${name} has ${stage.length} letters, and at most ${MAX_STAGE_LENGTH} fit into the names of its resources.`,
        ]
      : []),
    // Of `dev` and `dev-deploy` one's role to deploy with would be the other's stack.
    ...(/(^|-)deploy$/.test(stage)
      ? [`The stage ${name} must not end in "deploy": that is the stack of the role to deploy with.`]
      : []),
  ];
};

const parameterProblems = (params, given, stage) => {
  const names = Object.keys(params.default);
  const unknown = (name, where) =>
    `There is no parameter ${JSON.stringify(name)}${where}.${didYouMean(name, names) || ` There are: ${names.join(', ')}.`}`;
  const byCommand = given.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]);
  const values = { ...params.default, ...params[stage], ...Object.fromEntries(byCommand) };
  return [
    ...byCommand.filter(([name]) => !names.includes(name)).map(([name]) => unknown(name, '')),
    ...Object.entries(params).flatMap(([section, own]) =>
      Object.keys(own ?? {})
        .filter((name) => !names.includes(name))
        .map((name) => unknown(name, `, but params.${section} of serverless.yml sets it`)),
    ),
    ...names.flatMap((name) => valueProblems(name, values[name])),
    ...combinationProblems(values),
  ];
};

const valueProblems = (name, value) => {
  const rule = VALUES[name];
  if (!rule) return [`known-parameters.cjs doesn't say what values ${name} takes. Add it there.`];
  // What Serverless or CloudFormation computes can't be told here.
  if (rule.accepts(value) || /\$\{/.test(String(value))) return [];
  return [`The parameter ${name} must be ${rule.means}, not ${JSON.stringify(value)}.`];
};

/** What only counts, or only works, together. */
const combinationProblems = ({ network, subnetIds, securityGroupIds, apiJwtIssuer, apiJwtAudience }) => {
  const ofNetwork = { subnetIds, securityGroupIds };
  return [
    ...Object.entries(ofNetwork)
      .filter(([, value]) => (network === 'existing') !== Boolean(value))
      .map(([name]) =>
        network === 'existing'
          ? `The parameter network=existing needs ${name}.`
          : `The parameter ${name} counts for network=existing only, and network is ${JSON.stringify(network)}.`,
      ),
    ...(Boolean(apiJwtIssuer) === Boolean(apiJwtAudience)
      ? []
      : [
          'The parameters apiJwtIssuer and apiJwtAudience need each other: without an audience any token of the issuer would do.',
        ]),
  ];
};

const oneOf = (...values) => ({
  means: `one of ${values.join(', ')}`,
  accepts: (value) => values.includes(String(value)),
});

const matching = (pattern, means) => ({ means, accepts: (value) => pattern.test(String(value)) });

const orEmpty = ({ means, accepts }) => ({
  means: `empty or ${means}`,
  accepts: (value) => value === '' || accepts(value),
});

const listOf = ({ means, accepts }) => ({
  means: `${means}, or several with commas between them`,
  accepts: (value) => String(value).split(',').every(accepts),
});

const numberUpTo = (most) => ({
  means: `a whole number from 1 to ${most}`,
  accepts: (value) => /^[1-9]\d*$/.test(String(value)) && Number(value) <= most,
});

const arnOf = (service, resource) =>
  orEmpty(
    matching(
      new RegExp(`^arn:aws[\\w-]*:${service}:[\\w-]*:\\d{12}:${resource}`),
      `an ARN of ${service}, arn:aws:${service}:…`,
    ),
  );

const isCidr = (text, [from, to]) => {
  const [, octets, length] = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(text) ?? [];
  return octets?.split('.').every((octet) => Number(octet) <= 255) && length >= from && length <= to;
};

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const secretArn = arnOf('secretsmanager', 'secret:.');
const roleArn = arnOf('iam', 'role/.');

const VALUES = {
  region: matching(/^[a-z]{2,4}(-[a-z]+)+-\d$/, 'a region such as eu-central-1'),
  architecture: oneOf('arm64', 'x86_64'),
  network: oneOf('public', 'existing', 'created'),
  subnetIds: orEmpty(listOf(matching(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/, 'a subnet-…'))),
  securityGroupIds: orEmpty(listOf(matching(/^sg-([0-9a-f]{8}|[0-9a-f]{17})$/, 'a sg-…'))),
  // Cut into four subnets of 64 addresses each; a VPC has 65,536 at most.
  vpcCidr: {
    means: 'a block such as 10.42.0.0/24, from /16 to /24',
    accepts: (value) => isCidr(String(value), [16, 24]),
  },
  warehousePort: numberUpTo(65_535),
  warehouseSecretArn: secretArn,
  kymaKubeconfigSecretArn: secretArn,
  kymaClientSecretArn: secretArn,
  allowedPrivateNetworks: orEmpty(
    listOf({
      means: 'a CIDR block such as 10.0.0.0/8',
      accepts: (value) => isCidr(value.trim(), [0, 32]) || isIpv6Cidr(value),
    }),
  ),
  kmsKeyArn: arnOf('kms', 'key/.'),
  trainingRoleArn: roleArn,
  modelRoleArn: roleArn,
  alarmTopicArn: arnOf('sns', '.'),
  adoptionBucket: matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "a bucket's name"),
  apiJwtIssuer: orEmpty(matching(/^https:\/\/[^\s/]+/, 'a URL that begins with https://')),
  apiJwtAudience: orEmpty(listOf(matching(/\S/, 'an audience'))),
  apiRequestsPerSecond: numberUpTo(10_000),
  apiBurst: numberUpTo(5_000),
  logRetentionDays: oneOf(...RETENTION_DAYS.map(String)),
  stagedDataDays: numberUpTo(3_650),
  logLevel: oneOf('TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'CRITICAL', 'SILENT'),
  tags: {
    means: 'a map of names to values, in serverless.yml',
    accepts: (value) => typeof value === 'object' && value !== null,
  },
};

function isIpv6Cidr(text) {
  const [address, length] = text.trim().split('/');
  return isIPv6(address) && /^\d{1,3}$/.test(length) && Number(length) <= 128;
}

module.exports = KnownParameters;
