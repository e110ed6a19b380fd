import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ecrHost, parseImageUri } from '#shared/images/image-uri.ts';
import { PERSON } from '#test/local/iam/test-iam.ts';
import { BASE_IMAGE_URI, type OpenRegistry, openRegistry, REPOSITORY } from '#test/local/registry/open-registry.ts';
import { noise } from './large-image.ts';

/** What the functions may use, whatever the size of an image. */
const MAX_MEGABYTES = 300;

let open: OpenRegistry;
beforeAll(async () => {
  open = await openRegistry();
});
afterAll(() => open.close());

/** A layer of noise in SageMaker's repository. */
const seedLayer = async (megabytes: number): Promise<string> => {
  const { registry, repository } = parseImageUri(BASE_IMAGE_URI);
  const upload = await open.registry.store.beginUpload({ accountId: ecrHost(registry)!.accountId, name: repository });
  await upload.append(noise(megabytes));
  const digest = upload.digest();
  await open.registry.store.finishUpload(upload, digest);
  return digest;
};

const copy = async (megabytes: number) => {
  const digest = await seedLayer(megabytes);
  const script = join(import.meta.dirname, 'large-image.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [script, BASE_IMAGE_URI, digest, String(megabytes), REPOSITORY],
    {
      env: {
        PATH: process.env.PATH,
        AWS_REGION: 'eu-central-1',
        AWS_ACCESS_KEY_ID: PERSON.accessKeyId,
        AWS_SECRET_ACCESS_KEY: PERSON.secretAccessKey,
        AWS_ENDPOINT_URL_ECR: open.registry.url,
      },
    },
  );
  return JSON.parse(stdout) as { layerBytes: number; peakMegabytes: { copy: number; model: number } };
};

it('copies and builds layers of 310 MB in less than 300 MB of memory, hardly more than it needs for 20 MB', async () => {
  const small = await copy(20);
  const large = await copy(310);

  expect(large.layerBytes).toBeGreaterThan(310 * 1024 * 1024);
  expect(large.peakMegabytes.copy).toBeLessThan(MAX_MEGABYTES);
  expect(large.peakMegabytes.model).toBeLessThan(MAX_MEGABYTES);
  expect(large.peakMegabytes.model - small.peakMegabytes.model).toBeLessThan(120);
}, 120_000);
