import { alternatives, type Finding, type Resource, type Template } from './template.ts';

/** Serverless's own bucket: archives that can be made again from the commit. */
const DEPLOYMENT_BUCKET = 'ServerlessDeploymentBucket';

/** Looks at what outlives a deployment: buckets, the secret, the repository of images. */
export const checkStorage = ({ Resources }: Template): Finding[] =>
  Object.entries(Resources).flatMap(([where, resource]) => {
    const problems = [
      ...(where === DEPLOYMENT_BUCKET ? [] : kept(resource)),
      ...(RULES[resource.Type]?.(resource, where) ?? []),
    ];
    return problems.map((problem) => ({ where, problem }));
  });

/** What can't be made again. */
const KEPT = new Set(['AWS::ECR::Repository', 'AWS::S3::Bucket', 'AWS::SecretsManager::Secret']);

const kept = (resource: Resource): string[] =>
  !KEPT.has(resource.Type)
    ? []
    : (['DeletionPolicy', 'UpdateReplacePolicy'] as const)
        .filter((policy) => resource[policy] !== 'Retain')
        .map((policy) => `What it holds is lost with it; its ${policy} must be Retain.`);

const ofBucket = ({ Properties = {} }: Resource, where: string): string[] => [
  ...blocksThePublic(Properties.PublicAccessBlockConfiguration),
  ...(Properties.AccessControl === undefined ? [] : ['Its access control list opens it; leave AccessControl out.']),
  ...(where === DEPLOYMENT_BUCKET
    ? isEncrypted(Properties.BucketEncryption, [['AES256']])
    : [
        ...isEncrypted(Properties.BucketEncryption, [['aws:kms', 'AES256']]),
        ...ownsItsObjects(Properties.OwnershipControls),
        ...((Properties.VersioningConfiguration as { Status?: unknown } | undefined)?.Status === 'Enabled'
          ? []
          : ["It isn't versioned: a model that somebody replaced can't be told or brought back."]),
        ...ofLifecycle(Properties.LifecycleConfiguration),
      ]),
];

const BLOCKS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'];

const blocksThePublic = (block: unknown): string[] =>
  BLOCKS.filter((name) => String((block as Record<string, unknown> | undefined)?.[name]) !== 'true').map(
    (name) => `It can be opened to the public; set ${name}.`,
  );

/** The customer's key where the stage has one, else S3's; `allowed` are the algorithms that it may come to, in order. */
const isEncrypted = (encryption: unknown, allowed: readonly (readonly string[])[]): string[] => {
  const { ServerSideEncryptionConfiguration: [rule] = [] } = (encryption ?? {}) as {
    ServerSideEncryptionConfiguration?: { ServerSideEncryptionByDefault?: Record<string, unknown> }[];
  };
  const { SSEAlgorithm, KMSMasterKeyID } = rule?.ServerSideEncryptionByDefault ?? {};
  const algorithms = alternatives(SSEAlgorithm);
  if (!allowed.some((each) => JSON.stringify(each) === JSON.stringify(algorithms))) {
    return ["It isn't encrypted by the customer's key where there is one, and by S3's where there is none."];
  }
  return algorithms.includes('aws:kms') && alternatives(KMSMasterKeyID).length !== 1
    ? ["It names no KMSMasterKeyID, so that the key is the account's."]
    : [];
};

const ownsItsObjects = (controls: unknown): string[] => {
  const { Rules = [] } = (controls ?? {}) as { Rules?: { ObjectOwnership?: string }[] };
  return Rules.some(({ ObjectOwnership }) => ObjectOwnership === 'BucketOwnerEnforced')
    ? []
    : ['Objects may have access control lists and other owners; set BucketOwnerEnforced.'];
};

interface LifecycleRule {
  readonly Status?: string;
  readonly Prefix?: string;
  readonly TagFilters?: readonly { readonly Key: string; readonly Value: string }[];
  readonly ExpirationInDays?: unknown;
  readonly ExpirationDate?: unknown;
  readonly NoncurrentVersionExpiration?: { readonly NoncurrentDays?: unknown };
  readonly AbortIncompleteMultipartUpload?: { readonly DaysAfterInitiation?: unknown };
}

/** As shared/object-store/s3.ts tags what is copied from the warehouse. */
const STAGED = JSON.stringify([{ Key: 'fedml-data', Value: 'staged' }]);

const ofLifecycle = (configuration: unknown): string[] => {
  const { Rules = [] } = (configuration ?? {}) as { Rules?: LifecycleRule[] };
  const enabled = Rules.filter(({ Status }) => Status === 'Enabled');
  const everywhere = enabled.filter(({ Prefix, TagFilters }) => Prefix === undefined && TagFilters === undefined);
  const staged = enabled.filter(({ TagFilters }) => JSON.stringify(TagFilters) === STAGED);
  const expires = ({ ExpirationInDays, ExpirationDate }: LifecycleRule): boolean =>
    ExpirationInDays !== undefined || ExpirationDate !== undefined;
  return [
    ...(staged.some(({ ExpirationInDays }) => Number(ExpirationInDays) > 0)
      ? []
      : ['Rows of the warehouse stay in it for ever; expire what is tagged fedml-data=staged.']),
    ...(staged.some(({ NoncurrentVersionExpiration }) => Number(NoncurrentVersionExpiration?.NoncurrentDays) > 0)
      ? []
      : ['Old versions of warehouse rows stay in it; expire them with the rows.']),
    ...(everywhere.some(({ NoncurrentVersionExpiration }) => Number(NoncurrentVersionExpiration?.NoncurrentDays) > 0)
      ? []
      : ['Old versions stay in it for ever; give it a NoncurrentVersionExpiration.']),
    ...(everywhere.some((rule) => Number(rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation) > 0)
      ? []
      : ['Parts of uploads that were broken off stay in it; give it an AbortIncompleteMultipartUpload.']),
    ...(enabled.some((rule) => expires(rule) && !staged.includes(rule))
      ? ['A lifecycle rule deletes what must stay: records and models.']
      : []),
  ];
};

const ofRepository = ({ Properties = {} }: Resource): string[] => [
  ...(Properties.ImageTagMutability === 'IMMUTABLE' ? [] : ['A tag may become another image; make it IMMUTABLE.']),
  ...(String((Properties.ImageScanningConfiguration as { ScanOnPush?: unknown } | undefined)?.ScanOnPush) === 'true'
    ? []
    : ["Its images aren't scanned; set ScanOnPush."]),
];

const ofSecret = ({ Properties = {} }: Resource): string[] => [
  ...(alternatives(Properties.KmsKeyId).length === 1 ? [] : ["It isn't under the customer's key where there is one."]),
  ...(Properties.SecretString === undefined
    ? []
    : ['Its value stands in the template, where anybody of the account may read it.']),
];

const RULES: Readonly<Record<string, (resource: Resource, where: string) => string[]>> = {
  'AWS::S3::Bucket': ofBucket,
  'AWS::ECR::Repository': ofRepository,
  'AWS::SecretsManager::Secret': ofSecret,
};
