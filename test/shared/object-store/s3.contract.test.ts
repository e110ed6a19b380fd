import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CreateBucketCommand, GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { LOCAL_ACCOUNT } from '#local/stand-in.ts';
import { s3ObjectStore } from '#shared/object-store/s3.ts';
import { openS3 } from '#test/local/s3/open-s3.ts';

const Bucket = 'store';

it.each([
  ['small', 1000],
  ['of several parts', 9 * 1024 * 1024],
])('marks a stream of warehouse data as staged, so that it expires: one %s', async (_, length) => {
  await using s3 = await openS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  const objectStore = s3ObjectStore(s3.client);

  await objectStore.putStream(`s3://${Bucket}/part.csv`, Readable.from([Buffer.alloc(length)]));
  await objectStore.put(`s3://${Bucket}/run.json`, '{}');

  const tagsOf = async (Key: string) => (await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key }))).TagSet;
  expect(await tagsOf('part.csv')).toEqual([{ Key: 'fedml-data', Value: 'staged' }]);
  expect(await tagsOf('run.json')).toEqual([]);
});

it('touches no bucket that belongs to another account than it was told', async () => {
  await using s3 = await openS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  const uri = `s3://${Bucket}/run.json`;
  await s3ObjectStore(s3.client).put(uri, '{}');
  await s3ObjectStore(s3.client, LOCAL_ACCOUNT.accountId).put(uri, '{"by":"us"}');

  const ofOthers = s3ObjectStore(s3.client, '111111111111');

  const denied = { name: 'AccessDenied' };
  await expect(ofOthers.getText(uri)).rejects.toMatchObject({ name: 'ObjectForbiddenError' });
  await expect(ofOthers.put(uri, '{"by":"others"}')).rejects.toMatchObject(denied);
  await expect(ofOthers.delete(uri)).rejects.toMatchObject(denied);
  await expect(ofOthers.list(`s3://${Bucket}/`)[Symbol.asyncIterator]().next()).rejects.toMatchObject(denied);
  const upload = ofOthers.putStream(uri, Readable.from([Buffer.alloc(9 * 1024 * 1024)]));
  await expect(upload).rejects.toMatchObject(denied);
});

it('reads only the version that it is asked for, and tells a missing object from a forbidden one', async () => {
  await using s3 = await openS3();
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  const objectStore = s3ObjectStore(s3.client);
  const uri = `s3://${Bucket}/model.tar.gz`;
  await objectStore.put(uri, 'a model');
  const { etag } = await objectStore.stat(uri);

  expect(await text(await objectStore.getStream(uri, { ifMatch: etag }))).toBe('a model');
  await objectStore.put(uri, 'another model');
  await expect(objectStore.getStream(uri, { ifMatch: etag })).rejects.toMatchObject({ name: 'ObjectChangedError' });
  await expect(objectStore.stat(`${uri}.gone`)).rejects.toMatchObject({ name: 'ObjectMissingError' });
  const ofOthers = s3ObjectStore(s3.client, '111111111111');
  await expect(ofOthers.stat(uri)).rejects.toMatchObject({ name: 'ObjectForbiddenError' });
});
