import {
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { examine, type Finding, ok, problem } from './finding.ts';
import { quoted, redeployOr, type StageName } from './restoring.ts';
import type { PolicyDocument } from './wanted-roles.ts';

export interface WantedBucket {
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly stage: StageName;
  /** As this checkout deploys it. */
  readonly policy: PolicyDocument;
}

/** The stage's bucket: it is there, ours, encrypted, and closed to the public and to plain HTTP. Nothing is written to it. */
export const bucketFindings = async (s3: S3Client, wanted: WantedBucket): Promise<Finding[]> => {
  const there = await placeFinding(s3, wanted);
  if (there.status === 'problem') return [there];
  return [
    there,
    ...(await Promise.all([encryptionFinding, publicityFinding, transportFinding].map((find) => find(s3, wanted)))),
  ];
};

const placeFinding = (s3: S3Client, { name, region, accountId }: WantedBucket): Promise<Finding> => {
  const subject = `bucket ${name}`;
  const remedy = `It is gone, and CloudFormation doesn't notice. Make it again, empty, and ask the doctor for the rest: ${creation(name, region)}`;
  const action = `s3:ListBucket on arn:aws:s3:::${name}; if it may already, the bucket belongs to another account than ${accountId}`;
  return examine(subject, { remedy, action }, async () => {
    const { BucketRegion } = await s3.send(new HeadBucketCommand({ Bucket: name, ExpectedBucketOwner: accountId }));
    if (BucketRegion === undefined || BucketRegion === region) return `in ${region}, owned by ${accountId}`;
    return problem(
      subject,
      `it is in ${BucketRegion}, and the functions are in ${region}`,
      'Use a bucket of the region.',
    );
  });
};

/** The first region takes no constraint. */
const creation = (name: string, region: string): string =>
  `aws s3api create-bucket --bucket ${name} --region ${region}${
    region === 'us-east-1' ? '' : ` --create-bucket-configuration LocationConstraint=${region}`
  }`;

/** The key of the customer that the bucket is encrypted with, if there is one and this identity may know. */
export const keyOfBucket = async (s3: S3Client, Bucket: string): Promise<string> => {
  try {
    const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    const [rule] = ServerSideEncryptionConfiguration?.Rules ?? [];
    const key = rule?.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID ?? '';
    return key.includes(':key/') ? key : '';
  } catch {
    return '';
  }
};

const encryptionFinding = (s3: S3Client, { name }: WantedBucket): Promise<Finding> =>
  examine(`encryption of ${name}`, `Let this identity call s3:GetEncryptionConfiguration on ${name}.`, async () => {
    const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket: name }));
    const { SSEAlgorithm, KMSMasterKeyID } =
      ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault ?? {};
    return KMSMasterKeyID ? `${SSEAlgorithm} with ${KMSMasterKeyID}` : `${SSEAlgorithm}, with a key that AWS owns`;
  });

const publicityFinding = (s3: S3Client, { name, stage }: WantedBucket): Promise<Finding> => {
  const subject = `public access to ${name}`;
  const settings = BLOCKS.map((block) => `${block}=true`).join(',');
  const remedy = `${redeployOr(stage)}\naws s3api put-public-access-block --bucket ${name} --public-access-block-configuration ${settings}`;
  return examine(subject, { remedy, action: `s3:GetBucketPublicAccessBlock on ${name}` }, async () => {
    const { PublicAccessBlockConfiguration = {} } = await s3.send(new GetPublicAccessBlockCommand({ Bucket: name }));
    const open = BLOCKS.filter((block) => PublicAccessBlockConfiguration[block] !== true);
    return open.length === 0 ? 'blocked' : problem(subject, `${open.join(', ')} is off`, remedy);
  });
};

const BLOCKS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'] as const;

const transportFinding = (s3: S3Client, { name, stage, policy }: WantedBucket): Promise<Finding> => {
  const subject = `transport to ${name}`;
  const remedy = `${redeployOr(stage)}\naws s3api put-bucket-policy --bucket ${name} --policy ${quoted(policy)}`;
  return examine(subject, { remedy, action: `s3:GetBucketPolicy on ${name}` }, async () => {
    const { Policy = '{}' } = await s3.send(new GetBucketPolicyCommand({ Bucket: name }));
    const { Statement = [] } = JSON.parse(Policy) as { Statement?: readonly Denial[] };
    const refusesHttp = Statement.some(
      ({ Effect, Condition }) => Effect === 'Deny' && String(Condition?.Bool?.['aws:SecureTransport']) === 'false',
    );
    return refusesHttp ? ok(subject, 'TLS only') : problem(subject, 'its policy lets in calls without TLS', remedy);
  });
};

interface Denial {
  readonly Effect: string;
  readonly Condition?: { readonly Bool?: Readonly<Record<string, unknown>> };
}
