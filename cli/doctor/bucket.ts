import {
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { examine, type Finding, ok, problem } from './finding.ts';

export interface WantedBucket {
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
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
  return examine(subject, 'Deploy the stage again, or let this identity call s3:ListBucket.', async () => {
    const { BucketRegion } = await s3.send(new HeadBucketCommand({ Bucket: name, ExpectedBucketOwner: accountId }));
    if (BucketRegion === undefined || BucketRegion === region) return `in ${region}, owned by ${accountId}`;
    return problem(
      subject,
      `it is in ${BucketRegion}, and the functions are in ${region}`,
      'Use a bucket of the region.',
    );
  });
};

const encryptionFinding = (s3: S3Client, { name }: WantedBucket): Promise<Finding> =>
  examine(`encryption of ${name}`, 'Let this identity call s3:GetEncryptionConfiguration.', async () => {
    const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket: name }));
    const { SSEAlgorithm, KMSMasterKeyID } =
      ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault ?? {};
    return KMSMasterKeyID ? `${SSEAlgorithm} with ${KMSMasterKeyID}` : `${SSEAlgorithm}, with a key that AWS owns`;
  });

const publicityFinding = (s3: S3Client, { name }: WantedBucket): Promise<Finding> => {
  const subject = `public access to ${name}`;
  const remedy = 'Deploy the stage again: somebody has changed the bucket.';
  return examine(subject, remedy, async () => {
    const { PublicAccessBlockConfiguration = {} } = await s3.send(new GetPublicAccessBlockCommand({ Bucket: name }));
    const open = BLOCKS.filter((block) => PublicAccessBlockConfiguration[block] !== true);
    return open.length === 0 ? 'blocked' : problem(subject, `${open.join(', ')} is off`, remedy);
  });
};

const BLOCKS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'] as const;

const transportFinding = (s3: S3Client, { name }: WantedBucket): Promise<Finding> => {
  const subject = `transport to ${name}`;
  const remedy = 'Deploy the stage again: somebody has changed the bucket’s policy.';
  return examine(subject, remedy, async () => {
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
