import { BODY_HEADERS, receiveText } from './body.ts';
import type { Operation, S3Context } from './operation.ts';
import { S3Error } from './s3-error.ts';
import type { Bucket } from './stored-object.ts';
import { childText, parseXml, xmlDocument } from './xml.ts';

/** @throws S3Error NoSuchBucket. */
export const existingBucket = ({ objects }: S3Context, name: string): Bucket => {
  const bucket = objects.bucket(name);
  if (!bucket) throw new S3Error('NoSuchBucket', { details: { BucketName: name } });
  return bucket;
};

/** CreateBucket, HeadBucket, ListBuckets and the switch that sends a bucket's events to EventBridge. */
export const BUCKET_OPERATIONS: readonly Operation[] = [
  {
    name: 'CreateBucket',
    method: 'PUT',
    target: 'bucket',
    headers: [...BODY_HEADERS, 'x-amz-acl', 'x-amz-object-ownership'],
    async answer(request, { objects, account }) {
      const { bucket, headers } = request;
      checkBucketName(bucket);
      refuseAcl(headers['x-amz-acl']);
      if ((headers['x-amz-object-ownership'] ?? 'BucketOwnerEnforced') !== 'BucketOwnerEnforced') {
        throw new S3Error('NotImplemented', { details: { Header: 'x-amz-object-ownership' } });
      }
      const document = await receiveText(request);
      checkLocation(
        document && childText(parseXml(document, 'CreateBucketConfiguration'), 'LocationConstraint'),
        account.region,
      );
      if (objects.bucket(bucket)) throw new S3Error('BucketAlreadyOwnedByYou', { details: { BucketName: bucket } });
      objects.createBucket(bucket);
      return { headers: { location: `/${bucket}` } };
    },
  },
  {
    name: 'HeadBucket',
    method: 'HEAD',
    target: 'bucket',
    answer(request, context) {
      existingBucket(context, request.bucket);
      return { headers: { 'x-amz-bucket-region': context.account.region } };
    },
  },
  {
    name: 'ListBuckets',
    method: 'GET',
    target: 'service',
    answer(_request, { objects, account }) {
      const buckets = objects.buckets().map(({ name, createdMs }) => ({
        Name: name,
        CreationDate: new Date(createdMs).toISOString(),
        BucketRegion: account.region,
      }));
      return {
        body: xmlDocument('ListAllMyBucketsResult', { Owner: { ID: account.accountId }, Buckets: { Bucket: buckets } }),
      };
    },
  },
  {
    name: 'PutBucketNotificationConfiguration',
    method: 'PUT',
    target: 'bucket',
    select: ['notification'],
    headers: [...BODY_HEADERS, 'x-amz-skip-destination-validation'],
    async answer(request, context) {
      const { name } = existingBucket(context, request.bucket);
      const configuration = parseXml(await receiveText(request), 'NotificationConfiguration');
      const refused = configuration.children.find((child) => child.name !== 'EventBridgeConfiguration');
      if (refused) {
        throw new S3Error('NotImplemented', {
          message: `${refused.name} is not implemented. Only EventBridgeConfiguration is.`,
        });
      }
      context.objects.setEventBridge(name, configuration.children.length > 0);
      return {};
    },
  },
];

/** Buckets have their owner's ACL and nothing else, as every new bucket on S3. */
export const refuseAcl = (acl: string | undefined): void => {
  if (acl !== undefined && acl !== 'private' && acl !== 'bucket-owner-full-control') {
    throw new S3Error('AccessControlListNotSupported');
  }
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const checkBucketName = (name: string): void => {
  const wellFormed = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !/\.\.|^\d+\.\d+\.\d+\.\d+$/.test(name);
  const reserved = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name);
  if (!wellFormed || reserved) throw new S3Error('InvalidBucketName', { details: { BucketName: name } });
};

/** `us-east-1` is the one region that is not named. */
const checkLocation = (location: string | undefined, region: string): void => {
  const named = location || 'us-east-1';
  if (named === region) return;
  throw new S3Error(
    'IllegalLocationConstraintException',
    location
      ? {
          message: `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to.`,
        }
      : {},
  );
};
