import { Readable } from 'node:stream';
import { CreateBucketCommand, GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
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
