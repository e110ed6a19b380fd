import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenS3, openS3 } from '#test/local/s3/open-s3.ts';

const Bucket = 'watched';
let s3: OpenS3;

beforeEach(async () => {
  s3 = await openS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
});

afterEach(() => s3[Symbol.asyncDispose]());

const configure = (NotificationConfiguration: object) =>
  s3.client.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));

const put = (Key: string, input: object = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'bytes', ...input }));

describe('events for EventBridge', () => {
  it('sends a created object in the shape of EventBridge', async () => {
    await configure({ EventBridgeConfiguration: {} });

    const { ETag } = await put('in/ä b.csv');

    expect(s3.events).toEqual([
      {
        version: '0',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        'detail-type': 'Object Created',
        source: 'aws.s3',
        account: '000000000000',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        region: 'eu-central-1',
        resources: ['arn:aws:s3:::watched'],
        detail: {
          version: '0',
          bucket: { name: Bucket },
          object: { key: 'in/ä b.csv', size: 5, etag: ETag?.replaceAll('"', ''), sequencer: expect.any(String) },
          'request-id': expect.any(String),
          requester: '000000000000',
          'source-ip-address': '127.0.0.1',
          reason: 'PutObject',
        },
      },
    ]);
  });

  it('names what created or deleted the object, in order', async () => {
    await configure({ EventBridgeConfiguration: {} });

    await put('a');
    await s3.client.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` }));
    await new Upload({ client: s3.client, params: { Bucket, Key: 'c', Body: Buffer.alloc(5_300_000) } }).done();
    await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'b' }, { Key: 'none' }] } }));

    const told = s3.events.map((event) => [event['detail-type'], event.detail.reason, event.detail.object.key]);
    const sequencers = s3.events.map((event) => event.detail.object.sequencer);
    expect(told).toEqual([
      ['Object Created', 'PutObject', 'a'],
      ['Object Created', 'CopyObject', 'b'],
      ['Object Created', 'CompleteMultipartUpload', 'c'],
      ['Object Deleted', 'DeleteObject', 'a'],
      ['Object Deleted', 'DeleteObject', 'b'],
    ]);
    expect(s3.events.at(-1)?.detail['deletion-type']).toBe('Permanently Deleted');
    expect(sequencers).toEqual(sequencers.toSorted());
  });

  it('says nothing of a bucket that does not ask, asks no longer, or refused the object', async () => {
    await put('before');
    await configure({ EventBridgeConfiguration: {} });
    await expect(put('before', { IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await configure({});

    await put('after');

    expect(s3.events).toEqual([]);
  });

  it('refuses other destinations by name', async () => {
    const configured = configure({
      QueueConfigurations: [{ QueueArn: 'arn:aws:sqs:eu-central-1:000000000000:q', Events: ['s3:ObjectCreated:*'] }],
    });

    await expect(configured).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('QueueConfiguration'),
    });
  });
});
