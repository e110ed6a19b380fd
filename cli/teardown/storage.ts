import { DeleteRepositoryCommand, DescribeRepositoriesCommand, type ECRClient } from '@aws-sdk/client-ecr';
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { DeleteSecretCommand, DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Thing } from './thing.ts';

/** The bucket with every version of every object. */
export const bucketThings = async (s3: S3Client, Bucket: string, ExpectedBucketOwner: string): Promise<Thing[]> => {
  if (!(await isThere(() => s3.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner }))))) return [];
  return [{ name: `bucket ${Bucket}, with all versions of its objects`, remove: () => removeBucket(s3, Bucket) }];
};

/** Page after page from the start, since what was deleted is no longer listed; a page is what DeleteObjects takes at once. */
const removeBucket = async (s3: S3Client, Bucket: string): Promise<void> => {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key: Key!, VersionId: VersionId! }));
    if (Objects.length === 0) break;
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    const [first] = Errors;
    if (first) throw new Error(`${Errors.length} objects stay, the first of them ${first.Key}: ${first.Message}`);
  }
  await s3.send(new DeleteBucketCommand({ Bucket }));
};

/** The repository of models' images, with all of them. */
export const imageThings = async (ecr: ECRClient, repositoryName: string): Promise<Thing[]> => {
  if (!(await isThere(() => ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [repositoryName] })))))
    return [];
  return [
    {
      name: `repository ${repositoryName}, with all images`,
      remove: () => ecr.send(new DeleteRepositoryCommand({ repositoryName, force: true })),
    },
  ];
};

/** What CloudFormation calls the secret that the stack itself has made. One that the stage was given stays. */
const OWN_SECRET = /:secret:WarehouseSecret-[\w-]+$/;

/** The warehouse's secret, which can be restored for 30 days. */
export const secretThings = async (secrets: SecretsManagerClient, SecretId: string): Promise<Thing[]> => {
  if (!OWN_SECRET.test(SecretId)) return [];
  let isDeleted = false;
  const known = await isThere(async () => {
    isDeleted = (await secrets.send(new DescribeSecretCommand({ SecretId }))).DeletedDate !== undefined;
  });
  if (!known || isDeleted) return [];
  return [
    {
      name: `secret ${SecretId} (restorable for 30 days)`,
      remove: () => secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 30 })),
    },
  ];
};

const GONE = ['NotFound', 'NoSuchBucket', 'RepositoryNotFoundException', 'ResourceNotFoundException'];

const isThere = async (look: () => Promise<unknown>): Promise<boolean> => {
  try {
    await look();
    return true;
  } catch (error) {
    if (GONE.includes((error as Error).name)) return false;
    throw error;
  }
};
